package analyzer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/input"
	"squirrly.dev/services/analyzer/internal/page"
)

const (
	maxAnalysis = 16 << 20        // bytes of a stored analysis
	storePause  = 5 * time.Second // before the store is tried again
)

// inputs reads all that the result of a run rests on: what it captured, and what the run did that it follows up.
func (s *Service) inputs(ctx context.Context, rec bus.Record, art events.ArtifactReady) (input.Input, error) {
	in, err := s.load(ctx, rec, art)
	if err != nil {
		return in, err
	}
	err = s.joinParent(ctx, rec, &in)
	return in, err
}

// joinParent adds what the run captured that this one follows up, so that the result is a whole one.
func (s *Service) joinParent(ctx context.Context, rec bus.Record, in *input.Input) error {
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
		in.Miss(fmt.Sprintf("The captures of run %s, which this one follows up.", rec.Plan.Parent))
		return nil
	}
	first, err := s.load(ctx, parent, *parent.Artifact)
	if err != nil {
		return err
	}
	in.Join(first)
	return nil
}

// load reads captures and context from the store. A capture that is gone counts as lost; a store that is down is
// waited for.
func (s *Service) load(ctx context.Context, rec bus.Record, art events.ArtifactReady) (input.Input, error) {
	in := input.Input{Run: rec.Run, Parent: rec.Plan.Parent, Identity: rec.Plan.Identity, Prompt: rec.Plan.Prompt}
	in.Captured = input.Began(art.Captures, rec.Plan.RequestedAt)
	for _, c := range art.Captures {
		p := page.Of(c, time.Duration(rec.Plan.Duration))
		if c.Status == events.CaptureStored {
			body, err := s.read(ctx, c.ObjectRef, input.MaxPage)
			if err != nil {
				return in, err
			}
			if p.Body = body; body == nil {
				p.Status = string(events.CaptureLost)
			}
		}
		in.Miss(p.Lost())
		in.Pages = append(in.Pages, p)
	}
	err := s.loadContext(ctx, &in, art.Context)
	return in, err
}

// loadContext reads the context. What cannot be used is left out.
func (s *Service) loadContext(ctx context.Context, in *input.Input, refs []events.ContextRef) error {
	for _, ref := range refs {
		limit := int64(input.MaxFile)
		if ref.Kind == events.ContextJob {
			limit = jobcontext.MaxBytes
		}
		body, err := s.read(ctx, ref.ObjectRef, limit)
		if err != nil {
			return err
		}
		err = artifact.ErrGone
		if body != nil {
			err = in.Attach(ref, body)
		}
		if err != nil {
			s.deps.Logger.WarnContext(ctx, "context left out", "run", in.Run, "name", ref.Name, "error", err)
		}
	}
	return nil
}

// read returns nil for an object that is gone or damaged, and waits for a store that is down.
func (s *Service) read(ctx context.Context, ref events.ObjectRef, limit int64) ([]byte, error) {
	body, err := s.deps.Store.Get(ctx, ref, limit)
	switch {
	case err == nil:
		return body, nil
	case errors.Is(err, artifact.ErrGone), errors.Is(err, artifact.ErrCorrupt), errors.Is(err, artifact.ErrTooLarge):
		s.deps.Logger.WarnContext(ctx, "object cannot be used", "error", err)
		return nil, nil
	}
	return nil, bus.Wait(events.CodeStoreUnavailable, storePause, err)
}
