package check_test

import (
	"slices"
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/claim"
	"squirrly.dev/services/analyzer/internal/claim/check"
	"squirrly.dev/services/analyzer/internal/diagnose"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// open is a run about which the rules say less: at one operator, more is possible.
type open struct {
	*diagnose.Ground
	operators []diagnose.Operator
}

func (o open) Operators() []diagnose.Operator { return o.operators }

// opened makes mechanisms possible at the operator of the first finding, which the rules are silent about. Each is carried by the
// samples of the finding.
func opened(t testing.TB, name string, ids ...string) (run, claim.Claim) {
	t.Helper()
	r := recorded(t, name)
	c, found := r.agreeing(t)
	o := open{r.ground, slices.Clone(r.ground.Operators())}
	for i := range o.operators {
		if o.operators[i].ID != c.Operator {
			continue
		}
		o.operators[i].Findings, o.operators[i].Possible = nil, nil
		for _, id := range ids {
			f := found
			m := mechanisms.Default().Mechanism(id)
			f.ID, f.Rule, f.Title, f.Severity, f.Alternatives = "", id, m.Title, events.SeverityCritical, nil
			f.Recommendation = events.Recommendation{Change: m.Changes[0].Do, Why: m.Changes[0].Why, Effort: m.Changes[0].Effort}
			o.operators[i].Possible = append(o.operators[i].Possible, diagnose.Possible{
				Mechanism: id, Share: 0.5, Samples: found.Samples, Why: "It is below its threshold.", Finding: f,
			})
		}
	}
	a := r.analysis
	a.Findings = nil
	r.analysis, r.checker = a, check.New(a, o)
	c.Mechanism = ids[0]
	return r, c
}

// TestSupported: one claim of what is possible becomes a finding that is not proven, with what else it may be.
func TestSupported(t *testing.T) {
	r, c := opened(t, "rocks-cache", "C1", "C2")
	j := r.checker.Claim(c)
	if j.Verdict != check.Undecided || j.Finding == nil {
		t.Fatalf("%s: %s", j.Verdict, j.Text)
	}
	out := r.checker.Answer(claim.Answer{Claims: []claim.Claim{c, c}})
	f := out.Supported
	if f == nil || f.ID != "L1" || f.Proven() || f.Severity != events.SeverityWarning || f.Origin != events.OriginLLM || out.Claims.Verified != 1 {
		t.Fatalf("%+v, claims %+v", f, out.Claims)
	}
	if n := len(f.Alternatives); n != 1 || !strings.HasPrefix(f.Alternatives[0].When, "It may also be Writes of RocksDB state (C2)") {
		t.Errorf("alternatives %+v", f.Alternatives)
	}
	rival := c
	rival.Mechanism = "C2"
	out = r.checker.Answer(claim.Answer{Claims: []claim.Claim{c, rival}})
	if out.Supported != nil || out.Claims != (events.Claims{Dropped: 2, Undecided: 2}) || len(out.Unverified) != 2 {
		t.Errorf("two causes of the same samples: %+v", out)
	}
}

// TestSettings: what a claim sets is told when its mechanism sets it that way, and it does no harm.
func TestSettings(t *testing.T) {
	r, c := opened(t, "rocks-cache", "C1")
	const bloom = "state.backend.rocksdb.use-bloom-filter"
	for what, ch := range map[string]claim.Change{
		"a key of no mechanism":   {Kind: claim.Set, Key: new("taskmanager.numberOfTaskSlots"), Value: new("64")},
		"a key that is none":      {Kind: claim.Set, Key: new("taskmanager.phantom"), Value: new("1")},
		"a text":                  {Kind: claim.Set, Key: new("env.java.opts.all"), Value: new("-Xint")},
		"no key":                  {Kind: claim.Raise},
		"a switch turned off":     {Kind: claim.Set, Key: new(bloom), Value: new("false")},
		"a switch lowered":        {Kind: claim.Lower, Key: new(bloom)},
		"code that no page has":   {Kind: claim.Code, Frame: new("com.acme.Phantom.map")},
		"code of Flink":           {Kind: claim.Code, Frame: new("org.apache.flink.runtime.taskmanager.Task.run")},
		"an operator of no run":   {Kind: claim.Plan, Operator: new("O99")},
		"a kind that is not one":  {Kind: "delete"},
		"a value of another type": {Kind: claim.Set, Key: new(bloom), Value: new("7blue")},
	} {
		one := c
		one.Changes = []claim.Change{ch}
		j := r.checker.Claim(one)
		if d := j.Changes[0]; d.Verdict != check.Refuted || d.New != nil || strings.Contains(d.Text, "hantom") || strings.Contains(d.Text, "7blue") {
			t.Errorf("%s: %s: %s", what, d.Verdict, d.Text)
		}
	}
	twice := claim.Change{Kind: claim.Set, Key: new(bloom), Value: new("true")}
	for n, want := range map[int]check.Verdict{1: check.Undecided, 2: check.Refuted} { // whether it helps is not known; twice is no setting
		one := c
		for range n {
			one.Changes = append(one.Changes, twice)
		}
		if j := r.checker.Claim(one); j.Changes[0].Verdict != want {
			t.Errorf("%d times: %s: %s", n, j.Changes[0].Verdict, j.Changes[0].Text)
		}
	}
}
