package analyzer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/pipeline"
	"squirrly.dev/services/analyzer/internal/question"
)

// How much of a run is done, in percent; what the pipeline says lies between.
const (
	percentReading = 80
	percentStoring = 95
)

// handle analyzes one run: load → analyze → store → publish. Every step that costs or that others may have seen is kept in
// the record, so that a takeover goes on from there.
func (s *Service) handle(ctx context.Context, c *run.Claim) (events.Payload, error) {
	art, err := artifactOf(ctx, c)
	if err != nil {
		return nil, err
	}
	an, ref, err := s.result(ctx, c, art)
	if err != nil {
		return nil, err
	}
	if err := s.runs.AddLatest(ctx, an.Identity.Key(), an.Run); err != nil {
		return nil, err
	}
	return s.payload(c.Record().Plan, an, ref)
}

// result makes and stores the analysis, or loads that of an earlier attempt. One that the store has lost is made again.
func (s *Service) result(ctx context.Context, c *run.Claim, art events.ArtifactReady) (events.Analysis, events.ObjectRef, error) {
	if stored := c.Record().Analysis; stored != nil {
		an, err := s.stored(ctx, *stored)
		if !isLost(err) {
			return an, *stored, err
		}
		s.deps.Logger.WarnContext(ctx, "the stored analysis is made again", "run", c.Record().Run, "error", err)
	}
	an, err := s.analyze(ctx, c, art)
	if err != nil {
		return an, events.ObjectRef{}, err
	}
	ref, err := s.store(ctx, c, an)
	return an, ref, err
}

// analyze makes the analysis of a run and compares it with its baseline.
func (s *Service) analyze(ctx context.Context, c *run.Claim, art events.ArtifactReady) (an events.Analysis, err error) {
	m := &memory{service: s, claim: c}
	if err := m.Progress(ctx, "reading the captures", percentReading); err != nil {
		return an, err
	}
	base, err := s.baseline(ctx, c)
	if err != nil {
		return an, err
	}
	of, err := s.share(ctx, c.Record(), art, base)
	if err != nil {
		return an, err
	}
	defer of.giveBack()
	in, err := s.inputs(ctx, c.Record(), art, of)
	if err != nil {
		return an, err
	}
	if err := noneReadable(in.Pages); err != nil {
		return an, err
	}
	in.Baseline = base.analysis
	in.Miss(base.missing)
	if an, err = s.pipeline.Analyze(ctx, in, m); err != nil {
		return an, asFault(err, art)
	}
	rec := c.Record()
	an.Died = rec.Died()
	return an, s.graphs(ctx, c, base, in, an.Comparison, of)
}

// asFault gives the errors that no other attempt mends their reason code.
func asFault(err error, art events.ArtifactReady) error {
	switch {
	case errors.Is(err, pipeline.ErrNoProfile), errors.Is(err, pipeline.ErrNoTask):
		return bus.Permanent(noProfileCode(art), err)
	case errors.Is(err, question.ErrPrompt):
		return bus.Permanent(events.CodeInvalidRequest, err)
	}
	return err
}

// artifactOf takes the artifacts from the event, or from the record when the run is resumed, and keeps them there.
func artifactOf(ctx context.Context, c *run.Claim) (events.ArtifactReady, error) {
	rec := c.Record()
	if rec.Artifact != nil {
		return *rec.Artifact, nil
	}
	art, err := events.Data[events.ArtifactReady](c.Event)
	if err != nil {
		return art, bus.Permanent(events.CodeUndecodable, fmt.Errorf("artifact.ready of run %s: %w", rec.Run, err))
	}
	return art, c.Mutate(ctx, func(r *run.Record) error { r.Artifact = &art; return nil })
}

func noProfileCode(art events.ArtifactReady) events.Code {
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
	body, err := s.read(ctx, s.deps.Store.Await, ref, maxAnalysis)
	if err != nil {
		return an, err
	}
	if err := json.Unmarshal(body, &an); err != nil {
		return an, bus.Permanent(events.CodeInternal, fmt.Errorf("read stored analysis: %w", err))
	}
	return an, nil
}

// payload is the event that tells the result.
func (s *Service) payload(plan events.Plan, an events.Analysis, ref events.ObjectRef) (events.Payload, error) {
	p, err := events.Excerpt(an, ref, s.cfg.reportURL(an.Run))
	if err != nil {
		return nil, bus.Permanent(events.CodeInternal, err)
	}
	p.Labels, p.Looked.Scope = plan.Labels, plan.Scope
	return p, nil
}
