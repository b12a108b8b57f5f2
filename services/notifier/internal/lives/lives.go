// Package lives keeps the lives of findings, one record for each job, changed by compare-and-set: so any number of
// notifiers decides the same about a run, once, and a restart forgets nothing. It tells each change on the bus. What a
// change is, is decided by package finding.
//
// It fails open: without its bucket every finding is a new one, so that something may be told twice, and nothing is kept
// back.
package lives

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/finding"
)

const (
	source = "squirrly/notifier"
	prefix = "job."
)

// Store keeps the lives of findings.
type Store struct {
	bus    *bus.Bus
	bucket *bus.Bucket[finding.Job]
	log    *slog.Logger
}

// New makes the store.
func New(b *bus.Bus, log *slog.Logger) *Store {
	return &Store{bus: b, bucket: bus.OpenBucket[finding.Job](b, events.BucketFindings), log: log}
}

func key(id events.Identity) string { return prefix + id.Key() }

// Observe takes a result into the lives of its job's findings, and returns what it changed. It is the same however often
// it is called.
func (s *Store) Observe(ctx context.Context, r events.RecommendationReady) (finding.Job, []finding.Step, error) {
	run := finding.Of(r)
	var steps []finding.Step
	job, err := s.change(ctx, r.Identity, func(j *finding.Job) bool {
		before := j.LastRun
		steps = j.Observe(run)
		return j.LastRun != before
	})
	return job, steps, err
}

// Job returns what is known of a job; without the bucket, nothing is.
func (s *Store) Job(ctx context.Context, id events.Identity) (finding.Job, error) {
	e, err := s.bucket.Get(ctx, key(id))
	if errors.Is(err, bus.ErrNotFound) || bus.IsMissing(err) {
		return finding.Job{}, nil
	}
	if err != nil {
		return e.Value, fmt.Errorf("look up %s: %w", id, err)
	}
	return e.Value, nil
}

// Fail takes a run that failed at a time, and reports whether that is news.
func (s *Store) Fail(ctx context.Context, o events.Outcome, at time.Time) (bool, error) {
	news := false
	_, err := s.change(ctx, o.Identity, func(j *finding.Job) (changed bool) {
		news, changed = j.Fail(o.Run, o.Identity, o.Code, at)
		return changed
	})
	return news, err
}

var errSame = errors.New("nothing changes")

// change changes what is known of a job. Without the bucket nothing is known, and nothing kept.
func (s *Store) change(ctx context.Context, id events.Identity, fn func(*finding.Job) bool) (finding.Job, error) {
	job, err := s.bucket.Upsert(ctx, key(id), func(j *finding.Job) error {
		if !fn(j) {
			return errSame
		}
		return nil
	})
	switch {
	case errors.Is(err, errSame):
		return job, nil
	case bus.IsMissing(err):
		s.log.WarnContext(ctx, "the lives of findings are lost: everything is new (run `squirrly provision`)", "error", err)
		job = finding.Job{}
		fn(&job)
		return job, nil
	case err != nil:
		return job, fmt.Errorf("change what is known of %s: %w", id, err)
	}
	return job, nil
}

// Handle takes a result, and tells every change of a finding before it returns: for [bus.Facts].
func (s *Store) Handle(ctx context.Context, e events.Event, _ uint64) error {
	r, err := events.Data[events.RecommendationReady](e)
	if err != nil {
		return bus.Permanent(events.CodeUndecodable, err)
	}
	job, steps, err := s.Observe(ctx, r)
	if err != nil {
		return err
	}
	for _, step := range steps {
		if err := s.tell(ctx, &job, step, e.ID); err != nil {
			return err
		}
	}
	return s.tellPending(ctx, &job)
}

// tell publishes the fact of a change.
func (s *Store) tell(ctx context.Context, job *finding.Job, step finding.Step, cause string) error {
	changed, ok := job.Fact(step)
	payload := step.Kind.Fact(changed)
	if !ok || payload == nil {
		return nil // forgotten since, among too many
	}
	e, err := events.New(source, step.Run, step.At, payload)
	if err != nil {
		return bus.Permanent(events.CodeInternal, err)
	}
	e.CausationID = cause
	if err := s.bus.PublishFact(ctx, job.Identity.FindingSubject(e.Type, changed), e); err != nil {
		return fmt.Errorf("tell that finding %s is %s: %w", step.ID, step.Kind, err)
	}
	return nil
}

// tellPending publishes what people decided. It is forgotten once it is published.
func (s *Store) tellPending(ctx context.Context, job *finding.Job) error {
	for _, step := range job.Pending {
		if err := s.tell(ctx, job, step, ""); err != nil {
			return err
		}
	}
	if len(job.Pending) == 0 {
		return nil
	}
	told := job.Pending
	_, err := s.change(ctx, job.Identity, func(j *finding.Job) bool {
		n := len(j.Pending)
		j.Pending = slices.DeleteFunc(j.Pending, func(p finding.Step) bool {
			return slices.ContainsFunc(told, func(t finding.Step) bool { return t.ID == p.ID && t.Number == p.Number })
		})
		return len(j.Pending) != n
	})
	return err
}

// Entry is a finding with the job that it belongs to.
type Entry struct {
	Identity events.Identity `json:"identity"`
	JobName  string          `json:"jobName,omitempty"`

	*finding.Life
}

// List returns all findings: open ones first, then by what can be gained, the job and the id.
func (s *Store) List(ctx context.Context) ([]Entry, error) {
	jobs, err := s.bucket.List(ctx, prefix+"*")
	if err != nil {
		return nil, fmt.Errorf("list findings: %w", err)
	}
	var all []Entry
	for _, j := range jobs {
		for _, l := range j.Value.Findings {
			all = append(all, Entry{Identity: j.Value.Identity, JobName: j.Value.JobName, Life: l})
		}
	}
	slices.SortFunc(all, func(a, b Entry) int {
		return cmp.Or(
			cmp.Compare(rank(a.State), rank(b.State)), cmp.Compare(weight(b.Gain), weight(a.Gain)),
			strings.Compare(a.Identity.String(), b.Identity.String()), strings.Compare(a.ID, b.ID),
		)
	})
	return all, nil
}

func rank(s events.LifeState) int {
	return slices.Index([]events.LifeState{events.LifeStateOpen, events.LifeStateDismissed, events.LifeStateResolved}, s)
}

// weight puts what makes a job faster before what only costs.
func weight(g events.Gain) float64 {
	if g.Unit == events.GainShare {
		return 1 + g.Value
	}
	return min(g.Value, 1)
}

// The errors of a finding that is named.
var (
	ErrNotFound  = errors.New("no such finding")
	ErrAmbiguous = errors.New("several findings begin like that")
	ErrSame      = errors.New("that changes nothing")
)

// Get returns the finding whose id begins with a text.
func (s *Store) Get(ctx context.Context, id string) (Entry, error) {
	all, err := s.List(ctx)
	if err != nil {
		return Entry{}, err
	}
	found := slices.DeleteFunc(all, func(e Entry) bool { return id == "" || !strings.HasPrefix(e.ID, id) })
	switch len(found) {
	case 0:
		return Entry{}, fmt.Errorf("%w: %s", ErrNotFound, id)
	case 1:
		return found[0], nil
	}
	return Entry{}, fmt.Errorf("%w: %s", ErrAmbiguous, id)
}

// Dismiss says that nobody wants to hear of a finding, or, with nil, that somebody does again, and tells it.
func (s *Store) Dismiss(ctx context.Context, id string, d *events.Dismissal) (Entry, error) {
	e, err := s.Get(ctx, id)
	if err != nil {
		return e, err
	}
	changed := false
	job, err := s.bucket.Update(ctx, key(e.Identity), func(j *finding.Job) error {
		l := j.Find(e.ID)
		if l == nil {
			return fmt.Errorf("%w: %s", ErrNotFound, id)
		}
		if changed = j.Dismiss(l, d, time.Now().UTC()); !changed {
			return ErrSame
		}
		return nil
	})
	if err != nil {
		return e, fmt.Errorf("dismiss finding %s: %w", e.ID, err)
	}
	e.Life = job.Find(e.ID)
	return e, s.tellPending(ctx, &job)
}
