package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
)

// OptOut is a job that is profiled no more until somebody allows it again: a TaskManager died of a profile, or with it.
type OptOut struct {
	Identity events.Identity `json:"identity"`
	Run      string          `json:"run"`  // that profiled it
	JVMs     []string        `json:"jvms"` // that died
	At       time.Time       `json:"at"`
}

// OptOuts are the jobs that opted out.
type OptOuts struct {
	bucket *bus.Bucket[OptOut]
}

const optOutPrefix = "optout."

// Get returns the opt-out of a job, if there is one.
func (o OptOuts) Get(ctx context.Context, id events.Identity) (OptOut, bool, error) {
	e, err := o.bucket.Get(ctx, optOutPrefix+id.Key())
	if errors.Is(err, bus.ErrNotFound) {
		return OptOut{}, false, nil
	}
	if err != nil {
		return OptOut{}, false, fmt.Errorf("look up whether %s opted out: %w", id, err)
	}
	return e.Value, true, nil
}

// List returns all opt-outs, the newest first.
func (o OptOuts) List(ctx context.Context) ([]OptOut, error) {
	entries, err := o.bucket.List(ctx, optOutPrefix+"*")
	if err != nil {
		return nil, fmt.Errorf("list opt-outs: %w", err)
	}
	all := make([]OptOut, len(entries))
	for i, e := range entries {
		all[i] = e.Value
	}
	slices.SortFunc(all, func(a, b OptOut) int { return b.At.Compare(a.At) })
	return all, nil
}

// Lift allows a job to be profiled again. One that has not opted out is no error.
func (o OptOuts) Lift(ctx context.Context, id events.Identity) error {
	if err := o.bucket.Delete(ctx, optOutPrefix+id.Key(), func(OptOut) bool { return true }); err != nil {
		return fmt.Errorf("lift the opt-out of %s: %w", id, err)
	}
	return nil
}

// note opts the job of a run out whose TaskManagers died.
func (o OptOuts) note(ctx context.Context, rec Record) error {
	died := rec.Died()
	if len(died) == 0 {
		return nil
	}
	return o.add(ctx, rec, died)
}

// add opts the job of a run out; one that has opted out stays as it is.
func (o OptOuts) add(ctx context.Context, rec Record, died []string) error {
	id := rec.Plan.Identity
	err := o.bucket.Create(ctx, optOutPrefix+id.Key(), OptOut{Identity: id, Run: rec.Run, JVMs: died, At: time.Now().UTC()})
	if err != nil && !errors.Is(err, bus.ErrExists) {
		return fmt.Errorf("opt %s out: %w", id, err)
	}
	return nil
}

// Died opts the job of a run out of which TaskManagers died soon after their profiles, and says so in the record, whose state
// stays what it is. Doing it twice changes nothing.
func (r *Runs) Died(ctx context.Context, rec Record, died []string) error {
	if len(died) == 0 {
		return nil
	}
	if err := r.OptOuts.add(ctx, rec, died); err != nil {
		return err
	}
	_, err := r.Update(ctx, rec.Run, func(rec *Record) error {
		rec.NoteOnce("%s died soon after the profile; the job is profiled no more until `squirrly optouts lift`", strings.Join(died, ", "))
		return nil
	})
	return err
}

// Profiles are the TaskManagers of which a profile was begun.
func (r *Record) Profiles() []string {
	var all []string
	for _, c := range r.Captures {
		if c.TriggerTime > 0 && !slices.Contains(all, c.JVM) {
			all = append(all, c.JVM)
		}
	}
	return all
}

// Died are the TaskManagers that were profiled and were gone before the last profile of the run was over. A job that
// was replaced took its TaskManagers along, and one that was scaled down let some go: that is nobody's death.
func (r *Record) Died() []string {
	if r.Outcome != nil && r.Outcome.Code == events.CodeJobGone {
		return nil
	}
	profiled := map[string]bool{}
	var died []string
	for _, c := range r.Captures {
		if c.TriggerTime > 0 || c.State == CaptureStored {
			profiled[c.JVM] = true
		}
		gone := c.State == CaptureLost && c.Code == ""
		if gone && profiled[c.JVM] && !slices.Contains(died, c.JVM) && !slices.Contains(r.Spared, c.JVM) {
			died = append(died, c.JVM)
		}
	}
	return died
}
