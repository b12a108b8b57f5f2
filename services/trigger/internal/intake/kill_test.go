package intake_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/intake"
	"squirrly.dev/services/trigger/internal/refusal"
)

var errKilled = errors.New("killed")

// mortal is a process that dies before or after its nth step outside of itself.
type mortal struct {
	*bus.Bus

	at    int  // step
	after bool // the step is done, and nobody learns of it
	steps int
}

func (m *mortal) step(do func() error) error {
	m.steps++
	switch {
	case m.steps > m.at:
		return errKilled
	case m.steps < m.at:
		return do()
	case m.after:
		if err := do(); err != nil {
			return err
		}
	}
	return errKilled
}

func (m *mortal) PublishFact(ctx context.Context, subject string, e events.Event) error {
	return m.step(func() error { return m.Bus.PublishFact(ctx, subject, e) })
}

// ledger is the mortal's hold on the records.
type ledger struct {
	*run.Runs

	m *mortal
}

func (l ledger) Get(ctx context.Context, id string) (rec run.Record, err error) {
	var missing error
	err = l.m.step(func() error {
		rec, missing = l.Runs.Get(ctx, id)
		return nil
	})
	return rec, errors.Join(err, missing)
}

func (l ledger) Create(ctx context.Context, rec run.Record) (created bool, err error) {
	err = l.m.step(func() error {
		created, err = l.Runs.Create(ctx, rec)
		return err
	})
	return created, err
}

// targets is the mortal's hold on the reservations.
type targets struct {
	run.Targets

	m *mortal
}

func (t targets) Reserve(ctx context.Context, target, id string) (holder string, err error) {
	err = t.m.step(func() error {
		holder, err = t.Targets.Reserve(ctx, target, id)
		return err
	})
	return holder, err
}

// However far a delivery came before its process died, the next one ends with the same decision, told once.
func TestHandle_KilledAnywhere(t *testing.T) {
	for name, c := range map[string]struct {
		body    string
		refusal error
		kind    events.Type
		state   events.State
		steps   int // that an undisturbed delivery takes
	}{
		"planned":     {"", nil, events.TypeProfilePlanned, events.StatePlanned, 3},
		"rejected":    {"", refusal.New(events.CodeNoRunningJob, "no job is running"), events.TypeRunRejected, events.StateRejected, 2},
		"undecodable": {`{`, nil, events.TypeRunRejected, events.StateRejected, 2},
	} {
		b := bustest.Start(t)
		mine := bustest.As(t, b, natsusers.Trigger)
		handler := func(m *mortal) *intake.Intake {
			in := newIntake(t, b)
			in.Runs, in.Bus, in.Target = ledger{run.New(mine), m}, m, resolver{c.refusal}
			in.Targets = targets{run.New(mine).Targets, m}
			return in
		}
		const never = 100
		whole := &mortal{Bus: mine, at: never}
		m := send(t, b, events.SubjectRequested+suffix(name, 0, false), nil, c.body)
		if err := handler(whole).Handle(t.Context(), m); err != nil && name != "undecodable" {
			t.Fatal(err)
		}
		if whole.steps != c.steps {
			t.Errorf("%s takes %d steps, want %d", name, whole.steps, c.steps)
		}
		for at := 1; at <= c.steps; at++ {
			for _, after := range []bool{false, true} {
				m := send(t, b, events.SubjectRequested+suffix(name, at, after), nil, c.body)
				id := runOf(t, m)
				if err := handler(&mortal{Bus: mine, at: at, after: after}).Handle(t.Context(), m); !errors.Is(err, errKilled) {
					t.Fatalf("%s, step %d: a killed process says %v", name, at, err)
				}
				m.Number = 2
				_ = handler(&mortal{Bus: mine, at: 1, after: after}).Handle(t.Context(), m) // and once more, at once
				m.Number = uint64(1 + at%2*2)                                               // a message of the same id, or the same message
				err := newIntakeWith(t, b, c.refusal).Handle(t.Context(), m)
				var fault *bus.Fault
				if err != nil && (name != "undecodable" || !errors.As(err, &fault)) {
					t.Fatalf("%s, step %d: the next delivery says %v", name, at, err)
				}
				fact(t, b, c.kind, id)
				if rec := record(t, b, id); rec.State != c.state {
					t.Errorf("%s, step %d: record in state %s", name, at, rec.State)
				}
			}
		}
	}
}

func newIntakeWith(t *testing.T, b *bus.Bus, err error) *intake.Intake {
	in := newIntake(t, b)
	in.Target = resolver{err}
	return in
}

// suffix gives each request a job of its own.
func suffix(name string, at int, after bool) string {
	return fmt.Sprintf(".prod.flink.%s-%d-%t", name, at, after)
}
