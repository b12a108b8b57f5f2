package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
)

// Sweeper takes up what no delivery would: runs whose wait is over, runs past their deadline, and runs whose step was
// acknowledged but did not advance (a power loss). It leaves runs alone that merely queue. And it writes the [Summary] of each
// run that is over. Any number of sweepers may run side by side: each action is one compare-and-set.
type Sweeper struct {
	Runs  *Runs
	Every time.Duration // between looks; 0 is one second
	Stale time.Duration // silence after which a run without a waiting message is looked into; 0 is one minute
}

// Run sweeps until ctx ends. It waits for what may pass, as [bus.Bus.Consume] does, and ends with an error that is
// [bus.ErrClosed] only.
func (s Sweeper) Run(ctx context.Context) error {
	if s.Every == 0 {
		s.Every = time.Second
	}
	if s.Stale == 0 {
		s.Stale = time.Minute
	}
	if err := s.Runs.bus.WaitFor(ctx, events.StreamEvents, events.DurableCollector); err != nil {
		return err
	}
	changes, err := s.watch(ctx)
	if err != nil {
		return err
	}
	over, done := s.Runs.project(ctx)
	defer done()
	open := map[string]Record{}
	tick := time.NewTicker(s.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case rec, ok := <-changes:
			if !ok {
				return watchEnded(ctx)
			}
			note(open, rec)
			over.note(rec)
		case <-tick.C:
			s.sweep(ctx, open)
		}
	}
}

// watchEnded is the error of a watch that was closed: none when the sweeper is to end.
func watchEnded(ctx context.Context) error {
	if ctx.Err() == nil {
		return fmt.Errorf("watch the runs: %w", bus.ErrClosed)
	}
	return nil
}

// note keeps the records of runs that are not over.
func note(open map[string]Record, rec Record) {
	if rec.State.Terminal() {
		delete(open, rec.Run)
	} else {
		open[rec.Run] = rec
	}
}

// watch opens the watch of all records, again and again while that fails.
func (s Sweeper) watch(ctx context.Context) (<-chan Record, error) {
	const pause = 2 * time.Second
	for logged := false; ; {
		changes, err := s.Runs.WatchAll(ctx)
		if err == nil || errors.Is(err, bus.ErrClosed) {
			return changes, err
		}
		if !logged && ctx.Err() == nil {
			s.Runs.log.WarnContext(ctx, "waiting for the bucket of runs (run `squirrly provision`)", "error", err)
			logged = true
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, ctx.Err() //nolint:wrapcheck // the caller ends with its own context.
		}
	}
}

func (s Sweeper) sweep(ctx context.Context, open map[string]Record) {
	for run, rec := range open {
		err := s.look(ctx, rec)
		switch {
		case errors.Is(err, ErrNoRecord):
			delete(open, run)
		case err != nil && !errors.Is(err, errUnchanged) && ctx.Err() == nil:
			s.Runs.log.WarnContext(ctx, "sweep", "run", run, "error", err)
		}
	}
}

// errUnchanged says that the run moved on before the sweeper could act.
var errUnchanged = errors.New("the run moved on")

// look does the one thing, if any, that a run needs.
func (s Sweeper) look(ctx context.Context, rec Record) error {
	now := time.Now()
	idle := rec.Owner == "" || now.Sub(rec.Updated) > s.Stale
	switch {
	case rec.State.Terminal(), !idle:
		return nil
	case rec.Ending != "":
		_, err := s.Runs.publishEnd(ctx, rec)
		return err
	case rec.Cancel:
		return s.Runs.End(ctx, End{
			Run: rec.Run, State: events.StateCancelled, Code: events.CodeCancelled, Why: ErrCancelled,
			Step: events.DurableTrigger, Allowed: s.unowned,
		})
	case now.After(rec.Plan.Deadline):
		return s.expire(ctx, rec)
	case !rec.NotBefore.IsZero():
		if now.Before(rec.NotBefore) {
			return nil
		}
		return s.resume(ctx, rec)
	case now.Sub(rec.Updated) > s.Stale:
		return s.stuck(ctx, rec)
	}
	return nil
}

// unowned lets an end pass only while nobody works on the run.
func (s Sweeper) unowned(r *Record) error {
	if r.Owner != "" && time.Since(r.Updated) <= s.Stale {
		return errUnchanged
	}
	return nil
}

func (s Sweeper) expire(ctx context.Context, rec Record) error {
	why := fmt.Errorf("not done by %s", rec.Plan.Deadline.UTC().Format(time.RFC3339))
	if rec.WaitsFor != "" {
		why = fmt.Errorf("%w; last waited for %s", why, rec.WaitsFor)
	}
	return s.Runs.End(ctx, End{
		Run: rec.Run, State: events.StateFailed, Code: events.CodeDeadlineExceeded, Why: why,
		Step: nextService(rec.State), Allowed: s.unowned,
	})
}

// resume wakes a run whose wait is over. The record is changed first: should this process die in between, the run
// counts as stuck a minute later.
func (s Sweeper) resume(ctx context.Context, rec Record) error {
	_, err := s.Runs.Update(ctx, rec.Run, func(r *Record) error {
		if r.State.Terminal() || !r.NotBefore.Equal(rec.NotBefore) || r.Owner != "" {
			return errUnchanged
		}
		r.NotBefore = time.Time{}
		return nil
	})
	if err != nil {
		return err
	}
	return s.Runs.Resume(ctx, nextService(rec.State), rec.Run)
}

// nextService is who has to act on a run in this state.
func nextService(st events.State) string {
	if st == events.StatePlanned || st == events.StateProfiling {
		return events.DurableCollector
	}
	return events.DurableAnalyzer
}

// stuck resumes a run that is silent although no message for it waits or is being worked on.
func (s Sweeper) stuck(ctx context.Context, rec Record) error {
	service := nextService(rec.State)
	queued, err := s.Runs.queued(ctx, rec, service)
	if err != nil || queued {
		return err
	}
	_, err = s.Runs.Update(ctx, rec.Run, func(r *Record) error {
		if r.State != rec.State || !r.Updated.Equal(rec.Updated) {
			return errUnchanged
		}
		r.Note("sweeper: the step of %s was acknowledged without a result; resumed", service)
		return nil
	})
	if err != nil {
		return err
	}
	return s.Runs.Resume(ctx, service, rec.Run)
}

// queued reports whether a message that will drive the run is still unacknowledged: its fact, or a resume.
func (r *Runs) queued(ctx context.Context, rec Record, service string) (bool, error) {
	fact := events.TypeProfilePlanned
	if service == events.DurableAnalyzer {
		fact = events.TypeArtifactReady
	}
	floor, err := r.bus.AckFloor(ctx, events.StreamEvents, service)
	if err != nil {
		return false, err
	}
	for _, subject := range []string{rec.Plan.Identity.Subject(fact, rec.Run), events.ResumeSubject(service, rec.Run)} {
		seq, err := r.bus.LastFact(ctx, subject)
		if err != nil {
			return false, err
		}
		if seq > floor {
			return true, nil
		}
	}
	return false, nil
}
