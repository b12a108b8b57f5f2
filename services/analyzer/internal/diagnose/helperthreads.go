package diagnose

import (
	"fmt"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
	"squirrly.dev/services/analyzer/internal/scan"
)

const maxHelpers = 3 // of each JVM

// helperThreads names work of the job outside its tasks: callbacks of asynchronous clients, fetchers of sources. It is
// never in the denominator of thread equivalents. Without WALL it is told by its share of the CPU samples.
func helperThreads(v *View) []Problem {
	family := mechanisms.FamilyWall
	if len(v.family(family)) == 0 {
		family = mechanisms.FamilyCPU
	}
	var out []Problem
	for _, s := range v.family(family) {
		for i, h := range s.Helpers {
			if i == maxHelpers || h.Samples < 30 || (s.teOutside(h.Samples) < minTE && share(h.Samples, s.Active()) < 0.05) {
				break
			}
			out = append(out, helperThread(s, h))
		}
	}
	return out
}

func helperThread(s *jvmScan, h *scan.Helper) Problem {
	frame := s.Graph.Name(h.Root)
	name := "A fetcher of a source"
	if h.Anchor != scan.NoName {
		frame = s.Graph.Name(h.Anchor)
		name = "User code"
	}
	works := events.Count{Root: events.RootOther, Match: []string{literal(frame)}}
	waits := works
	waits.State = events.StateWaiting
	sums, active := tallyAll(&modeScans{mode: s.Mode, scans: []*jvmScan{s}}, []events.Count{works, waits})
	part := share(sums[0], active)
	told := events.Fact{
		Value: part, Unit: "share", Frame: frame, JVM: s.JVM, Mode: s.Mode, Samples: samples(sums[0]),
		StdErr: standardError(part, float64(active)),
		Count:  partOf(s.counted(works, sums[0]), s.counted(events.Count{}, active)),
	}
	size := fmt.Sprintf("%s of the active %s samples", wording.Percent(part), s.Mode)
	if x := s.teOutside(sums[0]); x > 0 {
		size = wording.TE(x)
		told.Value, told.Unit, told.StdErr = x, "te", 0
		told.Count = ratedIn(s, works, sums[0], true)
	}
	told.Text = fmt.Sprintf("%s works outside the tasks of %s: %s, %s of that waiting.", wording.Simple(frame), s.JVM, size,
		wording.Percent(share(sums[1], sums[0])))
	return remark(fmt.Sprintf("%s also runs in helper threads: %s.", name, wording.Simple(frame)), fact{factFrame, told})
}
