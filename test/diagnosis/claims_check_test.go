package diagnosis_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"squirrly.dev/services/analyzer"
	"squirrly.dev/test/oracle/claims"
)

// mostOpen is how many of the false claims may be undecided: who waits for another thread no page tells, what the code of a job
// configures no context, and samples of two modes are not the same ones.
const mostOpen = 20

// No false claim about a recording holds, of the true ones at most one in twenty is refuted, and nearly all are decided.
func TestClaims_Checked(t *testing.T) {
	all, err := claims.Generate(claimRuns(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	verdicts := checked(t, all)
	lost, open := 0, 0
	for i := range all {
		c, v := &all[i], verdicts[i]
		text, err := json.Marshal(c.Claim)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case !c.True && v == analyzer.ClaimHolds:
			t.Errorf("false, and holds: %s, %s, %s: %s", c.Run, c.Kind, c.How, text)
		case !c.True && v == analyzer.ClaimUndecided:
			open++
		case c.True && v == analyzer.ClaimRefuted:
			lost++
			t.Logf("true, and refuted: %s, %s, %s: %s", c.Run, c.Kind, c.How, text)
		}
	}
	if lost*20 > len(all)/2 {
		t.Errorf("%d true claims are refuted", lost)
	}
	if open > mostOpen {
		t.Errorf("%d false claims are undecided", open)
	}
	t.Log(claimTable(all, verdicts))
}

// mostClaims is how many one list of claims may have.
const mostClaims = 20

// checked is what becomes of each claim: of its relation or its change, where that is what it is about. Those of a run are
// checked together, except those that name what there is not: they are refused with all that stand beside them.
func checked(t *testing.T, all []claims.Case) []string {
	t.Helper()
	s, err := analyzer.New(analyzer.Config{LLM: analyzer.LLMConfig{Provider: analyzer.ProviderRules}}, analyzer.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	together := map[string][]int{}
	for i := range all {
		key := all[i].Run
		if all[i].How == claims.Unknown {
			key = fmt.Sprintf("%s alone %d", key, i)
		}
		together[key] = append(together[key], i)
	}
	out := make([]string, len(all))
	for _, of := range together {
		for some := range slices.Chunk(of, mostClaims) {
			check(t, s, all, some, out)
		}
	}
	return out
}

func check(t *testing.T, s *analyzer.Service, all []claims.Case, of []int, out []string) {
	t.Helper()
	run := all[of[0]].Run
	in, err := analyzer.Folder("recorded/" + run)
	if err != nil {
		t.Fatal(err)
	}
	var list []claims.Claim
	for _, i := range of {
		list = append(list, all[i].Claim)
	}
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.CheckClaims(in, text)
	if errors.Is(err, analyzer.ErrClaims) && len(of) == 1 {
		out[of[0]] = analyzer.ClaimRefuted
		return
	}
	if err != nil {
		t.Fatalf("%s: %v", run, err)
	}
	for n, i := range of {
		out[i] = verdictOn(t, &all[i], &res.Claims[n])
	}
}

func verdictOn(t *testing.T, c *claims.Case, is *analyzer.CheckedClaim) string {
	t.Helper()
	switch {
	case c.Kind == claims.Whole:
		return is.Verdict
	case c.Kind == claims.Setting && len(is.Changes) == 0:
		return analyzer.ClaimRefuted // with its claim
	case c.Kind == claims.Setting:
		return is.Changes[0].Verdict
	}
	if !c.True && is.Verdict == analyzer.ClaimHolds {
		t.Errorf("%s holds for a reason that is none: %s", c.Run, is.Relations[0].Text)
	}
	return is.Relations[0].Verdict
}

// claimTable counts the verdicts of each kind.
func claimTable(all []claims.Case, verdicts []string) string {
	var b strings.Builder
	b.WriteString("\n| kind | true: holds, undecided, refuted | false: holds, undecided, refuted |\n|---|---|---|\n")
	names := []string{analyzer.ClaimHolds, analyzer.ClaimUndecided, analyzer.ClaimRefuted}
	for _, kind := range claims.Kinds() {
		var n [2][3]int
		for i := range all {
			if all[i].Kind != kind {
				continue
			}
			row := 1
			if all[i].True {
				row = 0
			}
			n[row][slices.Index(names, verdicts[i])]++
		}
		fmt.Fprintf(&b, "| `%s` | %d, %d, %d | %d, %d, %d |\n", kind, n[0][0], n[0][1], n[0][2], n[1][0], n[1][1], n[1][2])
	}
	return b.String()
}
