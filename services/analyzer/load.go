package analyzer

import (
	"context"
	"errors"
	"time"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
)

const (
	maxPage     = 64 << 20
	maxFile     = 1 << 20
	maxAnalysis = 16 << 20
	storePause  = 5 * time.Second // before the store is tried again
)

// load reads captures and context from the store. A capture that is gone counts as lost; a store that is down is
// waited for.
func (s *Service) load(ctx context.Context, rec bus.Record, art events.ArtifactReady) (Input, error) {
	in := Input{Run: rec.Run, Parent: rec.Plan.Parent, Identity: rec.Plan.Identity, Prompt: rec.Plan.Prompt}
	in.Captured = began(art.Captures, rec.Plan.RequestedAt)
	for _, c := range art.Captures {
		p := pageOf(c, time.Duration(rec.Plan.Duration))
		if c.Status == events.CaptureStored {
			body, err := s.read(ctx, c.ObjectRef, maxPage)
			if err != nil {
				return in, err
			}
			if p.Body = body; body == nil {
				p.Status = string(events.CaptureLost)
			}
		}
		in.miss(p.lost())
		in.Pages = append(in.Pages, p)
	}
	return in, s.loadContext(ctx, &in, art.Context)
}

// loadContext reads the context. What cannot be used is left out.
func (s *Service) loadContext(ctx context.Context, in *Input, refs []events.ContextRef) error {
	for _, ref := range refs {
		limit := int64(maxFile)
		if ref.Kind == events.ContextJob {
			limit = jobcontext.MaxBytes
		}
		body, err := s.read(ctx, ref.ObjectRef, limit)
		if err != nil {
			return err
		}
		if err := in.attach(ref, body); err != nil {
			s.deps.Logger.WarnContext(ctx, "context left out", "run", in.Run, "name", ref.Name, "error", err)
		}
	}
	return nil
}

// attach adds one piece of context; an empty body was gone.
func (in *Input) attach(ref events.ContextRef, body []byte) error {
	if body == nil {
		return artifact.ErrGone
	}
	if ref.Kind == events.ContextUser {
		in.Files = append(in.Files, File{Name: ref.Name, Text: string(body)})
		return nil
	}
	var err error
	in.Context, err = jobcontext.Decode(body)
	return err
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
