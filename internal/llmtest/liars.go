package llmtest

import (
	"fmt"
	"slices"
	"strings"
)

// Liar answers falsely in the right form.
type Liar struct {
	Name string
	// Silent are words that must stand nowhere but in readings: not in a finding, the verdict, a doubt, or what was not verified.
	Silent []string
	// Unsaid are words that must not stand in readings either.
	Unsaid []string
	// Idle: nothing of it may be taken. No finding, no alternative and no setting comes of it.
	Idle bool

	make func(s *sheet) answer
}

// Answer is the lie about a prompt. It is empty when the prompt leaves no room for it: the behaviour then says nothing.
func (l Liar) Answer(req Request) string {
	a := l.make(read(req))
	if len(a.Claims) == 0 && len(a.Observations) == 0 {
		return ""
	}
	return a.text()
}

// Behaviour answers with the lie, or with a remark where there is no room for one.
func (l Liar) Behaviour() Behaviour {
	return replies(func(req Request) string {
		if text := l.Answer(req); text != "" {
			return text
		}
		return answer{Observations: []observation{{Reading: "Nothing."}}}.text()
	})
}

// Mark is in every name, key and word that the liars make up.
const Mark = "Phantom"

// Liars are all ways to lie.
func Liars() []Liar {
	return slices.Concat(claimLies, relationLies, changeLies, readingLies)
}

// phantom is a frame that no page has.
const phantom = "com.acme." + Mark + ".map"

// one is an answer of one claim.
func one(c claim) answer { return answer{Claims: []claim{c}} }

// each makes a claim of every finding of the rules and every possible mechanism that the prompt shows, and changes it.
func (s *sheet) each(change func(c *claim) bool) answer {
	var a answer
	add := func(operator, mechanism string, facts []string, settings [][2]string) {
		share, ok := s.measures(facts)
		if !ok || len(a.Claims) == maxClaims {
			return
		}
		c := claim{Operator: operator, Mechanism: mechanism, Share: share, Because: s.because(share), Changes: sets(settings)}
		if change(&c) {
			a.Claims = append(a.Claims, c)
		}
	}
	for _, f := range s.findings {
		if len(f.operators) > 0 {
			add(f.operators[0], f.mechanism, f.facts, f.settings)
		}
	}
	for _, p := range s.possible {
		add(p.operator, p.mechanism, p.facts, p.settings)
	}
	return a
}

// held reports whether the prompt shows a mechanism at an operator, as found or as possible.
func (s *sheet) held(operator, mechanism string) bool {
	return slices.ContainsFunc(s.findings, func(f findingRow) bool {
		return f.mechanism == mechanism && (len(f.operators) == 0 || slices.Contains(f.operators, operator))
	}) || slices.ContainsFunc(s.possible, func(p possibleRow) bool { return p.mechanism == mechanism && p.operator == operator })
}

// claimLies are false by operator, mechanism, share or number.
var claimLies = []Liar{
	{Name: "a mechanism that is not there", Idle: true, make: func(s *sheet) answer {
		return s.each(func(c *claim) bool {
			i := slices.IndexFunc(s.enum, func(m string) bool { return m != "other" && !s.held(c.Operator, m) })
			if i >= 0 {
				c.Mechanism = s.enum[i]
			}
			return i >= 0
		})
	}},
	{Name: "a mechanism that does not exist", Idle: true, Silent: []string{Mark}, make: func(s *sheet) answer {
		return s.each(func(c *claim) bool { c.Mechanism = Mark; return true })
	}},
	{Name: "at an operator where it is not", Idle: true, make: func(s *sheet) answer {
		return s.each(func(c *claim) bool {
			i := slices.IndexFunc(s.operators, func(o operatorRow) bool { return !s.held(o.id, c.Mechanism) })
			if i >= 0 {
				c.Operator = s.operators[i].id
			}
			return i >= 0
		})
	}},
	{Name: "an operator that does not exist", Idle: true, Silent: []string{"O999"}, make: func(s *sheet) answer {
		return s.each(func(c *claim) bool { c.Operator = "O999"; return true })
	}},
	{Name: "a finding in the place of an operator", Idle: true, make: func(s *sheet) answer {
		return s.each(func(c *claim) bool { c.Operator = "R1"; return true })
	}},
	{Name: "a fact that does not exist", Idle: true, Silent: []string{"T9999", "F9999"}, make: func(s *sheet) answer {
		return s.each(func(c *claim) bool { c.Share = "T9999"; return true })
	}},
	{Name: "the share of another operator", Idle: true, make: func(s *sheet) answer {
		return s.each(func(c *claim) bool {
			i := slices.IndexFunc(s.lines, func(t treeRow) bool { return t.operator != "" && t.operator != c.Operator })
			if i >= 0 {
				c.Share = s.lines[i].id
			}
			return i >= 0
		})
	}},
	{Name: "a share that is no time", Idle: true, make: func(s *sheet) answer {
		i := slices.IndexFunc(s.facts, func(f factRow) bool {
			return f.id != "" && strings.ContainsAny(f.id[:1], "VMC") && !strings.HasSuffix(f.value, "%") && !strings.HasSuffix(f.value, "TE")
		})
		if i < 0 {
			return answer{}
		}
		return s.each(func(c *claim) bool { c.Share = s.facts[i].id; return true })
	}},
	{Name: "another cause of what a finding explains", Idle: true, make: func(s *sheet) answer {
		var a answer
		for _, f := range s.findings {
			if share, ok := s.measures(f.facts); ok && len(f.operators) > 0 {
				a.Claims = append(a.Claims, claim{Operator: f.operators[0], Mechanism: "other", Share: share, Doubts: &f.id})
			}
		}
		return a
	}},
	{Name: "another cause of next to nothing", Idle: true, make: func(s *sheet) answer {
		for _, t := range s.lines {
			if t.operator != "" && t.share < 2 {
				return one(claim{Operator: t.operator, Mechanism: "other", Share: t.id})
			}
		}
		return answer{}
	}},
	{Name: "everything twenty times", make: func(s *sheet) answer {
		a := s.each(func(*claim) bool { return true })
		for i := 0; len(a.Claims) > 0 && len(a.Claims) < maxClaims; i++ {
			a.Claims = append(a.Claims, a.Claims[i])
		}
		return a
	}},
	{Name: "doubts of every finding", make: func(s *sheet) answer {
		var a answer
		for _, f := range s.findings {
			for _, p := range s.possible {
				if share, ok := s.measures(p.facts); ok && len(a.Claims) < maxClaims {
					a.Claims = append(a.Claims, claim{
						Operator: p.operator, Mechanism: p.mechanism, Share: share, Doubts: &f.id, Because: []relation{{"absent", f.frame, nil}},
					})
				}
			}
		}
		return a
	}},
}

// falsely adds a relation that does not hold to every claim: none of them may be taken.
func falsely(name string, relations func(s *sheet, c claim) []relation) Liar {
	return Liar{Name: name, Idle: true, Silent: []string{Mark}, make: func(s *sheet) answer {
		return s.each(func(c *claim) bool {
			more := relations(s, *c)
			c.Because = append(slices.Clone(c.Because), more...)
			return len(more) > 0
		})
	}}
}

var relationLies = []Liar{
	falsely("the part is the whole", func(s *sheet, c claim) []relation {
		t, _ := s.line(c.Share)
		for t.parent != "" {
			above, _ := s.line(t.parent)
			if above.share > 1.5*t.share {
				return []relation{rel("part_of", above.id, t.id)}
			}
			t.parent = above.parent
		}
		return nil
	}),
	falsely("the smaller is the larger", func(s *sheet, _ claim) []relation {
		for _, a := range s.lines {
			for _, b := range s.lines {
				if a.mode == b.mode && a.share > 10 && b.share < a.share/2 {
					return []relation{rel("larger_than", b.id, a.id)}
				}
			}
		}
		return nil
	}),
	falsely("records go upwards", func(s *sheet, _ claim) []relation {
		for _, e := range s.edges {
			return []relation{rel("feeds", e[1], e[0])}
		}
		return nil
	}),
	falsely("the callee calls", func(s *sheet, c claim) []relation {
		t, ok := s.line(c.Share)
		above, up := s.line(t.parent)
		if !ok || !up || t.frame == above.frame {
			return nil
		}
		return []relation{rel("called_by", above.frame, t.frame)}
	}),
	falsely("called by a frame that does not exist", func(_ *sheet, c claim) []relation {
		return []relation{rel("called_by", c.Share, phantom)}
	}),
	falsely("part of a fact that does not exist", func(_ *sheet, c claim) []relation {
		return []relation{rel("part_of", c.Share, "T9999")}
	}),
	falsely("the largest is absent", func(s *sheet, _ claim) []relation {
		for _, t := range s.lines {
			if t.self > 20 {
				return []relation{{"absent", t.frame, nil}}
			}
		}
		return nil
	}),
	falsely("another value is configured", func(s *sheet, _ claim) []relation {
		for _, kv := range s.settings {
			if strings.HasPrefix(kv[0], "taskmanager.") && percent(kv[1]) > 0 {
				return []relation{rel("configured", kv[0], fmt.Sprint(int(percent(kv[1]))+977))}
			}
		}
		return nil
	}),
	{Name: "a key that does not exist is configured", Silent: []string{"taskmanager.phantom"}, make: func(s *sheet) answer {
		return s.each(func(c *claim) bool {
			c.Because = []relation{rel("configured", "taskmanager.phantom.enabled", "true")} // nobody knows: it proves nothing
			return true
		})
	}},
	{Name: "relations in circles", make: func(s *sheet) answer {
		return s.each(func(c *claim) bool {
			o := c.Operator
			c.Because = []relation{rel("feeds", o, o), rel("waits_for", o, o), rel("part_of", c.Share, c.Share), rel("larger_than", c.Share, c.Share)}
			return true
		})
	}},
}
