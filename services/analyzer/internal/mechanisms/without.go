package mechanisms

import (
	"math"
	"slices"

	"squirrly.dev/pkg/events"
)

// Without returns a copy of the catalogue in which some rules match no frame and never warn: what is found then shows
// how much rests on them. Ids that no rule has change nothing.
func (c *Catalogue) Without(ids ...string) *Catalogue {
	out := *c
	out.Mechanisms = slices.Clone(c.Mechanisms)
	for i := range out.Mechanisms {
		if r := &out.Mechanisms[i]; slices.Contains(ids, r.ID) {
			r.Frames, r.LockFrames, r.AllocFrames, r.Beside, r.Overrides = nil, nil, nil, nil, nil
			r.Warning, r.Critical, r.Cap = math.Inf(1), math.Inf(1), events.SeverityInfo
		}
	}
	return &out
}

// Alone returns a copy of the catalogue in which mechanisms leave no samples to others: each matches as if it were the only one.
// A wait for somebody else is nobody's work all the same, and what says only where the time goes yields to what says why.
func (c *Catalogue) Alone() *Catalogue {
	out := *c
	out.Mechanisms = slices.Clone(c.Mechanisms)
	for i := range out.Mechanisms {
		out.Mechanisms[i].Overrides, out.Mechanisms[i].EffectOf = nil, nil
	}
	return &out
}
