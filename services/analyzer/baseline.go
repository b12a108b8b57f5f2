package analyzer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// reference is the run that a run is compared with, as far as it can still be read.
type reference struct {
	run      string
	analysis *events.Analysis // nil: nothing to compare with
	missing  string           // why not, when one was asked for
}

// baseline loads the run to compare with. It is chosen at the first claim and kept in the record, so that a takeover,
// or a run that is analyzed meanwhile, changes nothing.
func (s *Service) baseline(ctx context.Context, c *run.Claim) (reference, error) {
	rec := c.Record()
	if rec.Baseline == nil {
		chosen, err := s.chooseBaseline(ctx, rec)
		if err != nil {
			return reference{}, err
		}
		if err := c.Mutate(ctx, func(r *run.Record) error { r.Baseline = &chosen; return nil }); err != nil {
			return reference{}, err
		}
		rec = c.Record()
	}
	ref := reference{run: rec.Baseline.Run, missing: rec.Baseline.Missing}
	if rec.Baseline.Analysis == nil {
		return ref, nil
	}
	body, err := s.read(ctx, s.deps.Store.Get, *rec.Baseline.Analysis, maxAnalysis)
	if err != nil && !isLost(err) {
		return ref, err
	}
	ref.analysis = decodeAnalysis(body)
	if ref.analysis == nil {
		ref.missing = fmt.Sprintf("The analysis of run %s, with which this one should be compared: it has expired.", ref.run)
	}
	return ref, nil
}

// decodeAnalysis returns nil for what cannot be read.
func decodeAnalysis(body []byte) *events.Analysis {
	var an events.Analysis
	if err := json.Unmarshal(body, &an); err != nil {
		return nil
	}
	return &an
}

// chooseBaseline finds the run that the plan asks for. A follow-up has that of the run that it follows up: the two are
// one result.
func (s *Service) chooseBaseline(ctx context.Context, rec run.Record) (run.Baseline, error) {
	want := rec.Plan.Baseline
	if rec.Plan.Parent != "" {
		parent, err := s.runs.GetNamed(ctx, rec.Plan.Parent)
		if err == nil && parent.Baseline != nil {
			return *parent.Baseline, nil
		}
		if err != nil && !errors.Is(err, run.ErrNoRecord) {
			return run.Baseline{}, fmt.Errorf("find the baseline: %w", err)
		}
	}
	switch want {
	case events.BaselineNone:
		return run.Baseline{}, nil
	case "", events.BaselineLast, events.BaselineRelease:
		return s.earlierRun(ctx, rec, want)
	}
	return s.namedRun(ctx, rec, want)
}

// namedRun takes the run that was asked for, of the same target: results of others are not told here.
func (s *Service) namedRun(ctx context.Context, rec run.Record, id string) (run.Baseline, error) {
	other, err := s.runs.Get(ctx, id)
	switch {
	case errors.Is(err, run.ErrNoRecord), err == nil && other.Plan.Identity.Key() != rec.Plan.Identity.Key():
		return run.Baseline{Missing: fmt.Sprintf("The baseline run %s: there is no such run of this target.", id)}, nil
	case err != nil:
		return run.Baseline{}, fmt.Errorf("find the baseline: %w", err)
	case other.Analysis == nil || id == rec.Run:
		return run.Baseline{Missing: fmt.Sprintf("The baseline run %s: it has no analysis.", id)}, nil
	}
	return run.Baseline{Run: id, Analysis: other.Analysis}, nil
}

// earlierRun takes the newest analyzed run of the target, of another release if that is asked for.
func (s *Service) earlierRun(ctx context.Context, rec run.Record, want string) (run.Baseline, error) {
	latest, err := s.runs.Latest(ctx, rec.Plan.Identity.Key())
	if err != nil {
		return run.Baseline{}, fmt.Errorf("find the baseline: %w", err)
	}
	release := rec.Plan.Labels[events.LabelRelease]
	if want == events.BaselineRelease && release == "" {
		return run.Baseline{Missing: "A run of an earlier release: this one has no label \"release\"."}, nil
	}
	for _, id := range latest {
		other, err := s.runs.Get(ctx, id)
		if err != nil && !errors.Is(err, run.ErrNoRecord) {
			return run.Baseline{}, fmt.Errorf("find the baseline: %w", err)
		}
		its := other.Plan.Labels[events.LabelRelease]
		fits := want != events.BaselineRelease || its != "" && its != release
		if err == nil && id != rec.Run && other.Analysis != nil && fits {
			return run.Baseline{Run: id, Analysis: other.Analysis}, nil
		}
	}
	if want == "" {
		return run.Baseline{}, nil // the first run of a target
	}
	return run.Baseline{Missing: "An earlier run to compare with (" + want + "): there is none."}, nil
}
