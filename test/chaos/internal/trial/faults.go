package trial

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/test/chaos/internal/lab"
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

	mu    sync.Mutex
	blows []Blow
}

// run strikes until ctx ends, and returns when everything is mended.
func (in *injector) run(ctx context.Context) error {
	var services, servers []string
	for _, f := range in.s.o.Faults {
		if f == Kill || f == Freeze {
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
	if fault != Kill && fault != Freeze {
		in.settle(ctx)
	}
	return err
}

// isolate cuts the leader of a stream that decides, for less and for more time than it takes to notice (10 s).
func (in *injector) isolate(ctx context.Context, rnd *rand.Rand) (string, error) {
	stream := pick(rnd, []string{events.StreamEvents, "KV_" + events.BucketRuns})
	d := between(rnd, 4*time.Second, 20*time.Second)
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	leader := in.s.leader(ctx, stream)
	n := in.s.nats.Find(leader)
	if n == nil {
		return stream + " has no leader", nil
	}
	n.Isolate()
	time.Sleep(d)
	n.Join()
	return leader + ", leader of " + stream, nil
}

func (in *injector) store(rnd *rand.Rand) (string, error) {
	d := between(rnd, time.Second, 10*time.Second)
	if rnd.IntN(2) == 0 {
		return "killed", restart(in.s.minio.Process, d)
	}
	return "frozen", freeze(in.s.minio.Process, d)
}

// disk fills the disk of one server. A NATS server turns its streams off then, until it is started anew.
func (in *injector) disk(rnd *rand.Rand) (string, error) {
	d := between(rnd, 2*time.Second, 8*time.Second)
	if in.s.minio != nil {
		return "minio", fill(in.s.disks["minio"], in.s.minio.Process, d)
	}
	n := pick(rnd, in.s.nats.Nodes)
	return n.Name, fill(in.s.disks[n.Name], n.Process, d)
}

// bucket deletes one whose loss may cost a repetition and no run, and lets the operator make it again.
func (in *injector) bucket(ctx context.Context, rnd *rand.Rand) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	name := pick(rnd, []string{events.BucketNotify, events.BucketAnswers, events.BucketSpending})
	d := between(rnd, time.Second, 5*time.Second)
	if err := in.s.js.DeleteKeyValue(ctx, name); err != nil {
		name += ": " + err.Error()
	}
	time.Sleep(d)
	return name, in.s.provision(ctx)
}

// line makes the lines to one kind of server bad, each in the same way, or silent.
func (in *injector) line(rnd *rand.Rand) string {
	kinds := map[string][]*lab.Link{"Flink": in.s.lines.now()}
	for _, n := range in.s.nats.Nodes {
		kinds["NATS"] = append(kinds["NATS"], n.Line)
	}
	if in.s.minio != nil {
		kinds["MinIO"] = []*lab.Link{in.s.minio.Line}
	}
	to := pick(rnd, slices.Sorted(maps.Keys(kinds)))
	how := pick(rnd, append([]lab.Toxic{{Name: "timeout"}}, lab.Toxics...))
	for _, k := range kinds[to] {
		if how.Name == "timeout" {
			k.Cut()
		}
		k.Poison(how)
	}
	time.Sleep(between(rnd, 2*time.Second, 12*time.Second))
	for _, k := range kinds[to] {
		k.Poison(lab.Toxic{})
		k.Mend()
	}
	return how.Name + " to " + to
}

func freeze(p *lab.Process, d time.Duration) error {
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	time.Sleep(d)
	return p.Signal(syscall.SIGCONT)
}

func restart(p *lab.Process, d time.Duration) error {
	if err := p.Kill(); err != nil {
		return err
	}
	time.Sleep(d)
	return p.Start()
}

func fill(disk *lab.Disk, p *lab.Process, d time.Duration) error {
	if err := disk.Fill(); err != nil {
		return err
	}
	time.Sleep(d)
	if err := disk.Free(); err != nil {
		return err
	}
	return restart(p, 0)
}

func pick[T any](rnd *rand.Rand, of []T) T { return of[rnd.IntN(len(of))] }

func between(rnd *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(rnd.Int64N(int64(most-least)+1))
}
