package ask

import (
	"slices"

	"squirrly.dev/services/analyzer/internal/ask/prompt"
	"squirrly.dev/services/analyzer/internal/diagnose"
)

// From returns the input for a diagnosis: its analysis, operators and call trees, and the keys that an answer may name. Plan,
// settings, files and template are for the caller to add.
func From(res diagnose.Result) Input {
	var g *diagnose.Ground
	if res.Ground != nil {
		g = res.Ground()
	}
	in := Input{Prompt: prompt.Input{Analysis: res.Analysis, Operators: g.Operators()}, Ground: g}
	for _, p := range res.Profiles {
		in.Prompt.Trees = append(in.Prompt.Trees, treeOf(&p, g, in.Prompt.Operators))
	}
	in.Prompt.Keys = keysOf(res.Analysis, g, in.Prompt.Operators)
	return in
}

// most is the part of a line's samples that lie in one operator, so that it can be said to.
const most = 0.95

// treeOf is a call tree with the operators that its lines lie in.
func treeOf(p *diagnose.Profile, g *diagnose.Ground, operators []diagnose.Operator) prompt.Tree {
	tree := prompt.Tree{Mode: p.Mode}
	var above []string // operators of the lines that are open, by depth
	for _, l := range p.Tree {
		line := prompt.Line{
			ID: l.ID, Depth: l.Depth, Frame: l.Frame, Callers: l.Callers, Share: l.Share, Self: l.Self, TE: l.TE, Worth: l.Worth,
		}
		above = above[:min(l.Depth, len(above))]
		inside := ""
		if len(above) > 0 {
			inside = above[len(above)-1]
		}
		if inside == "" {
			inside = operatorOf(l.ID, g, operators)
			line.Operator = inside
		}
		above = append(above, inside)
		tree.Lines = append(tree.Lines, line)
	}
	return tree
}

// operatorOf is the operator that a fact lies in; empty where there is none.
func operatorOf(fact string, g *diagnose.Ground, operators []diagnose.Operator) string {
	f, ok := g.Fact(fact)
	if !ok {
		return ""
	}
	at := slices.IndexFunc(operators, func(o diagnose.Operator) bool {
		inside, all, ok := g.Within(f, o.ID)
		return ok && all > 0 && float64(inside) >= most*float64(all)
	})
	if at < 0 {
		return ""
	}
	return operators[at].ID
}
