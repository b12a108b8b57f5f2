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
				Callers: neighboursOf(l, merged, m, &n, false),
				Callees: neighboursOf(l, merged, m, &n, true),
			})
		}
	}
	return out
}

func neighboursOf(l *ledger, merged *scan.Scan, m *modeScans, of *scan.Neighbours, callees bool) []Neighbour {
	var out []Neighbour
	frame := merged.Graph.Name(of.Frame)
	list, how := of.Callers, "called by"
	if callees {
		list, how = of.Callees, "in its callee"
	}
	whole := m.counted(events.Count{Match: []string{literal(frame)}}, of.Samples)
	for _, n := range list {
		name, part := merged.Graph.Name(n.Frame), share(n.Samples, of.Samples)
		path := literal(name) + " -> " + literal(frame)
		if callees {
			path = literal(frame) + " -> " + literal(name)
		}
		out = append(out, Neighbour{
			Frame: name, Share: part, Samples: n.Samples,
			ID: l.add(fact{factFrame, events.Fact{
				Text:  fmt.Sprintf("%s of the active %s of %s are %s %s.", wording.Percent(part), m.samples(), wording.Simple(frame), how, wording.Simple(name)),
				Value: part, Unit: "share", Frame: frame, Mode: m.mode, Samples: samples(n.Samples),
				StdErr: standardError(part, float64(of.Samples)),
				Count:  partOf(m.counted(events.Count{Match: []string{path}}, n.Samples), whole),
			}}),
		})
	}
	return out
}
