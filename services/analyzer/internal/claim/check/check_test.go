package check_test

import (
	"testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/claim"
	"squirrly.dev/services/analyzer/internal/claim/check"
)

// TestRelations decides relations of a job that ranks rows: its plan is Source -> Rank -> Writer.
func TestRelations(t *testing.T) {
	r := recorded(t, "sql-rank")
	const rank, state = "AppendOnlyTopNFunction.processElement", "RocksDBMapState$RocksDBMapIterator.loadCache"
	for _, c := range []struct {
		relation claim.Relation
		want     check.Verdict
	}{
		{relation(claim.PartOf, state, rank), check.Holds},
		{relation(claim.PartOf, "F1", "no.such.Frame"), check.Refuted},
		{relation(claim.PartOf, "F99", "F1"), check.Refuted},
		{relation(claim.PartOf, "F1", "F1"), check.Undecided},
		{relation(claim.PartOf, "V1", "V2"), check.Undecided},
		{relation(claim.CalledBy, state, rank), check.Holds},
		{relation(claim.CalledBy, rank, state), check.Refuted},
		{relation(claim.CalledBy, state, "LegacySourceFunctionThread.run"), check.Refuted},
		{relation(claim.LargerThan, "V2", "F1"), check.Undecided},
		{relation(claim.LargerThan, "F1", "F1"), check.Refuted},
		{relation(claim.Feeds, "V1", "V2"), check.Holds},
		{relation(claim.Feeds, "V2", "V1"), check.Refuted},
		{relation(claim.Feeds, "V1", "V1"), check.Refuted},
		{relation(claim.WaitsFor, "V1", "V2"), check.Holds},
		{relation(claim.WaitsFor, "V2", "V1"), check.Refuted},
		{claim.Relation{Kind: claim.Absent, A: rank}, check.Refuted},
		{claim.Relation{Kind: claim.Absent, A: "rule F7"}, check.Refuted},
		{claim.Relation{Kind: claim.Absent, A: "rule Z99"}, check.Refuted},
		{claim.Relation{Kind: claim.Absent, A: "rule A1"}, check.Holds},
		{relation(claim.Configured, "taskmanager.phantom", "true"), check.Refuted},
		{claim.Relation{Kind: claim.Feeds, A: "V1"}, check.Undecided},
		{relation("causes", "V1", "V2"), check.Refuted},
	} {
		if got := r.checker.Relation(c.relation); got.Verdict != c.want || got.Text == "" {
			b := "-"
			if c.relation.B != nil {
				b = *c.relation.B
			}
			t.Errorf("%s %s %s: %s, want %s: %s", c.relation.Kind, c.relation.A, b, got.Verdict, c.want, got.Text)
		}
	}
}

func TestClaims(t *testing.T) {
	for name := range jobs {
		r := recorded(t, name)
		agrees, f := r.agreeing(t)
		if j := r.checker.Claim(agrees); j.Verdict != check.Holds || j.Agrees != f.ID {
			t.Errorf("%s: the rules' own claim is %s: %s", name, j.Verdict, j.Text)
		}
		for what, change := range map[string]func(*claim.Claim){
			"operator":  func(c *claim.Claim) { c.Operator = "O99" },
			"mechanism": func(c *claim.Claim) { c.Mechanism = "Z99" },
			"share":     func(c *claim.Claim) { c.Share = "F999" },
			"relation":  func(c *claim.Claim) { c.Because = []claim.Relation{relation(claim.PartOf, c.Share, "no.such.Frame")} },
		} {
			c := agrees
			change(&c)
			if j := r.checker.Claim(c); j.Verdict != check.Refuted || j.Agrees != "" || j.Text == "" {
				t.Errorf("%s: a claim with another %s is %s: %s", name, what, j.Verdict, j.Text)
			}
		}
	}
}

// TestOutcome: what an answer adds never touches what the rules found.
func TestOutcome(t *testing.T) {
	r := recorded(t, "sleepy-map")
	c, f := r.agreeing(t)
	doubting := claim.Claim{Operator: c.Operator, Mechanism: "C1", Share: c.Share, Doubts: &f.ID, Reading: new("It is the state.")}
	out := r.checker.Answer(claim.Answer{Claims: []claim.Claim{c, doubting}})
	if out.Claims != (events.Claims{Verified: 1, Dropped: 1, Refuted: 1}) || len(out.Agrees) != 1 || out.Supported != nil {
		t.Errorf("%+v", out)
	}
	if len(out.Doubts) != 1 || out.Doubts[0].Finding != f.ID || len(out.Readings) != 1 || len(out.Unverified) != 1 {
		t.Errorf("doubts %+v, readings %+v, unverified %q", out.Doubts, out.Readings, out.Unverified)
	}
}
