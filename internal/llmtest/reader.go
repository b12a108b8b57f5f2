package llmtest

import (
	"slices"
)

// Honest answers as [HonestAnswer].
func Honest() Behaviour { return replies(HonestAnswer) }

// HonestAnswer is what a reader says who reads the prompt alone and says nothing that it does not show. It is one program for
// all jobs: it agrees with the findings of the rules, and at an operator that limits and that they leave unexplained it takes
// the largest of what is possible. It knows nothing of Flink, so it is a test of the path and no measure of a model.
func HonestAnswer(req Request) string { return read(req).honest().text() }

// atMost is how many claims the honest reader makes.
const atMost = 6

func (s *sheet) honest() answer {
	var a answer
	for _, f := range s.findings {
		share, ok := s.measures(f.facts)
		if !ok || len(f.operators) == 0 || len(a.Claims) == atMost {
			continue
		}
		a.Claims = append(a.Claims, claim{
			Operator: f.operators[0], Mechanism: f.mechanism, Share: share, Because: s.because(share), Changes: sets(f.settings),
		})
	}
	if p, ok := s.best(); ok {
		if share, ok := s.measures(p.facts); ok {
			a.Claims = append(a.Claims, claim{
				Operator: p.operator, Mechanism: p.mechanism, Share: share, Because: s.because(share), Changes: sets(p.settings),
			})
		}
	}
	a.Observations = s.remarks()
	if len(a.Claims)+len(a.Observations) == 0 {
		a.Observations = []observation{{nil, "Nothing stands out."}}
	}
	return a
}

// best is the largest possible mechanism at an operator that limits and has no finding that is as large.
func (s *sheet) best() (possibleRow, bool) {
	var best possibleRow
	for _, o := range s.operators {
		if !o.limits {
			continue
		}
		explained := 0.0
		for _, f := range s.findings {
			if slices.Contains(f.operators, o.id) {
				explained = max(explained, f.share)
			}
		}
		for _, p := range s.possible {
			if p.operator == o.id && p.share > max(explained, best.share) {
				best = p
			}
		}
	}
	return best, best.mechanism != ""
}

// measures is the first of some facts that is a line of a call tree, or else a fact about time.
func (s *sheet) measures(ids []string) (string, bool) {
	for _, id := range ids {
		if _, ok := s.line(id); ok {
			return id, true
		}
	}
	for _, id := range ids {
		if len(id) > 1 && id[0] == 'F' {
			return id, true
		}
	}
	return "", false
}

// because says of a line of a call tree that it is part of the line above it.
func (s *sheet) because(share string) []relation {
	t, ok := s.line(share)
	if !ok || t.parent == "" {
		return nil
	}
	return []relation{rel("part_of", t.id, t.parent)}
}

// remarks are what the plan shows.
func (s *sheet) remarks() []observation {
	var out []observation
	for _, e := range s.edges[:min(1, len(s.edges))] {
		out = append(out, observation{[]relation{rel("feeds", e[0], e[1])}, "Records go from " + e[0] + " to " + e[1] + "."})
	}
	return out
}

func sets(settings [][2]string) []change {
	var out []change
	for _, kv := range settings {
		out = append(out, set(kv[0], kv[1]))
	}
	return out
}
