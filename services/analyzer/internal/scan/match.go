package scan

import (
	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// endMatch closes the match of a rule, so that what follows below counts for others, or for the rule again when it
// matches anew.
func (st *state) endMatch(rule int) {
	if !st.active.has(rule) {
		return
	}
	st.active.drop(rule)
	var kept *open
	for at := st.open; at != nil; at = at.rest {
		if at.site.Rule != rule {
			kept = &open{site: at.site, rest: kept}
		}
	}
	st.open = kept
}

func (p *pass) matchRule(g *flamegraph.Graph, id flamegraph.FrameID, st *state, rule int) {
	r := &p.scanner.catalogue.Mechanisms[rule]
	inTask := st.task || st.source
	switch {
	case st.active.has(rule), st.blocked.has(rule), st.active.meets(&p.scanner.overriddenBy[rule]):
		return
	case r.Below == mechanisms.ScopeOperator && st.chain < 0, r.Below == mechanisms.ScopeTask && !inTask:
		return
	}
	st.active.add(rule)
	key := siteKey{rule, st.chain, st.spot, g.Frame(id).Name}
	site := p.sites[key]
	if site == nil {
		site = &Site{Rule: rule, Chain: st.chain, Spot: st.spot, Frame: key.frame, Example: id}
		p.sites[key] = site
		p.out.Sites = append(p.out.Sites, site)
	}
	if g.Frame(id).Width > g.Frame(site.Example).Width {
		site.Example = id
	}
	kept := &open{site: site}
	for at := st.open; at != nil; at = at.rest {
		if !p.scanner.overriddenBy[at.site.Rule].has(rule) && !p.within(r, at.site.Rule, st) {
			kept = &open{site: kept.site, rest: &open{site: at.site, rest: kept.rest}}
		}
	}
	st.open = kept
}
