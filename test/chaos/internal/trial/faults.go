package trial

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Blow is one fault that was done.
type Blow struct {
	Fault    string    `json:"fault"`
	Target   string    `json:"target"`
	From, To time.Time // To: it was mended
}

// injector breaks things at random moments until its context ends. Services and servers are struck side by side, each
// one at a time: a service may be killed while a leader is cut off, and a majority of the servers always works.
type injector struct {
	s *stand

	mu      sync.Mutex
	blows   []Blow
	overdue []string // services that did not end within their grace
}

// ofServices reports that a fault strikes a service, and not a server.
func ofServices(fault string) bool { return fault == Kill || fault == Term || fault == Freeze }

func (in *injector) late(service string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.overdue = append(in.overdue, service)
}

// run strikes until ctx ends, and returns when everything is mended.
func (in *injector) run(ctx context.Context) error {
	var services, servers []string
	for _, f := range in.s.o.Faults {
		if ofServices(f) {
			services = append(services, f)
		} else {
			servers = append(servers, f)
		}
	}
	slices.Sort(services)
	slices.Sort(servers)
	errs := make(chan error, 2)
	for i, faults := range [][]string{services, servers} {
		rnd := rand.New(rand.NewPCG(in.s.o.Seed, uint64(i)))
		go func() { errs <- in.loop(ctx, rnd, faults) }()
	}
	first, second := <-errs, <-errs
	if first != nil {
		return first
	}
	return second
}

// loop strikes with one of these faults again and again; each is done once before chance decides.
func (in *injector) loop(ctx context.Context, rnd *rand.Rand, faults []string) error {
	if len(faults) == 0 {
		return nil
	}
	first := rnd.Perm(len(faults))
	if i := slices.Index(faults, Isolate); i >= 0 { // the hardest one is done however short the trial is
		first = append([]int{i}, slices.DeleteFunc(first, func(k int) bool { return k == i })...)
	}
	for n := 0; ; n++ {
		pause := in.s.o.Every/2 + rand.N(in.s.o.Every)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		fault := faults[rnd.IntN(len(faults))]
		if n < len(first) {
			fault = faults[first[n]]
		}
		if err := in.strike(context.WithoutCancel(ctx), rnd, fault); err != nil {
			return fmt.Errorf("fault %s: %w", fault, err)
		}
	}
}

// strike breaks one thing, waits and mends it. It does not stop half way when the trial ends.
func (in *injector) strike(ctx context.Context, rnd *rand.Rand, fault string) error {
	b := Blow{Fault: fault, From: time.Now()}
	var err error
	switch fault {
	case Kill:
		p := pick(rnd, in.s.fleet.Services)
		b.Target, err = p.Name, in.s.fleet.Kill(p)
	case Term:
		p := pick(rnd, in.s.fleet.Services)
		b.Target = p.Name
		if !in.s.fleet.Restart(p) {
			in.late(p.Name)
		}
	case Freeze:
		p := pick(rnd, in.s.fleet.Services)
		b.Target, err = p.Name, freeze(p, between(rnd, time.Second, 2*in.s.o.AckWait))
	case Node:
		n := pick(rnd, in.s.nats.Nodes)
		b.Target, err = n.Name, restart(n.Process, between(rnd, 500*time.Millisecond, 5*time.Second))
	case Stall:
		n := pick(rnd, in.s.nats.Nodes)
		b.Target, err = n.Name, freeze(n.Process, between(rnd, 2*time.Second, 12*time.Second))
	case Isolate:
		b.Target, err = in.isolate(ctx, rnd)
	case Store:
		b.Target, err = in.store(rnd)
	case Line:
		b.Target = in.line(rnd)
	case Disk:
		b.Target, err = in.disk(rnd)
	case Bucket:
		b.Target, err = in.bucket(ctx, rnd)
	}
	b.To = time.Now()
	in.s.o.Log.InfoContext(ctx, "struck", "fault", fault, "target", b.Target, "for", b.To.Sub(b.From).Round(time.Millisecond), "error", err)
	in.mu.Lock()
	in.blows = append(in.blows, b)
	in.mu.Unlock()
	if !ofServices(fault) {
		in.settle(ctx)
	}
	return err
}
