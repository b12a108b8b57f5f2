package capture

import (
	"context"
	"errors"
	"testing"
	"time"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/panics"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// shrinking is the claim of a run whose record loses its captures after it was read once.
type shrinking struct {
	Claim

	reads int
}

func (s *shrinking) Record() run.Record {
	s.reads++
	if s.reads > 1 {
		return run.Record{}
	}
	return run.Record{Collected: run.Collected{Captures: Plan([]events.Mode{events.ModeWall}, []string{"tm"})}}
}

func TestMode_RecordWithoutCaptures(t *testing.T) {
	r := New(nil, nil, &shrinking{}, events.Plan{}, NewRoom(nil))
	if err := r.Mode(t.Context(), events.ModeWall, nil); !errors.Is(err, errNoCapture) {
		t.Errorf("got %v", err)
	}
}

// breaking is a profiler that panics.
type breaking struct{ Profiler }

func (breaking) ListProfiles(context.Context, string) ([]flink.Profile, error) { panic("boom") }

// still is the claim of a run whose record nobody changes.
type still struct{ Claim }

func (still) Record() run.Record { return (&shrinking{}).Record() }

// A panic of one capture is the error of the mode, which the worker counts as a crash of the run.
func TestMode_Panics(t *testing.T) {
	r := New(breaking{}, nil, still{}, events.Plan{Duration: events.Duration(time.Second)}, NewRoom(nil))
	err := r.Mode(t.Context(), events.ModeWall, nil)
	if p, ok := errors.AsType[*panics.Error](err); !ok || p.Value != "boom" {
		t.Errorf("got %v", err)
	}
}
