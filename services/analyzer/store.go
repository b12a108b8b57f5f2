package analyzer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/report"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// store keeps evidence, analysis and reports, and notes them in the record.
func (s *Service) store(ctx context.Context, c *run.Claim, an events.Analysis) (events.ObjectRef, error) {
	if err := (&memory{service: s, claim: c}).Progress(ctx, "storing the result", percentStoring); err != nil {
		return events.ObjectRef{}, err
	}
	docs, err := documents(an)
	if err != nil {
		return events.ObjectRef{}, bus.Permanent(events.CodeInternal, err)
	}
	refs := map[string]events.ObjectRef{}
	for name, d := range docs {
		if refs[name], err = s.put(ctx, c.Record(), d); err != nil {
			return events.ObjectRef{}, err
		}
	}
	ref, evidence := refs[artifact.Analysis], refs[artifact.Evidence]
	err = c.Mutate(ctx, func(r *run.Record) error {
		r.Analysis, r.Evidence = &ref, &evidence
		r.Reports = map[string]events.ObjectRef{"html": refs["html"], "markdown": refs["markdown"]}
		return nil
	})
	return ref, err
}

// document is one stored form of the result.
type document struct {
	name, ext string
	body      []byte
}

func documents(an events.Analysis) (map[string]document, error) {
	analysis, err := json.Marshal(an)
	if err != nil {
		return nil, fmt.Errorf("encode analysis: %w", err)
	}
	evidence, err := json.Marshal(an.Evidence)
	if err != nil {
		return nil, fmt.Errorf("encode evidence: %w", err)
	}
	var html, markdown bytes.Buffer
	if err := report.HTML(&html, an, report.Options{}); err != nil {
		return nil, fmt.Errorf("render report: %w", err)
	}
	if err := report.Markdown(&markdown, an, report.Options{}); err != nil {
		return nil, fmt.Errorf("render report: %w", err)
	}
	return map[string]document{
		artifact.Analysis: {artifact.Analysis, ".json", analysis},
		artifact.Evidence: {artifact.Evidence, ".json", evidence},
		"html":            {artifact.Report, ".html", html.Bytes()},
		"markdown":        {artifact.Report, ".md", markdown.Bytes()},
	}, nil
}

// put stores a document of a run, and waits for a store that is down.
func (s *Service) put(ctx context.Context, rec run.Record, d document) (events.ObjectRef, error) {
	key := artifact.DocumentKey(rec.Plan.Identity.Prefix(rec.Run), d.name, d.ext, artifact.Sum(d.body))
	ref, err := s.deps.Store.Put(ctx, key, d.body)
	if err != nil {
		return ref, bus.Wait(events.CodeStoreUnavailable, storePause, err)
	}
	return ref, nil
}
