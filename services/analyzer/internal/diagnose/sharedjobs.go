package diagnose

import (
	"fmt"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/rules"
)

// sharedJobs says how the work of a TaskManager that several jobs share splits between them.
func sharedJobs(v *View) []Problem {
	family := rules.FamilyWall
	if len(v.family(family)) == 0 {
		family = rules.FamilyCPU
	}
	var out []Problem
	for _, s := range v.family(family) {
		if !v.shared(s.JVM) || s.TaskActive == 0 {
			continue
		}
		var of [ownerOther + 1]uint64
		for i, c := range s.Chains {
			of[v.place(s, int32(i)).owner] += c.Active
		}
		this, other := share(of[ownerThis], s.TaskActive), share(of[ownerOther], s.TaskActive)
		rest := max(0, 1-this-other)
		split := fact{factCheck, events.Fact{
			Text: fmt.Sprintf("%s runs other jobs too: %s of its active task samples are this job's, %s are other jobs', %s unattributed.",
				s.JVM, wording.Percent(this), wording.Percent(other), wording.Percent(rest)),
			Value: rest, Unit: "share", JVM: s.JVM, Mode: s.Mode, Samples: samples(s.TaskActive),
			StdErr: standardError(rest, float64(s.TaskActive)),
		}}
		text := ""
		if rest > 0 {
			text = fmt.Sprintf("Of the active task samples of %s, unattributed: %s. They lie in classes that no thread dump shows, or that jobs share.",
				s.JVM, wording.Percent(rest))
		}
		out = append(out, remark(text, split))
	}
	return out
}
