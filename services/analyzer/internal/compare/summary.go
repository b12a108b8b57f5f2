package compare

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"squirrly.dev/pkg/events"
)

// maxNamed is how many findings the summary names.
const maxNamed = 3

// summary is one sentence: the verdict, the findings that carry it, and the figures of the whole job.
func (c *comparison) summary(r *events.Comparison) string {
	if c.apart != "" {
		return "Cannot be compared: " + c.apart + "."
	}
	parts, title := c.named(r), heading(r)
	if len(r.Changes) == 0 {
		parts = []string{"no findings then and now"}
	}
	parts = append(parts, c.figures(r)...)
	switch {
	case c.relieved():
		parts = append(parts, "the job is not limited any more")
	case c.strained():
		parts = append(parts, "the job is limited now")
	}
	return title + ": " + strings.Join(parts, "; ") + "."
}

// heading says "fix" only of a job that is faster and lost a finding.
func heading(r *events.Comparison) string {
	switch r.Speed {
	case events.SpeedFaster:
		if r.Fixed {
			return "Faster, and the fix is seen"
		}
		return "Faster"
	case events.SpeedSlower:
		return "Slower"
	case events.SpeedSame:
		return "The same"
	case events.SpeedUnknown:
	}
	return "Cannot be told"
}

// named lists the findings by what became of them, those first that explain the verdict.
func (c *comparison) named(r *events.Comparison) []string {
	order := []events.Change{events.ChangeResolved, events.ChangeImproved, events.ChangeWorse, events.ChangeNew, events.ChangePersisting}
	if r.Speed == events.SpeedSlower {
		order = []events.Change{events.ChangeNew, events.ChangeWorse, events.ChangePersisting, events.ChangeResolved, events.ChangeImproved}
	}
	var parts []string
	for _, change := range order {
		var names []string
		for i := range r.Changes {
			if x := &r.Changes[i]; x.Change == change {
				names = append(names, name(x))
			}
		}
		if len(names) > maxNamed {
			names = append(names[:maxNamed], fmt.Sprintf("%d more", len(names)-maxNamed))
		}
		if len(names) > 0 {
			parts = append(parts, strings.Join(names, ", ")+" "+words[change])
		}
	}
	return parts
}

var words = map[events.Change]string{
	events.ChangeResolved: "resolved", events.ChangeImproved: "improved", events.ChangeWorse: "worse",
	events.ChangeNew: "new", events.ChangePersisting: "persisting",
}

func name(x *events.Comparable) string {
	where, _, _ := strings.Cut(x.Where, " → ")
	if x.Rule == "" {
		return where
	}
	return x.Rule + " in " + where
}

// figures name the throughput always, and the cost for each record when it changed.
func (c *comparison) figures(r *events.Comparison) []string {
	var parts []string
	for _, m := range r.Measures {
		switch {
		case m.Name == NameThroughput:
			parts = append(parts, c.throughput(m))
		case m.Significant && m.Unit != unitShare:
			parts = append(parts, m.Name+" "+percentChange(m))
		}
	}
	return parts
}

func (c *comparison) throughput(m events.Measure) string {
	name := "input"
	switch atLimit := limited(c.before) || limited(c.after); {
	case atLimit && c.bySources:
		name = "throughput of the sources"
	case atLimit && c.where != "":
		name = "throughput at " + c.where
	}
	switch {
	case m.Significant && m.After >= 1.5*m.Before:
		return name + " " + strconv.FormatFloat(m.After/m.Before, 'f', 1, 64) + "×"
	case m.Significant:
		return name + " " + percentChange(m)
	case math.Abs(m.After/m.Before-1) > 0.1:
		return name + " " + percentChange(m) + ", which may be chance"
	}
	return name + " as before (" + percentChange(m) + ")"
}

func percentChange(m events.Measure) string {
	change := math.Round((m.After/m.Before - 1) * 100)
	switch {
	case m.After >= 2*m.Before:
		return strconv.FormatFloat(m.After/m.Before, 'f', 1, 64) + "×"
	case change == 0:
		return "± 0 %"
	case change < 0:
		return fmt.Sprintf("−%.0f %%", -change)
	}
	return fmt.Sprintf("+%.0f %%", change)
}
