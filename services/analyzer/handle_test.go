package analyzer_test

import (
	"slices"
	"strings"
	"testing"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// A run is compared with the one before: the fix helped.
func TestRun_ComparesWithTheLastRun(t *testing.T) {
	w := newWorld(t)
	w.serve()
	w.captured(run1, sleepy(), nil)
	if rec, an := w.result(run1); an.Comparison != nil || rec.Baseline == nil || rec.Baseline.Run != "" {
		t.Errorf("the first run is compared with %+v", rec.Baseline)
	}
	w.captured(run2, quick(), nil)
	rec, an := w.result(run2)
	c := an.Comparison
	if c == nil || c.BaselineRun != run1 || rec.Baseline.Run != run1 {
		t.Fatalf("compared with %+v: %v", rec.Baseline, an.Missing)
	}
	t.Log(c.Summary)
	if len(c.Graphs) != 2 || c.Graphs[0].Mode != events.ModeWall {
		t.Errorf("graphs %+v", c.Graphs)
	}
	sleep := slices.IndexFunc(c.Changes, func(x events.Comparable) bool { return x.Rule == "A1" })
	if c.Speed != events.SpeedFaster || !c.Fixed || c.Effect != events.EffectHelped || sleep < 0 {
		t.Fatalf("%+v", c)
	}
	if x := c.Changes[sleep]; x.Change != events.ChangeResolved || x.Effect != events.EffectHelped || x.Advice == "" {
		t.Errorf("%+v", x)
	}
	w.captured(run3, sleepy(), nil)
	if _, an = w.result(run3); an.Comparison.BaselineRun != run2 || an.Comparison.Effect != events.EffectWorse {
		t.Errorf("%+v", an.Comparison)
	}
	if n := len(w.requests()); n != 0 {
		t.Errorf("%d follow-ups of jobs that need none", n)
	}
}

func TestRun_ChosenBaseline(t *testing.T) {
	w := newWorld(t)
	w.serve()
	release := func(name, baseline string) func(*events.Plan) {
		return func(p *events.Plan) { p.Labels, p.Baseline = map[string]string{"release": name}, baseline }
	}
	w.captured(run1, sleepy(), release("1", ""))
	w.result(run1)
	w.captured(run2, sleepy(), release("2", events.BaselineNone))
	if _, an := w.result(run2); an.Comparison != nil {
		t.Errorf("compared with %s", an.Comparison.BaselineRun)
	}
	for i, c := range []struct{ release, baseline, want, missing string }{
		{"2", events.BaselineRelease, run1, ""},
		{"3", events.BaselineRelease, "", ""}, // whichever of another release is the newest
		{"", events.BaselineRelease, "", "no label"},
		{"3", run1, run1, ""},
		{"3", "00000000-0000-5000-8000-0000000000ff", "", "no such run of this target"},
	} {
		run := "00000000-0000-5000-8000-00000000001" + string(rune('0'+i))
		w.captured(run, sleepy(), release(c.release, c.baseline))
		_, an := w.result(run)
		got := ""
		if an.Comparison != nil {
			got = an.Comparison.BaselineRun
		}
		if c.want != "" && got != c.want || c.missing != "" && (got != "" || !strings.Contains(strings.Join(an.Missing, " "), c.missing)) {
			t.Errorf("case %d: compared with %q; missing %q", i, got, an.Missing)
		}
	}
}

// A baseline that has expired is missed and does not fail the run.
func TestRun_BaselineExpired(t *testing.T) {
	w := newWorld(t)
	w.serve()
	w.captured(run1, sleepy(), nil)
	rec, _ := w.result(run1)
	os, err := bustest.JetStream(w.Bus).ObjectStore(t.Context(), events.BucketArtifacts)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Delete(t.Context(), rec.Analysis.Key); err != nil {
		t.Fatal(err)
	}
	w.captured(run2, quick(), nil)
	if _, an := w.result(run2); an.Comparison != nil || !strings.Contains(strings.Join(an.Missing, " "), "expired") {
		t.Errorf("compared with %+v; missing %q", an.Comparison, an.Missing)
	}
}

// The follow-up asks for what would explain more, is one result with its parent, and has no follow-up itself.
func TestRun_FollowUp(t *testing.T) {
	w := newWorld(t)
	w.serve()
	w.captured(run1, quick(), nil)
	w.result(run1)
	w.captured(run2, littered(), nil)
	rec, an := w.result(run2)
	if !slices.Equal(rec.FollowUps, []events.Mode{events.ModeAlloc}) {
		t.Fatalf("follow-ups %v of %+v", rec.FollowUps, an.Findings)
	}
	w.until(run2, func(run.Record) bool { return len(w.requests()) == 1 })
	req := w.requests()[0]
	if req.Parent != run2 || req.Depth != 1 || !slices.Equal(req.Modes, rec.FollowUps) || req.Target != rec.Plan.Target {
		t.Errorf("request %+v", req)
	}

	alloc := job{busy: 0.99, records: 900, stacks: map[events.Mode]string{events.ModeAlloc: stacks(enrich+";java/lang/Long", 300)}}
	w.captured(run3, alloc, func(p *events.Plan) { p.Parent, p.Depth = req.Parent, req.Depth })
	rec, an = w.result(run3)
	var modes []events.Mode
	for _, c := range an.Captures {
		modes = append(modes, c.Mode)
	}
	if !slices.Equal(modes, []events.Mode{events.ModeWall, events.ModeITimer, events.ModeAlloc}) || an.Verdict.VertexName != "enrich" {
		t.Errorf("captures %v, verdict %s", modes, an.Verdict.Headline)
	}
	if an.Parent != run2 {
		t.Errorf("parent %q", an.Parent)
	}
	if an.Comparison == nil || an.Comparison.BaselineRun != run1 || rec.FollowUps != nil || len(w.requests()) != 1 {
		t.Errorf("compared with %+v, follow-ups %v", an.Comparison, rec.FollowUps)
	}
}

// Wherever a worker dies, the next one goes on: one recommendation, one follow-up, the same baseline.
func TestRun_KilledAnywhere(t *testing.T) {
	w := newWorld(t)
	stop := w.serve()
	w.captured(run1, sleepy(), nil)
	w.result(run1)
	w.captured(run2, littered(), nil)
	whole, _ := w.result(run2)
	w.until(run2, func(run.Record) bool { return len(w.requests()) == 1 })
	w.captured(run3, quick(), func(p *events.Plan) { p.Baseline = events.BaselineNone }) // a later run changes nothing
	w.result(run3)
	stop()

	for name, step := range map[string]func(*run.Record){
		"after the baseline was chosen": func(r *run.Record) {
			r.State, r.Analysis, r.Evidence, r.Reports, r.FollowUps = events.StateAnalyzing, nil, nil, nil, nil
		},
		"after the analysis was stored": func(r *run.Record) { r.State = events.StateAnalyzing },
		"after the record was finished": func(*run.Record) {},
		"before anything was in the record": func(r *run.Record) {
			r.State, r.Artifact = events.StateCaptured, whole.Artifact
			r.Analysis, r.Evidence, r.Reports, r.FollowUps = nil, nil, nil, nil
		},
	} {
		w.rewind(run2, step)
		stop := w.serve()
		rec := w.until(run2, func(r run.Record) bool { return r.State == events.StateAnalyzed && r.Owner == "" && w.settled() })
		stop()
		if rec.Baseline.Run != run1 || !slices.Equal(rec.FollowUps, whole.FollowUps) || rec.Analysis == nil {
			t.Errorf("%s: baseline %+v, follow-ups %v", name, rec.Baseline, rec.FollowUps)
		}
		if n := len(w.requests()); n != 1 {
			t.Errorf("%s: %d requests", name, n)
		}
		if n := w.facts(orders.Subject(events.TypeRecommendationReady, run2)); n != 1 {
			t.Errorf("%s: %d recommendations", name, n)
		}
	}
}
