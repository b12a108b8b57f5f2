package flamegraph

import (
	"math"
	"strings"
)

// The units of widths. With --total, async-profiler writes what was measured
// where it else counts samples.
const (
	UnitSamples = "samples"
	UnitUnknown = "unknown" // too large to be samples, of a page that names no unit
)

// titleUnits are the units that async-profiler writes behind a title, "CPU
// profile (ns)".
var titleUnits = []string{"ns", "bytes", "total"}

// unit tells what the widths of a graph count: what its title says, else
// samples, unless even the rarest stack is too heavy for that.
func (g *Graph) unit() string {
	for _, unit := range titleUnits {
		if strings.HasSuffix(g.Title, " ("+unit+")") {
			return unit
		}
	}
	const heavy, enough = 100_000, 3 // nobody samples so long, and one stack may be alone
	stacks, lightest := 0, uint64(math.MaxUint64)
	for _, f := range g.All() {
		if f.Self > 0 {
			stacks++
			lightest = min(lightest, f.Self)
		}
		if lightest < heavy {
			return UnitSamples
		}
	}
	if stacks < enough {
		return UnitSamples
	}
	return UnitUnknown
}
