package check_test

import (
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/claim"
	"squirrly.dev/services/analyzer/internal/claim/check"
	"squirrly.dev/services/analyzer/internal/diagnose"
	"squirrly.dev/services/analyzer/internal/input"
	"squirrly.dev/services/analyzer/internal/page"
)

// folder is where jobs with a planted fault are recorded.
var folder = filepath.Join("..", "..", "..", "..", "..", "test", "diagnosis", "recorded")

// jobs are some of them, with the mechanisms that are true of each: what was planted.
var jobs = map[string][]string{
	"sleepy-map": {"A1"}, "rocks-cache": {"C1"}, "sql-rank": {"F7"}, "generic-event": {"B1"}, "regex-enrich": {"A6"},
}

// run is a recorded job with what decides claims about it.
type run struct {
	analysis events.Analysis
	ground   *diagnose.Ground
	checker  *check.Checker
}

var runs sync.Map // by name: a job is read once

func recorded(t testing.TB, name string) run {
	t.Helper()
	if r, ok := runs.Load(name); ok {
		return r.(run) //nolint:forcetypeassert // nothing else is stored.
	}
	in, err := input.Folder(filepath.Join(folder, name, "bad"))
	if err != nil {
		t.Fatal(err)
	}
	res, err := diagnose.Diagnose(diagnose.Input{Captures: page.Read(in.Pages).Captures, Context: in.Context})
	if err != nil {
		t.Fatal(err)
	}
	r := run{res.Analysis, res.Ground(), check.New(res.Analysis, res.Ground())}
	runs.Store(name, r)
	return r
}

// agreeing is a claim that says what the first finding in frames says.
func (r run) agreeing(t testing.TB) (claim.Claim, events.Finding) {
	t.Helper()
	for _, f := range r.analysis.Findings {
		for _, o := range r.ground.Operators() {
			if f.Samples > 0 && slices.Contains(o.Findings, f.ID) {
				return claim.Claim{Operator: o.ID, Mechanism: f.Rule, Share: f.Evidence[0]}, f
			}
		}
	}
	t.Fatal("no finding lies in an operator")
	return claim.Claim{}, events.Finding{}
}

// within are the facts most of whose samples lie in an operator.
func (r run) within(operator string) []events.Fact {
	var out []events.Fact
	for _, f := range r.analysis.Evidence {
		if in, all, ok := r.ground.Within(f, operator); ok && all > 0 && 2*in >= all {
			out = append(out, f)
		}
	}
	return out
}

func relation(kind claim.Kind, a, b string) claim.Relation {
	return claim.Relation{Kind: kind, A: a, B: &b}
}
