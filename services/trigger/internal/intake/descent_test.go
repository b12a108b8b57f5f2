package intake_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// event is a request as a CloudEvent of a source.
func event(source, id string) (nats.Header, string) {
	return nats.Header{"Content-Type": {events.ContentType}}, `{"specversion":"1.0","id":"` + id + `","source":"` + source +
		`","type":"dev.squirrly.profile.requested.v1","data":` + request + `}`
}

// In a quiet time after a result, nothing that happens to the job makes another run; people may ask, and so may a schedule.
func TestHandle_QuietTime(t *testing.T) {
	for name, c := range map[string]struct {
		source, subject string
		age             time.Duration // of the result
		want            events.State
	}{
		"alert, at once":    {"squirrly/policy/p", events.SubjectRequested, time.Minute, events.StateRejected},
		"alert, later":      {"squirrly/policy/p", events.SubjectRequested, 6 * time.Minute, events.StatePlanned},
		"schedule, at once": {"squirrly/policy/p", events.SubjectBackground, time.Minute, events.StatePlanned},
		"person, at once":   {"ci", events.SubjectRequested, time.Minute, events.StatePlanned},
	} {
		b := bustest.Start(t)
		runs := run.New(b)
		first := run.Record{Run: "first", State: events.StateAnalyzed, Plan: events.Plan{Run: "first", Identity: orders}}
		if _, err := runs.Create(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		if err := runs.AddLatest(t.Context(), orders.Key(), "first"); err != nil {
			t.Fatal(err)
		}
		in := newIntake(t, b)
		in.Runs = aged{runs, c.age}
		header, body := event(c.source, "1")
		m := send(t, b, c.subject, header, body)
		if err := in.Handle(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		rec := record(t, b, events.RunIDFromEvent(c.source, "1"))
		if rec.State != c.want || rec.Outcome != nil && (rec.Outcome.Code != events.CodeCooldown || rec.Existing != "first") {
			t.Errorf("%s: %s, %+v", name, rec.State, rec.Outcome)
		}
	}
}

// A request that waits in the background ends with its policy, once every replica has read the file; those of others, and
// what an alert asks, go on.
func TestHandle_PolicyGone(t *testing.T) {
	b := bustest.Start(t)
	in := newIntake(t, b)
	in.HasPolicy = func(source string) bool { return source != "squirrly/policy/gone" }
	n := 0
	for name, c := range map[string]struct {
		source, subject string
		age             time.Duration
		want            events.State
	}{
		"gone":            {"squirrly/policy/gone", events.SubjectBackground, 6 * time.Minute, events.StateRejected},
		"gone just now":   {"squirrly/policy/gone", events.SubjectBackground, time.Minute, events.StatePlanned},
		"gone, by alert":  {"squirrly/policy/gone", events.SubjectRequested, 6 * time.Minute, events.StatePlanned},
		"it holds":        {"squirrly/policy/held", events.SubjectBackground, 6 * time.Minute, events.StatePlanned},
		"another's batch": {"ci", events.SubjectBackground, 6 * time.Minute, events.StatePlanned},
	} {
		n++
		header, body := event(c.source, fmt.Sprint(n))
		m := send(t, b, c.subject, header, strings.ReplaceAll(body, "orders", fmt.Sprint("orders-", n)))
		m.Stored = m.Stored.Add(-c.age)
		if err := in.Handle(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		rec := record(t, b, events.RunIDFromEvent(c.source, fmt.Sprint(n)))
		if rec.State != c.want || rec.Outcome != nil && rec.Outcome.Code != events.CodePolicyGone {
			t.Errorf("%s: %s, %+v", name, rec.State, rec.Outcome)
		}
	}
}

// A job whose TaskManager died of a profile is profiled again when somebody allows it.
func TestHandle_OptedOut(t *testing.T) {
	b := bustest.Start(t)
	runs := run.New(b)
	dead := run.Record{
		Run: "dead", State: events.StateProfiling, Plan: events.Plan{Run: "dead", Identity: orders},
		Collected: run.Collected{Captures: []run.Capture{{JVM: "tm-1", State: run.CaptureLost, TriggerTime: 1}}},
	}
	if _, err := runs.Create(t.Context(), dead); err != nil {
		t.Fatal(err)
	}
	err := runs.End(t.Context(), run.End{
		Run: "dead", State: events.StateFailed, Code: events.CodeAllCapturesLost, Why: errors.New("all are lost"), Step: "collector",
		Allowed: func(*run.Record) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	serve(t, b, newIntake(t, b))
	refused := runOf(t, send(t, b, events.SubjectRequested, nil, request))
	if o := rejection(t, b, refused); o.Code != events.CodeOptedOut || o.Hint == "" {
		t.Errorf("rejected with %+v", o)
	}
	if err := runs.OptOuts.Lift(t.Context(), orders); err != nil {
		t.Fatal(err)
	}
	fact(t, b, events.TypeProfilePlanned, runOf(t, send(t, b, events.SubjectRequested, nil, request)))
}

// A cancel that comes before its request ends the run that would have been.
func TestHandle_CancelComesFirst(t *testing.T) {
	b := bustest.Start(t)
	serve(t, b, newIntake(t, b))
	id := events.RunIDFromEvent("ci", "1")
	if err := b.Cancel(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if rec := record(t, b, id); rec.State != events.StateCancelled {
		t.Fatalf("%s", rec.State)
	}
	header, body := event("ci", "1")
	send(t, b, events.SubjectRequested, header, body)
	fact(t, b, events.TypeRunCancelled, id)
}

// aged makes results older than they are.
type aged struct {
	*run.Runs

	age time.Duration
}

func (a aged) Get(ctx context.Context, id string) (run.Record, error) {
	rec, err := a.Runs.Get(ctx, id)
	rec.Updated = rec.Updated.Add(-a.age)
	return rec, err
}
