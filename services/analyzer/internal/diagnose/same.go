package diagnose

import "slices"

// sameAtLeast is how much of the larger of two problems the smaller one takes when both are one fault.
const sameAtLeast = 0.6

// sameAs adds a problem to the finding of the same fault, if there is one: two rules may match in the same stacks, such
// as a call to another system and the wait for its answer. The more important one keeps its bound.
func (p *Problem) sameAs(chosen []Problem) bool {
	for i := range chosen {
		if sameFault(&chosen[i], p) {
			chosen[i].also = append(chosen[i].also, *p)
			return true
		}
	}
	return false
}

// sameFault reports that two problems are of the same stacks: in the same function of the same vertices, one of them
// matches below the frame of the other, neither takes samples from the other, and they have about as many.
func sameFault(a, b *Problem) bool {
	g, h := a.group, b.group
	if g == nil || h == nil || a.Anchor != b.Anchor || g.operator != h.operator || g.family() != h.family() ||
		!slices.Equal(g.vertices, h.vertices) || a.Rule.TakesFrom(b.Rule) || b.Rule.TakesFrom(a.Rule) {
		return false
	}
	if float64(min(a.Samples, b.Samples)) < sameAtLeast*float64(max(a.Samples, b.Samples)) {
		return false
	}
	return g.stack != nil && h.stack != nil && (slices.Contains(g.stack, h.frame) || slices.Contains(h.stack, g.frame))
}
