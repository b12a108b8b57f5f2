package analyzer

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/compare"
	"squirrly.dev/services/analyzer/internal/diffgraph"
	"squirrly.dev/services/analyzer/internal/input"
)

// graphs stores the differential flame graphs of a run and its baseline, as far as its captures are still there.
func (s *Service) graphs(ctx context.Context, c *run.Claim, base reference, in input.Input, cmp *events.Comparison, of *share) error {
	if base.analysis == nil || cmp == nil || of.withoutBase {
		return nil
	}
	rec, err := s.runs.Get(ctx, base.run)
	if errors.Is(err, run.ErrNoRecord) || err == nil && rec.Artifact == nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("load the captures of the baseline: %w", err)
	}
	before, err := s.inputs(ctx, rec, *rec.Artifact, of)
	if err != nil {
		return err
	}
	diffs, err := diffgraph.Of(before.Pages, in.Pages, in.Identity.String(), compare.Load(*cmp))
	if err != nil { // said already where the pages were analyzed
		s.deps.Logger.WarnContext(ctx, "differential flame graph", "run", in.Run, "error", err)
	}
	for _, d := range diffs {
		var page bytes.Buffer
		if err := d.HTML(&page, d.Note+" Compared with run "+base.run+"."); err != nil {
			return bus.Permanent(events.CodeInternal, err)
		}
		ref, err := s.put(ctx, c.Record(), document{artifact.Diff + "-" + string(d.Mode), ".html", page.Bytes()})
		if err != nil {
			return err
		}
		cmp.Graphs = append(cmp.Graphs, events.GraphRef{Mode: d.Mode, ObjectRef: ref})
	}
	return nil
}
