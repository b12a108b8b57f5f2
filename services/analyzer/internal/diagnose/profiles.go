package diagnose

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/scan"
)

// Sizes of a condensed profile.
const (
	minShare    = 0.01
	minCategory = 0.005
	minIdle     = 0.05
	maxPackages = 8
)

// userCode is the name of the category of the user's code.
const userCode = "user code"

// condenser writes down what the profiles of a run show.
type condenser struct {
	*reading
	view  *View
	facts *ledger
}

func (d condenser) add(kind string, f events.Fact) string { return d.facts.add(fact{kind, f}) }

// profiles condenses the captures of each mode, and states them as facts.
func profiles(v *View, l *ledger) []Profile {
	d := condenser{v.reading, v, l}
	var out []Profile
	for _, m := range d.modes {
		merged := d.merge(m)
		p := Profile{
			Mode: m.mode, JVMs: len(m.scans), Seconds: m.scans[0].Seconds / float64(m.scans[0].captures),
			Samples: merged.Total, Active: merged.Active(),
		}
		d.idleFacts(m, merged)
		d.categories(&p, m, merged)
		d.tree(&p, m, merged)
		out = append(out, p)
	}
	return out
}

func (d condenser) idleFacts(m *modeScans, merged *scan.Scan) {
	all := m.counted(events.Count{Idle: events.IdleAny}, merged.Total)
	d.add(factCheck, events.Fact{
		Text: fmt.Sprintf("%s: %s of %s, %s of them idle; of the rest, %s are in task threads.", m.mode,
			m.amount(samples(merged.Total)), wording.Plural(len(m.scans), "JVM"), wording.Percent(share(merged.Idle, merged.Total)),
			wording.Percent(share(merged.TaskActive, merged.Active()))),
		Value: share(merged.Idle, merged.Total), Unit: "share", Mode: m.mode, Samples: samples(merged.Idle),
		Count:  partOf(m.counted(events.Count{Idle: events.IdleOnly}, merged.Idle), all),
		StdErr: standardError(share(merged.Idle, merged.Total), float64(merged.Total)),
	})
	if merged.Idle == 0 {
		return
	}
	for i, n := range merged.IdleBy {
		part := share(n, merged.Total)
		if part < minIdle {
			continue
		}
		path := &d.catalogue.Idle[i]
		d.add(factCheck, events.Fact{
			Text:  fmt.Sprintf("%s of all %s are idle: %s.", wording.Percent(part), m.samples(), path.Meaning),
			Value: part, Unit: "share", Mode: m.mode, Samples: samples(n), StdErr: standardError(part, float64(merged.Total)),
			Count: partOf(m.counted(events.Count{Idle: path.ID}, n), all),
		})
	}
}

func (d condenser) categories(p *Profile, m *modeScans, merged *scan.Scan) {
	for i, n := range merged.Categories {
		name := d.scanner.Category(i)
		part := share(n, merged.Active())
		if part < minCategory {
			continue
		}
		id := d.add(factCategory, events.Fact{
			Text:  fmt.Sprintf("%s of the active %s are %s.", wording.Percent(part), m.samples(), name),
			Value: part, Unit: "share", Mode: p.Mode, Samples: samples(n), StdErr: standardError(part, float64(merged.Active())),
			Count: partOf(m.counted(events.Count{Category: name}, n), m.active(merged)),
		})
		p.Categories = append(p.Categories, Category{ID: id, Name: name, Share: part})
	}
	d.packages(p, m, merged)
}

// packages splits the user's code by package.
func (d condenser) packages(p *Profile, m *modeScans, merged *scan.Scan) {
	sums := map[string]uint64{}
	for name, n := range merged.User {
		sums[wording.Package(merged.Graph.Name(name))] += n
	}
	names := slices.Collect(maps.Keys(sums))
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(sums[b], sums[a]), cmp.Compare(a, b)) })
	for _, name := range names[:min(len(names), maxPackages)] {
		part := share(sums[name], merged.Active())
		if part < minCategory {
			break
		}
		id := d.add(factCategory, events.Fact{
			Text:  fmt.Sprintf("%s of the active %s are user code of %s.", wording.Percent(part), m.samples(), name),
			Value: part, Unit: "share", Mode: p.Mode, Samples: samples(sums[name]), StdErr: standardError(part, float64(merged.Active())),
			Count: partOf(m.counted(events.Count{Category: userCode, Package: name}, sums[name]), m.active(merged)),
		})
		p.Packages = append(p.Packages, Category{ID: id, Name: name, Share: part})
	}
}

func (d condenser) tree(p *Profile, m *modeScans, merged *scan.Scan) {
	lines := maxLines
	if d.seconds(m) {
		lines = maxLinesBeside
	}
	worth, all := d.worthOf(m, merged), p.Active*worthWork
	tree := scan.Prune(merged, worth, uint64(minShare*float64(all)), lines)
	var above []string // ids of the lines that are open, by depth
	for i := range tree {
		l := &tree[i]
		line := Line{
			Depth: l.Depth, Frame: merged.Graph.Name(l.Frame), Share: share(l.Width, p.Active), Self: share(l.Self, p.Active),
			TE: m.te(l.Width), Worth: share(worth[l.At], all), Samples: l.Width,
		}
		for _, caller := range l.Telling {
			line.Callers = append(line.Callers, merged.Graph.Name(caller))
		}
		text := fmt.Sprintf("%s holds %s of the active %s", line.Frame, wording.Percent(line.Share), m.samples())
		if line.TE > 0 {
			text += ", " + wording.TE(line.TE)
		}
		line.ID = d.facts.addAnew(fact{factTree, events.Fact{
			Text: text + ".", Value: line.Share, Unit: "share", Frame: line.Frame, Mode: p.Mode, Samples: samples(l.Width),
			StdErr: standardError(line.Share, float64(p.Active)),
			Count:  partOf(m.counted(lineCount(merged, l, above), l.Width), m.active(merged)),
		}})
		above = append(above[:l.Depth], line.ID)
		p.Tree = append(p.Tree, line)
	}
}

// lineCount describes a line of the tree by its whole stack, which goes on from that of the line above.
func lineCount(merged *scan.Scan, l *scan.Line, above []string) events.Count {
	c := events.Count{}
	if l.Depth > 0 {
		c.From = above[l.Depth-1]
	}
	for _, name := range l.Stack {
		c.Stack = append(c.Stack, merged.Graph.Name(name))
	}
	return c
}
