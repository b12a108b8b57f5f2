package intake_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// analyzed makes a run that is over, whose analyzer decided to follow it up.
func analyzed(t *testing.T, b *bus.Bus, id string, modes ...events.Mode) {
	t.Helper()
	rec := run.Record{
		Run: id, State: events.StateAnalyzed, Analyzed: run.Analyzed{FollowUps: modes, FollowUpKey: followUpKey},
		Plan: events.Plan{Run: id, Identity: orders, JobID: "aa", Labels: map[string]string{"release": "7"}},
	}
	if created, err := run.New(b).Create(t.Context(), rec); err != nil || !created {
		t.Fatalf("create: %v, %v", created, err)
	}
	if err := run.New(b).AddLatest(t.Context(), orders.Key(), id); err != nil {
		t.Fatal(err)
	}
}

// followUp is the request that the analyzer sends.
func followUp(t *testing.T, parent, id string, modes ...events.Mode) string {
	t.Helper()
	e, err := events.New(events.SourceAnalyzer, "", time.Now(), events.ProfileRequested{
		Target: events.Target{Cluster: "prod", Namespace: "flink", Deployment: "orders"}, Modes: modes,
		Parent: parent, Depth: 1, Baseline: events.BaselineRelease, Labels: map[string]string{"release": "7"},
	})
	if err != nil {
		t.Fatal(err)
	}
	e.ID = id
	body, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

var cloudEvent = nats.Header{events.HeaderContentType: {events.ContentType}}

const followUpKey = "a-key"

const parentRun = "6f0d1c9e-8a34-5f0e-9d61-1c2a7b90e4d3"

// A follow-up belongs to the result of its parent: the cool-down that this result began does not hold it back.
func TestHandle_FollowUp(t *testing.T) {
	b := bustest.Start(t)
	in := newIntake(t, b)
	in.Limits.Cooldown = time.Hour
	analyzed(t, b, parentRun, events.ModeAlloc, events.ModeLock)
	serve(t, b, in)
	sent := events.FollowUpID(parentRun, followUpKey, []events.Mode{events.ModeAlloc, events.ModeLock})
	body := followUp(t, parentRun, sent, events.ModeAlloc, events.ModeLock)
	guess := events.FollowUpID(parentRun, "", []events.Mode{events.ModeAlloc, events.ModeLock})
	send(t, b, events.SubjectRequested, cloudEvent, followUp(t, parentRun, guess, events.ModeAlloc, events.ModeLock)) // somebody's who knows the parent
	if o := rejection(t, b, events.RunIDFromEvent(events.SourceAnalyzer, guess)); o.Code != events.CodeForbidden {
		t.Errorf("the guess: %+v", o)
	}
	for range 2 { // sent again, it is the same run
		send(t, b, orders.RequestSubject(), cloudEvent, body)
	}
	id := events.RunIDFromEvent(events.SourceAnalyzer, sent)
	fact(t, b, events.TypeProfilePlanned, id)
	if p := record(t, b, id).Plan; p.Parent != parentRun || p.Depth != 1 || p.Baseline != events.BaselineRelease || len(p.Modes) != 2 {
		t.Errorf("plan %+v", p)
	}
	emptied(t, b)
}

// Nobody but the analyzer follows a run up, and only as the record of the parent says.
func TestHandle_FollowUpRefused(t *testing.T) {
	const leaf, other = "00000000-0000-5000-8000-000000000001", "00000000-0000-5000-8000-000000000002"
	id := func(parent string, modes ...events.Mode) string { return events.FollowUpID(parent, followUpKey, modes) }
	for name, c := range map[string]struct {
		parent, id string
		modes      []events.Mode
	}{
		"unknown parent":  {other, id(other, events.ModeAlloc), []events.Mode{events.ModeAlloc}},
		"another mode":    {parentRun, id(parentRun, events.ModeLock), []events.Mode{events.ModeLock}},
		"an id of others": {parentRun, "mine", []events.Mode{events.ModeAlloc}},
		"without its key": {parentRun, events.FollowUpID(parentRun, "", []events.Mode{events.ModeAlloc}), []events.Mode{events.ModeAlloc}},
		"another key":     {parentRun, events.FollowUpID(parentRun, "other", []events.Mode{events.ModeAlloc}), []events.Mode{events.ModeAlloc}},
		"nothing decided": {leaf, id(leaf, events.ModeAlloc), []events.Mode{events.ModeAlloc}},
	} {
		t.Run(name, func(t *testing.T) {
			b := bustest.Start(t)
			analyzed(t, b, parentRun, events.ModeAlloc)
			analyzed(t, b, leaf)
			serve(t, b, newIntake(t, b))
			send(t, b, events.SubjectRequested, cloudEvent, followUp(t, c.parent, c.id, c.modes...))
			if o := rejection(t, b, events.RunIDFromEvent(events.SourceAnalyzer, c.id)); o.Code != events.CodeForbidden {
				t.Errorf("rejected with %+v", o)
			}
		})
	}
}

func TestHandle_Baseline(t *testing.T) {
	b := bustest.Start(t)
	serve(t, b, newIntake(t, b))
	good := send(t, b, events.SubjectRequested, nil, `{"target":{"namespace":"flink","deployment":"orders"},"baseline":"none"}`)
	fact(t, b, events.TypeProfilePlanned, runOf(t, good))
	if p := record(t, b, runOf(t, good)).Plan; p.Baseline != events.BaselineNone {
		t.Errorf("baseline %q", p.Baseline)
	}
	for _, wrong := range []string{`"baseline":"lst"`, `"parent":"` + parentRun + `"`, `"depth":1`, `"parent":"` + parentRun + `","depth":2`} {
		m := send(t, b, events.SubjectRequested, nil, `{"target":{"namespace":"flink","deployment":"payments"},`+wrong+`}`)
		if o := rejection(t, b, runOf(t, m)); o.Code != events.CodeInvalidRequest {
			t.Errorf("%s: rejected with %+v", wrong, o)
		}
	}
}
