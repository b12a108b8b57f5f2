package llmtest

import (
	"net/http"
	"slices"
	"sync/atomic"
)

// Limits of one answer, as the form of claims has them.
const (
	maxClaims  = 20
	maxChanges = 10
)

// Shotgun claims everything: answer by answer it steps through all pairs of a mechanism and an operator, with changes of every
// key in every direction and with doubts about every finding.
func Shotgun() Behaviour {
	var step atomic.Int64
	return func(w http.ResponseWriter, req Request) {
		text, _ := ShotgunAnswer(req, int(step.Add(1))-1)
		complete(w, req, text)
	}
}

// ShotgunAnswer is the answer of one step, which goes round after the last, and how many steps there are. The first ones claim
// what the prompt calls possible.
func ShotgunAnswer(req Request, step int) (text string, steps int) {
	s := read(req)
	all := s.pairs()
	if len(all) == 0 {
		return answer{Observations: []observation{{Reading: "Everything is slow."}}}.text(), 1
	}
	steps = (len(all) + maxClaims - 1) / maxClaims
	from := step % steps * maxClaims
	var a answer
	for i, p := range all[from:min(from+maxClaims, len(all))] {
		c := claim{Operator: p.operator, Mechanism: p.mechanism, Share: s.shareOf(p), Changes: s.everything((from + i) * maxChanges)}
		if len(s.findings) > 0 {
			c.Doubts = &s.findings[(from+i)%len(s.findings)].id
		}
		a.Claims = append(a.Claims, c)
	}
	return a.text(), steps
}

// pairs are all mechanisms at all operators, the possible ones first, operator by operator so that one answer chooses among
// several at one of them.
func (s *sheet) pairs() []possibleRow {
	out := slices.Clone(s.possible)
	seen := map[[2]string]bool{}
	for _, p := range out {
		seen[[2]string{p.operator, p.mechanism}] = true
	}
	for _, o := range s.operators {
		for _, m := range s.enum {
			if !seen[[2]string{o.id, m}] {
				out = append(out, possibleRow{operator: o.id, mechanism: m})
			}
		}
	}
	return out
}

// shareOf is a fact that suits a claim: one of what is possible, else the largest line in the operator, else any.
func (s *sheet) shareOf(p possibleRow) string {
	if share, ok := s.measures(p.facts); ok {
		return share
	}
	best := treeRow{share: -1}
	for _, t := range s.lines {
		if t.operator == p.operator && t.share > best.share {
			best = t
		}
	}
	if best.id == "" && len(s.lines) > 0 {
		best = s.lines[0]
	}
	return best.id
}

// everything is a part of all changes: of every key, to every value that may do harm, and in both directions.
func (s *sheet) everything(from int) []change {
	var all []change
	for _, k := range s.keys {
		all = append(all, turn("raise", k.key), turn("lower", k.key))
		for _, value := range harmful(k.kind) {
			all = append(all, set(k.key, value))
		}
	}
	var out []change
	for i := range min(maxChanges, len(all)) {
		out = append(out, all[(from+i)%len(all)])
	}
	return out
}

// harmful are values of a type that a job should not have.
func harmful(kind string) []string {
	switch kind {
	case "Boolean":
		return []string{"true", "false"}
	case "Duration":
		return []string{"0 ms", "1 ms", "365 d"}
	case "MemorySize":
		return []string{"0 b", "1 b", "1 tb"}
	}
	return []string{"0", "-1", "0.99", "1000000"}
}

// SingleShots claims one possible mechanism an answer, the best that a model without knowledge can do: where several are claimed
// at once, nothing is chosen.
func SingleShots() Behaviour {
	var step atomic.Int64
	return func(w http.ResponseWriter, req Request) {
		s := read(req)
		i := int(step.Add(1)) - 1
		if len(s.possible) == 0 {
			complete(w, req, answer{Observations: []observation{{Reading: "Nothing is possible."}}}.text())
			return
		}
		p := s.possible[i%len(s.possible)]
		c := claim{Operator: p.operator, Mechanism: p.mechanism, Share: s.shareOf(p), Changes: s.everything(i * maxChanges)}
		complete(w, req, one(c).text())
	}
}

// PossibleClaims is how many mechanisms a prompt calls possible, each at an operator.
func PossibleClaims(req Request) int { return len(read(req).possible) }
