package analyzer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/report"
	"squirrly.dev/pkg/events"
)

// reportURL is where people read the report of a run; empty when it is not configured.
func (c Config) reportURL(run string) string { return strings.ReplaceAll(c.ReportURL, "{run}", run) }

// store keeps evidence, analysis and reports, and notes them in the record.
func (s *Service) store(ctx context.Context, c *bus.Claim, an events.Analysis) (events.ObjectRef, error) {
	if err := c.Mutate(ctx, progress("storing the result", 95)); err != nil {
		return events.ObjectRef{}, err
	}
	docs, err := documents(an)
	if err != nil {
		return events.ObjectRef{}, bus.Permanent(events.CodeInternal, err)
	}
	refs := map[string]events.ObjectRef{}
	for name, d := range docs {
		if refs[name], err = s.put(ctx, an, d); err != nil {
			return events.ObjectRef{}, err
		}
	}
	ref, evidence := refs[artifact.Analysis], refs[artifact.Evidence]
	err = c.Mutate(ctx, func(r *bus.Record) error {
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
	if err := report.HTML(&html, an); err != nil {
		return nil, fmt.Errorf("render report: %w", err)
	}
	if err := report.Markdown(&markdown, an); err != nil {
		return nil, fmt.Errorf("render report: %w", err)
	}
	return map[string]document{
		artifact.Analysis: {artifact.Analysis, ".json", analysis},
		artifact.Evidence: {artifact.Evidence, ".json", evidence},
		"html":            {artifact.Report, ".html", html.Bytes()},
		"markdown":        {artifact.Report, ".md", markdown.Bytes()},
	}, nil
}

func (s *Service) put(ctx context.Context, an events.Analysis, d document) (events.ObjectRef, error) {
	key := artifact.DocumentKey(an.Identity.Prefix(an.Run), d.name, d.ext, artifact.Sum(d.body))
	ref, err := s.deps.Store.Put(ctx, key, d.body)
	if err != nil {
		return ref, bus.Wait(events.CodeStoreUnavailable, storePause, err)
	}
	return ref, nil
}
