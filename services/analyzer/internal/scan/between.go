package scan

import (
	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// isBetween reports that code of the user's runs for no operator, but while Flink reads a record for a task, or while it
// writes one that an operator sends to another task.
func (p *pass) isBetween(st *state) bool {
	if st.spot == NoSpot {
		return false
	}
	switch p.out.Spots[st.spot].Stage {
	case mechanisms.StageNetwork, mechanisms.StageReads:
		return st.chain < 0
	case mechanisms.StageSent, mechanisms.StageWrites:
		return st.output && st.chain >= 0 && !p.out.Chains[st.chain].Between
	default:
		return false
	}
}

// enterBetween begins the chain of such code. An operator may still be entered below it.
func (p *pass) enterBetween(name flamegraph.NameID, st *state) {
	c := Chain{Parent: st.chain, Operator: name, Anchor: name, Between: true, Spot: st.spot}
	if st.chain >= 0 {
		c.Operator = p.out.Chains[st.chain].Operator
	}
	st.chain, st.output = p.chain(c), false
	p.endBroad(st)
}

// endBroad closes the matches of broad rules: that records go from task to task is no reason why a serializer of the
// user's own takes its time.
func (p *pass) endBroad(st *state) {
	for at := st.open; at != nil; at = at.rest {
		if p.scanner.catalogue.Mechanisms[at.site.Rule].Broad {
			st.endMatch(at.site.Rule)
		}
	}
}

// within reports that a rule of user code which matches now takes its samples from one of Flink's that matches further
// out: a serializer of the user's own in Kryo costs what it does, and Kryo the rest.
func (p *pass) within(r *mechanisms.Mechanism, outer int, st *state) bool {
	return r.Below == mechanisms.ScopeOperator && st.chain >= 0 && p.out.Chains[st.chain].Between &&
		p.scanner.catalogue.Mechanisms[outer].Below == mechanisms.ScopeTask
}
