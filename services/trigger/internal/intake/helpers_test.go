package intake_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/intake"
	"squirrly.dev/services/trigger/internal/target"
)

var orders = events.Identity{Cluster: "prod", Namespace: "flink", Job: "orders"}

const request = `{"target":{"cluster":"prod","namespace":"flink","deployment":"orders"},"reason":"test"}`

// resolver answers every target with one job, or with an error.
type resolver struct{ err error }

func (resolver) Recent(events.Target, target.Permit) (events.Identity, bool) {
	return events.Identity{}, false
}

func (r resolver) Resolve(_ context.Context, _ string, t events.Target, _ target.Permit) (target.Found, error) {
	id := events.Identity{Cluster: "prod", Namespace: "flink", Job: t.Deployment}
	if r.err != nil {
		return target.Found{Identity: id}, r.err
	}
	return target.Found{Identity: id, RestURL: "http://orders-rest.flink:8081", JobID: "aa", JobName: "Orders", MaxDuration: 2 * time.Minute}, nil
}

var limits = intake.Limits{Duration: 30 * time.Second, MaxDuration: 5 * time.Minute, Deadline: 30 * time.Minute}

// newIntake works as the user of the service.
func newIntake(t *testing.T, b *bus.Bus) *intake.Intake {
	t.Helper()
	b = bustest.As(t, b, natsusers.Trigger)
	runs := run.New(b)
	return &intake.Intake{
		Runs: runs, Targets: runs.Targets, Permits: runs.Permits, OptOuts: runs.OptOuts, Bus: b, Target: resolver{}, Limits: limits,
		Logger: slog.New(slog.DiscardHandler),
	}
}

// serve handles the inbox until t ends.
func serve(t *testing.T, b *bus.Bus, in *intake.Intake) {
	t.Helper()
	b = bustest.As(t, b, natsusers.Trigger)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		var all sync.WaitGroup
		for _, c := range []bus.Consumer{bus.Inbox(4), bus.Background(in.Gate), bus.Cancels(1)} {
			all.Go(func() { _ = b.Consume(ctx, c, bus.Messages(in.Handle)) })
		}
		all.Wait()
	}()
	t.Cleanup(func() { cancel(); <-done })
}

// send puts a message into the inbox and returns what the intake will get.
func send(t *testing.T, b *bus.Bus, subject string, header nats.Header, body string) bus.Delivery {
	t.Helper()
	ack, err := bustest.JetStream(b).PublishMsg(t.Context(), &nats.Msg{Subject: subject, Header: header, Data: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	s, err := bustest.JetStream(b).Stream(t.Context(), events.StreamRequests)
	if err != nil {
		t.Fatal(err)
	}
	stored := time.Now()
	if raw, err := s.GetMsg(t.Context(), ack.Sequence); err == nil { // else it was handled already
		stored = raw.Time
	}
	return bus.Delivery{
		Subject: subject, Header: events.Header(header), Body: []byte(body), Stream: events.StreamRequests,
		StreamCreated: s.CachedInfo().Created, Seq: ack.Sequence, Stored: stored, Number: 1,
	}
}

func runOf(t *testing.T, m bus.Delivery) string {
	t.Helper()
	_, origin, _ := events.DecodeRequest(m.Header, m.Body) // only the origin matters
	return origin.RunID(m.Header, m.Stream, m.StreamCreated, m.Seq, m.Stored)
}

// record waits for the record of a run.
func record(t *testing.T, b *bus.Bus, id string) run.Record {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		rec, err := run.New(b).Get(t.Context(), id)
		if errors.Is(err, run.ErrNoRecord) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		return rec
	}
	t.Fatalf("no record of run %s after 20 s", id)
	return run.Record{}
}

// facts returns the events about a run by type, and fails when one type came twice.
func facts(t *testing.T, b *bus.Bus, id string) map[events.Type]events.Event {
	t.Helper()
	s, err := bustest.JetStream(b).Stream(t.Context(), events.StreamEvents)
	if err != nil {
		t.Fatal(err)
	}
	info, err := s.Info(t.Context(), jetstream.WithSubjectFilter(">"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[events.Type]events.Event{}
	for subject, n := range info.State.Subjects {
		if !strings.HasSuffix(subject, "."+id) {
			continue
		}
		m, err := s.GetLastMsgForSubject(t.Context(), subject)
		if err != nil {
			t.Fatal(err)
		}
		e, err := events.DecodeEvent(m.Data)
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := found[e.Type]; twice || n != 1 {
			t.Errorf("%s was told more than once about run %s", e.Type, id)
		}
		found[e.Type] = e
	}
	return found
}

// fact waits for an event about a run, which must be the only one.
func fact(t *testing.T, b *bus.Bus, kind events.Type, id string) events.Event {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if all := facts(t, b, id); len(all) > 0 {
			if e, ok := all[kind]; ok && len(all) == 1 {
				return e
			}
			t.Fatalf("told %s about run %s, want %s", slices.Collect(maps.Keys(all)), id, kind)
		}
	}
	t.Fatalf("no %s of run %s after 20 s", kind, id)
	return events.Event{}
}

func rejection(t *testing.T, b *bus.Bus, id string) events.RunRejected {
	t.Helper()
	p, err := events.Data[events.RunRejected](fact(t, b, events.TypeRunRejected, id))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// emptied waits until the inbox is empty: everything is settled.
func emptied(t *testing.T, b *bus.Bus) {
	t.Helper()
	s, err := bustest.JetStream(b).Stream(t.Context(), events.StreamRequests)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		info, err := s.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if info.State.Msgs == 0 {
			return
		}
	}
	t.Fatal("the inbox is not empty after 20 s")
}
