package analyzer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
)

// planFollowUp notes which modes a run after this one should capture. A follow-up has none of its own.
func (s *Service) planFollowUp(ctx context.Context, c *bus.Claim, modes []events.Mode) error {
	return c.Mutate(ctx, func(r *bus.Record) error {
		if s.cfg.FollowUps && r.Plan.Depth < events.MaxDepth {
			r.FollowUps = modes
		}
		return nil
	})
}

// after asks for the follow-up of a run whose result is out, in the inbox of its job. The request is the same one however often it is sent.
func (s *Service) after(ctx context.Context, rec bus.Record) error {
	if len(rec.FollowUps) == 0 {
		return nil
	}
	p := rec.Plan
	req := events.ProfileRequested{
		Target: p.Target, Modes: rec.FollowUps, Duration: p.Duration, Scope: p.Scope, Context: p.Context, Prompt: p.Prompt,
		Reason: "follow-up of run " + rec.Run, Labels: p.Labels, Baseline: p.Baseline, Parent: rec.Run, Depth: p.Depth + 1,
		Expires: time.Now().Add(followUpWaits).UTC(),
	}
	e, err := events.New(events.SourceAnalyzer, "", time.Now(), req)
	if err != nil {
		return fmt.Errorf("follow up run %s: %w", rec.Run, err)
	}
	e.ID, e.CausationID = events.FollowUpID(rec.Run, rec.FollowUps), rec.Run
	body, err := e.Encode()
	if err != nil {
		s.deps.Logger.WarnContext(ctx, "no follow-up", "run", rec.Run, "error", err) // too large: never will be smaller
		return nil
	}
	if err := s.deps.Bus.Request(ctx, p.Identity.RequestSubject(), e.ID, events.ContentType, body); err != nil {
		return fmt.Errorf("follow up run %s: %w", rec.Run, err)
	}
	return nil
}

// followUpWaits is how long a follow-up may wait to be taken up: later the job is not the same any more.
const followUpWaits = 30 * time.Minute

// inputs reads all that the result of a run rests on: what it captured, and what the run did that it follows up.
func (s *Service) inputs(ctx context.Context, rec bus.Record, art events.ArtifactReady) (Input, error) {
	in, err := s.load(ctx, rec, art)
	if err != nil {
		return in, err
	}
	return in, s.joinParent(ctx, rec, &in)
}

// joinParent adds what the run captured that this one follows up, so that the result is a whole one.
func (s *Service) joinParent(ctx context.Context, rec bus.Record, in *Input) error {
	if rec.Plan.Parent == "" {
		return nil
	}
	parent, err := s.deps.Bus.Runs.Get(ctx, rec.Plan.Parent)
	if errors.Is(err, bus.ErrNoRecord) {
		parent, err = bus.Record{}, nil
	}
	if err != nil {
		return fmt.Errorf("join run %s: %w", rec.Plan.Parent, err)
	}
	if parent.Artifact == nil || parent.Plan.JobID != rec.Plan.JobID {
		in.miss(fmt.Sprintf("The captures of run %s, which this one follows up.", rec.Plan.Parent))
		return nil
	}
	first, err := s.load(ctx, parent, *parent.Artifact)
	if err != nil {
		return err
	}
	for _, p := range first.Pages {
		if !slices.ContainsFunc(in.Pages, func(own Page) bool { return own.Mode == p.Mode && own.JVM == p.JVM }) {
			in.Pages = append(in.Pages, p)
		}
	}
	in.Context = joinContexts(first.Context, in.Context)
	return nil
}

// joinContexts adds up what was learned in two windows of time. What stands in both is taken from the later one.
func joinContexts(first, second *jobcontext.Context) *jobcontext.Context {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	joined := *second
	joined.Windows = slices.Concat(first.Windows, second.Windows)
	joined.Threads = slices.Concat(first.Threads, second.Threads)
	for _, text := range first.Missing {
		if !slices.Contains(joined.Missing, text) {
			joined.Missing = append(slices.Clone(joined.Missing), text)
		}
	}
	return &joined
}
