package diagnose

import (
	"fmt"
	"slices"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/scan"
)

const (
	maxNeighbours = 3 // callers, and callees, of a frame
	maxAround     = 5 // frames
)

// Around are the direct callers and callees of the frame of a finding, in the mode that carries it.
type Around struct {
	Mode             events.Mode
	Frame            string
	Samples          uint64 // active, with the frame anywhere in the stack
	Callers, Callees []Neighbour
}

// Neighbour is a frame next to another one. Its ID is also that of a fact.
type Neighbour struct {
	ID      string // F1, F2 …
	Frame   string
	Share   float64 // of the samples of the frame in the middle
	Samples uint64
}

// around looks at the frames of the first findings.
func around(r *reading, l *ledger, findings []events.Finding) []Around {
	var out []Around
	for _, m := range r.modes {
		merged := r.merge(m)
		var ids []flamegraph.NameID
		for i := range findings[:min(len(findings), maxAround)] {
			id := merged.NameOf(findings[i].Frame)
			if findings[i].Mode == m.mode && id != scan.NoName && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
		for _, n := range scan.Around(merged, ids, maxNeighbours) {
			out = append(out, Around{
				Mode: m.mode, Frame: merged.Graph.Name(n.Frame), Samples: n.Samples,
				Callers: neighboursOf(l, merged, m.mode, &n, n.Callers, "called by"),
				Callees: neighboursOf(l, merged, m.mode, &n, n.Callees, "in its callee"),
			})
		}
	}
	return out
}

func neighboursOf(
	l *ledger, merged *scan.Scan, mode events.Mode, of *scan.Neighbours, list []scan.Neighbour, how string,
) []Neighbour {
	var out []Neighbour
	frame := merged.Graph.Name(of.Frame)
	for _, n := range list {
		name, part := merged.Graph.Name(n.Frame), min(1, share(n.Samples, of.Samples))
		out = append(out, Neighbour{
			Frame: name, Share: part, Samples: n.Samples,
			ID: l.add(fact{factFrame, events.Fact{
				Text:  fmt.Sprintf("%s of the active %s samples of %s are %s %s.", wording.Percent(part), mode, wording.Simple(frame), how, wording.Simple(name)),
				Value: part, Unit: "share", Frame: frame, Mode: mode, Samples: samples(n.Samples),
				StdErr: standardError(part, float64(of.Samples)),
			}}),
		})
	}
	return out
}
