package diagnose

import (
	"fmt"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// enoughNames is from how many active samples on a capture tells how many frames have no name.
const enoughNames = 100

// unnamed reports that too many frames of a capture have no name.
func unnamed(r *reading, s *jvmScan) bool {
	return s.Active() >= enoughNames && share(s.Unresolved, s.Active()) > r.catalogue.By("names").Warning
}

func unnamedFact(r *reading, s *jvmScan) fact {
	var ends []string
	for _, glob := range r.catalogue.Frames.Unresolved {
		ends = append(ends, glob+" $")
	}
	part := share(s.Unresolved, s.Active())
	return fact{factCheck, events.Fact{
		Text:  fmt.Sprintf("%s of the active %s samples of %s have no name.", wording.Percent(part), s.Mode, s.JVM),
		Value: part, Unit: "share", JVM: s.JVM, Mode: s.Mode, Samples: samples(s.Unresolved),
		StdErr: standardError(part, float64(s.Active())),
		Count:  partOf(s.counted(events.Count{Match: ends}, s.Unresolved), s.counted(events.Count{}, s.Active())),
	}}
}

// unnamedFrames says that all findings are less certain, by the last capture that shows it.
func unnamedFrames(v *View) []Problem {
	rule := v.catalogue.By("names")
	var out []Problem
	for _, m := range v.modes {
		for _, s := range m.scans {
			if unnamed(v.reading, s) {
				out = []Problem{remark(fmt.Sprintf("Many frames have no name (rule %s), so all findings are less certain. %s",
					rule.ID, rule.Changes[0].Do), unnamedFact(v.reading, s))}
			}
		}
	}
	return out
}
