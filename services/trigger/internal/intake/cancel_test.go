package intake_test

import (
	"errors"
	"strings"
	"testing"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// planned puts a run into the ledger, with an owner or without one.
func planned(t *testing.T, b *bus.Bus, id, owner string) {
	t.Helper()
	created, err := run.New(b).Create(t.Context(), run.Record{
		Run: id, State: events.StatePlanned, Plan: events.Plan{Run: id, Identity: orders}, Ownership: run.Ownership{Owner: owner},
	})
	if err != nil || !created {
		t.Fatal(created, err)
	}
}

func TestCancel_Unowned(t *testing.T) {
	b := bustest.Start(t)
	serve(t, b, newIntake(t, b))
	planned(t, b, "r1", "")
	send(t, b, events.SubjectCancel+"r1", nil, `{"run":"r1","reason":"wrong job"}`)
	p, err := events.Data[events.RunCancelled](fact(t, b, events.TypeRunCancelled, "r1"))
	if err != nil || p.Code != events.CodeCancelled || !strings.Contains(p.Message, "wrong job") {
		t.Errorf("told %+v, %v", p, err)
	}
	emptied(t, b)
	if rec := record(t, b, "r1"); rec.State != events.StateCancelled {
		t.Errorf("record in state %s", rec.State)
	}
	send(t, b, events.SubjectCancel+"r1", nil, "") // again: nothing happens
	emptied(t, b)
	facts(t, b, "r1")
}

// The owner of a run sees the flag and ends the run itself.
func TestCancel_Owned(t *testing.T) {
	b := bustest.Start(t)
	serve(t, b, newIntake(t, b))
	planned(t, b, "r1", "a-collector")
	send(t, b, events.SubjectCancel+"r1", nil, "")
	emptied(t, b)
	if rec := record(t, b, "r1"); !rec.Cancel || rec.State != events.StatePlanned || rec.Owner != "a-collector" {
		t.Errorf("record %+v", rec)
	}
	if all := facts(t, b, "r1"); len(all) > 0 {
		t.Errorf("%d events", len(all))
	}
}

// The request of an unknown run may still be on its way, for a while.
func TestCancel_UnknownRun(t *testing.T) {
	b := bustest.Start(t)
	m := bus.Delivery{Subject: events.SubjectCancel + "nobody", Number: 1}
	if err := newIntake(t, b).Handle(t.Context(), m); !errors.Is(err, run.ErrNoRecord) {
		t.Errorf("the first delivery says %v", err)
	}
	m.Number = 3
	if err := newIntake(t, b).Handle(t.Context(), m); err != nil {
		t.Errorf("the third delivery says %v", err)
	}
}

func TestCancel_Unreadable(t *testing.T) {
	b := bustest.Start(t)
	serve(t, b, newIntake(t, b))
	send(t, b, events.SubjectCancel+"r1", nil, `{"run":"another"}`)
	send(t, b, events.SubjectCancel+"r1", nil, `{`)
	emptied(t, b)
	letters, err := b.DeadLetters(t.Context(), 10)
	if err != nil || len(letters) != 2 {
		t.Errorf("letters %+v, %v", letters, err)
	}
}
