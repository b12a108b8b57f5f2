package analyzer

import (
	"context"
	"fmt"
	"time"

	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// after asks for the follow-up of a run whose result is out, in the inbox of its job. The request is the same one however often it is sent.
func (s *Service) after(ctx context.Context, rec run.Record) error {
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
	e.ID, e.CausationID = events.FollowUpID(rec.Run, rec.FollowUpKey, rec.FollowUps), rec.Run
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
