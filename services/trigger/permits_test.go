package trigger_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger"
)

// inBackground puts a request of a policy into the inbox, and returns its run.
func inBackground(t *testing.T, b *bus.Bus, id, rest string) string {
	t.Helper()
	data, err := json.Marshal(events.ProfileRequested{Target: events.Target{URL: rest}})
	if err != nil {
		t.Fatal(err)
	}
	e := events.Event{
		SpecVersion: events.SpecVersion, ID: id, Source: "squirrly/policy/nightly", Type: events.TypeProfileRequested,
		Time: time.Now(), DataContentType: "application/json", Data: data,
	}
	body, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Request(t.Context(), events.SubjectBackground, id, events.ContentType, body); err != nil {
		t.Fatal(err)
	}
	return events.RunIDFromEvent(e.Source, e.ID)
}

// underWay counts the runs that are under way, and the most there were at a time, as the records tell it in their order.
func underWay(t *testing.T, b *bus.Bus, ended func(run.Record)) (now, peak *atomic.Int32) {
	t.Helper()
	now, peak = &atomic.Int32{}, &atomic.Int32{}
	ctx, stop := context.WithCancel(t.Context())
	changes, err := run.New(b).WatchAll(ctx)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		live := map[string]bool{}
		for rec := range changes {
			if rec.State.Terminal() {
				delete(live, rec.Run)
				ended(rec)
			} else {
				live[rec.Run] = true
			}
			now.Store(int32(len(live)))
			peak.Store(max(peak.Load(), now.Load()))
		}
	}()
	t.Cleanup(func() { stop(); <-done })
	return now, peak
}

// Two thousand requests wait in the background; a person's is planned at once, and a cancel passes both.
func TestPermits_PeoplePassTheBackground(t *testing.T) {
	b, rest := bustest.Start(t), flinks(t)
	const many, most = 2000, 10
	for i := range many {
		inBackground(t, b, fmt.Sprintf("slot-%d", i), fmt.Sprintf("%s/job-%d", rest, i))
	}
	now, peak := underWay(t, b, func(run.Record) {})
	start(t, b, access.Config{Local: true}, trigger.Config{AtATime: []string{fmt.Sprint(most)}})
	eventually(t, "nine run in the background", func() bool { return now.Load() == most-1 })
	waiting := inBackground(t, b, "last", rest+"/last")

	began := time.Now()
	const msgID = "a-person"
	if err := b.Request(t.Context(), events.SubjectRequested, msgID, "", []byte(`{"target":{"url":"`+rest+`/urgent"}}`)); err != nil {
		t.Fatal(err)
	}
	person := events.RunIDFromMsgID(msgID, began)
	await(t, b, person, is(events.StatePlanned))
	took := time.Since(began)
	t.Logf("planned after %s", took)
	if took > 2*time.Second {
		t.Errorf("a person's request was planned after %s", took)
	}

	began = time.Now()
	if err := b.Cancel(t.Context(), person); err != nil {
		t.Fatal(err)
	}
	await(t, b, person, is(events.StateCancelled))
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("a cancel took %s", took)
	}
	if err := b.Cancel(t.Context(), waiting); err != nil { // of a run that there is not yet
		t.Fatal(err)
	}
	await(t, b, waiting, is(events.StateCancelled))
	if peak.Load() > most {
		t.Errorf("%d runs at a time, of %d", peak.Load(), most)
	}
}

// Three replicas plan what waits, as runs end, and never more than there may be at a time: on one server and on three.
func TestPermits_ThreeReplicas(t *testing.T) {
	for name, servers := range map[string]int{"one server": 1, "three servers": 3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of the time is spent waiting
			b := bustest.Start(t)
			if servers > 1 {
				_, b = bustest.Cluster(t)
			}
			rest := flinks(t)
			const many, people, most = 40, 10, 5
			for i := range many {
				inBackground(t, b, fmt.Sprintf("slot-%d", i), fmt.Sprintf("%s/job-%d", rest, i))
			}
			var over atomic.Int32
			now, peak := underWay(t, b, func(run.Record) { over.Add(1) })
			for range 3 {
				start(t, b, access.Config{Local: true}, trigger.Config{AtATime: []string{fmt.Sprint(most)}, Sweep: 100 * time.Millisecond})
			}
			eventually(t, "the background is full", func() bool { return now.Load() == most-1 })
			for i := range people {
				ask(t, b, fmt.Sprintf(`{"target":{"url":"%s/person-%d"}}`, rest, i))
			}
			ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
			defer stop()
			for over.Load() < many+people && ctx.Err() == nil { // runs end, and others begin
				for _, rec := range records(t, b) {
					if !rec.State.Terminal() && time.Since(rec.Created) > 200*time.Millisecond {
						_ = b.Cancel(ctx, rec.Run)
					}
				}
				time.Sleep(100 * time.Millisecond)
			}
			if over.Load() != many+people || peak.Load() > most || peak.Load() < most-1 {
				t.Errorf("%d of %d runs are over, and %d were under way at a time, of %d", over.Load(), many+people, peak.Load(), most)
			}
			for _, rec := range records(t, b) {
				if rec.State != events.StateCancelled {
					t.Errorf("run %s is %s", rec.Run, rec.State)
				}
			}
			eventually(t, "every permit is free", func() bool {
				holders, err := run.New(b).Permits.Holders(t.Context(), "local")
				return err == nil && len(holders) == 0
			})
		})
	}
}

func records(t *testing.T, b *bus.Bus) []run.Record {
	t.Helper()
	all, err := run.New(b).List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not so after 30 s: %s", what)
}
