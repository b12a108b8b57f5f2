package analyzer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// handle analyses one run: load → diagnose → ask → verify → store → tell. Every step that costs or that others may
// have seen is kept in the record, so that a takeover goes on from there.
func (s *Service) handle(ctx context.Context, c *bus.Claim) (events.Payload, error) {
	art, err := artifactOf(ctx, c)
	if err != nil {
		return nil, err
	}
	rec := c.Record()
	if rec.Analysis != nil { // a takeover after the result was stored
		an, err := s.stored(ctx, *rec.Analysis)
		if err != nil {
			return nil, err
		}
		return s.payload(an, *rec.Analysis)
	}
	if err := c.Mutate(ctx, progress("reading the captures", 80)); err != nil {
		return nil, err
	}
	in, err := s.load(ctx, rec, art)
	if err != nil {
		return nil, err
	}
	if err := c.Mutate(ctx, progress("computing evidence", 85)); err != nil {
		return nil, err
	}
	res, err := s.diagnosis(in)
	if err != nil {
		return nil, bus.Permanent(noProfileCode(res.Analysis, art), err)
	}
	an, err := s.explain(ctx, c, in, res)
	if err != nil {
		return nil, err
	}
	ref, err := s.store(ctx, c, an)
	if err != nil {
		return nil, err
	}
	return s.payload(an, ref)
}

// artifactOf takes the artifacts from the event, or from the record when the run is resumed, and keeps them there.
func artifactOf(ctx context.Context, c *bus.Claim) (events.ArtifactReady, error) {
	rec := c.Record()
	if rec.Artifact != nil {
		return *rec.Artifact, nil
	}
	art, err := events.Data[events.ArtifactReady](c.Event)
	if err != nil {
		return art, bus.Permanent(events.CodeUndecodable, fmt.Errorf("artifact.ready of run %s: %w", rec.Run, err))
	}
	return art, c.Mutate(ctx, func(r *bus.Record) error { r.Artifact = &art; return nil })
}

func progress(step string, percent int) func(*bus.Record) error {
	return func(r *bus.Record) error {
		r.Step, r.Percent = step, percent
		return nil
	}
}

// load reads captures and context from the store. A capture that is gone counts as lost; a store that is down is
// waited for.
func (s *Service) load(ctx context.Context, rec bus.Record, art events.ArtifactReady) (Input, error) {
	in := Input{Run: rec.Run, Identity: rec.Plan.Identity, Prompt: rec.Plan.Prompt}
	seconds := time.Duration(rec.Plan.Duration).Seconds()
	for _, c := range art.Captures {
		p := Page{JVM: c.JVM, Mode: c.Mode, Requested: c.Requested, Seconds: seconds, Key: c.Key, Status: string(c.Status)}
		if c.Status == events.CaptureStored {
			body, err := s.read(ctx, c.ObjectRef, maxPage)
			if err != nil {
				return in, err
			}
			if p.Body = body; body == nil {
				p.Status = string(events.CaptureLost)
			}
		}
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

func noProfileCode(_ events.Analysis, art events.ArtifactReady) events.Code {
	for _, c := range art.Captures {
		if c.Status == events.CaptureStored && c.Samples > 0 {
			return events.CodeBadProfile
		}
	}
	return events.CodeEmptyProfile
}

// stored loads the analysis of an earlier attempt.
func (s *Service) stored(ctx context.Context, ref events.ObjectRef) (events.Analysis, error) {
	var an events.Analysis
	body, err := s.deps.Store.Get(ctx, ref, maxAnalysis)
	if errors.Is(err, artifact.ErrGone) {
		return an, bus.Permanent(events.CodeArtifactGone, err)
	}
	if err != nil {
		return an, bus.Wait(events.CodeStoreUnavailable, storePause, err)
	}
	if err := json.Unmarshal(body, &an); err != nil {
		return an, bus.Permanent(events.CodeInternal, fmt.Errorf("read stored analysis: %w", err))
	}
	return an, nil
}

// payload is the event that tells the result.
func (s *Service) payload(an events.Analysis, ref events.ObjectRef) (events.Payload, error) {
	p, err := events.Excerpt(an, ref, s.cfg.reportURL(an.Run))
	if err != nil {
		return nil, bus.Permanent(events.CodeInternal, err)
	}
	return p, nil
}
