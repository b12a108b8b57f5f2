package check_test

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"
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

// recorded is a job with its fault, or of the name "job/good" with its fix. Those of "jobs/"
// are of jobs that others wrote.
func recorded(t testing.TB, name string) run {
	t.Helper()
	if r, ok := runs.Load(name); ok {
		return r.(run) //nolint:forcetypeassert // nothing else is stored.
	}
	dir, variant, _ := strings.Cut(name, "/")
	where := filepath.Join(folder, dir, cmp.Or(variant, "bad"))
	if dir == "jobs" {
		where = filepath.Join("..", "..", "operators", "testdata", name)
	}
	in, err := input.Folder(where)
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

// which is the id of the first fact that is of some kind.
func (r run) which(t testing.TB, is func(f *events.Fact) bool) string {
	t.Helper()
	for i := range r.analysis.Evidence {
		if is(&r.analysis.Evidence[i]) {
			return r.analysis.Evidence[i].ID
		}
	}
	t.Fatal("the recording has no such fact")
	return ""
}

// line is a fact of a call tree about a frame.
func (r run) line(t testing.TB, mode events.Mode, frame string) string {
	t.Helper()
	return r.which(t, func(f *events.Fact) bool {
		return f.ID[0] == 'T' && f.Mode == mode && strings.HasSuffix(f.Frame, frame)
	})
}

// idle is a fact about samples of WALL that are idle by a path, or by any.
func (r run) idle(t testing.TB, path string) string {
	t.Helper()
	return r.which(t, func(f *events.Fact) bool {
		return f.Mode == events.ModeWall && f.Count != nil && f.Count.Idle == path && f.Count.Root == ""
	})
}

func relation(kind claim.Kind, a, b string) claim.Relation {
	return claim.Relation{Kind: kind, A: a, B: &b}
}
