package analyzer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"squirrly.dev/internal/bus"
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
func (s *Service) baseline(ctx context.Context, c *bus.Claim) (reference, error) {
	rec := c.Record()
	if rec.Baseline == nil {
		chosen, err := s.chooseBaseline(ctx, rec)
		if err != nil {
			return reference{}, err
		}
		if err := c.Mutate(ctx, func(r *bus.Record) error { r.Baseline = &chosen; return nil }); err != nil {
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
func (s *Service) chooseBaseline(ctx context.Context, rec bus.Record) (bus.Baseline, error) {
	want := rec.Plan.Baseline
	if rec.Plan.Parent != "" {
		parent, err := s.deps.Bus.Runs.Get(ctx, rec.Plan.Parent)
		if err == nil && parent.Baseline != nil {
			return *parent.Baseline, nil
		}
		if err != nil && !errors.Is(err, bus.ErrNoRecord) {
			return bus.Baseline{}, fmt.Errorf("find the baseline: %w", err)
		}
	}
	switch want {
	case events.BaselineNone:
		return bus.Baseline{}, nil
	case "", events.BaselineLast, events.BaselineRelease:
		return s.earlierRun(ctx, rec, want)
	}
	return s.namedRun(ctx, rec, want)
}

// namedRun takes the run that was asked for, of the same target: results of others are not told here.
func (s *Service) namedRun(ctx context.Context, rec bus.Record, run string) (bus.Baseline, error) {
	other, err := s.deps.Bus.Runs.Get(ctx, run)
	switch {
	case errors.Is(err, bus.ErrNoRecord), err == nil && other.Plan.Identity.Key() != rec.Plan.Identity.Key():
		return bus.Baseline{Missing: fmt.Sprintf("The baseline run %s: there is no such run of this target.", run)}, nil
	case err != nil:
		return bus.Baseline{}, fmt.Errorf("find the baseline: %w", err)
	case other.Analysis == nil || run == rec.Run:
		return bus.Baseline{Missing: fmt.Sprintf("The baseline run %s: it has no analysis.", run)}, nil
	}
	return bus.Baseline{Run: run, Analysis: other.Analysis}, nil
}

// earlierRun takes the newest analyzed run of the target, of another release if that is asked for.
func (s *Service) earlierRun(ctx context.Context, rec bus.Record, want string) (bus.Baseline, error) {
	latest, err := s.deps.Bus.Runs.Latest(ctx, rec.Plan.Identity.Key())
	if err != nil {
		return bus.Baseline{}, fmt.Errorf("find the baseline: %w", err)
	}
	release := rec.Plan.Labels[events.LabelRelease]
	if want == events.BaselineRelease && release == "" {
		return bus.Baseline{Missing: "A run of an earlier release: this one has no label \"release\"."}, nil
	}
	for _, run := range latest {
		other, err := s.deps.Bus.Runs.Get(ctx, run)
		if err != nil && !errors.Is(err, bus.ErrNoRecord) {
			return bus.Baseline{}, fmt.Errorf("find the baseline: %w", err)
		}
		its := other.Plan.Labels[events.LabelRelease]
		fits := want != events.BaselineRelease || its != "" && its != release
		if err == nil && run != rec.Run && other.Analysis != nil && fits {
			return bus.Baseline{Run: run, Analysis: other.Analysis}, nil
		}
	}
	if want == "" {
		return bus.Baseline{}, nil // the first run of a target
	}
	return bus.Baseline{Missing: "An earlier run to compare with (" + want + "): there is none."}, nil
}
