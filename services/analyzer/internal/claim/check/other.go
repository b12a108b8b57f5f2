package check

import (
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/fingerprint"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// leastOther is the share of what limits from which on time that nobody explains is worth a finding.
const leastOther = 0.10

// frameworks are packages whose frames hold all that a task does: how wide they are says nothing of a cause.
var frameworks = []string{
	"java.lang.Thread", "java.util.concurrent.ThreadPoolExecutor", "org.apache.flink.runtime.taskmanager.", "org.apache.flink.streaming.runtime.io.",
	"org.apache.flink.streaming.runtime.tasks.", "org.apache.flink.streaming.api.operators.", "org.apache.flink.streaming.api.functions.source.",
}

// decideOther decides a claim whose cause is none of the catalogue's: that the time goes there may be said, its cause never is
// proven.
func (c *Checker) decideOther(j *Judgement, share *thing, inside Decision) {
	f := share.fact
	j.Verdict, j.Evidence = Undecided, ids(share)
	switch {
	case inside.Verdict != Holds || f.Frame == "":
		j.Text = fmt.Sprintf("%s: %s", c.subject(j), "no frame of it is named by its share.")
		return
	case !j.operator.Limiting || c.analysis.Verdict.Limit != events.LimitVertex:
		j.Text = fmt.Sprintf("%s: it is not what limits the job.", c.subject(j))
		return
	case slices.ContainsFunc(frameworks, func(prefix string) bool { return strings.HasPrefix(f.Frame, prefix) }):
		j.Text = fmt.Sprintf("%s: %s holds what a task does, whatever that is.", c.subject(j), share.name)
		return
	case f.Unit != wording.UnitShare && f.Unit != wording.UnitTE:
		*j = refuse(*j, "%s: %s measures no time.", c.subject(j), share.name)
		return
	}
	part := c.partOfOperator(share, j.operator.ID, j.operator.Busy)
	if part < leastOther {
		*j = refuse(*j, "%s: %s is %s of what limits the job, less than %s.", c.subject(j), share.name, wording.Percent(part), wording.Percent(leastOther))
		return
	}
	if by := c.covered(f); by != "" {
		j.Text = fmt.Sprintf("%s: %s takes most of its samples.", c.subject(j), by)
		j.Evidence = append(j.Evidence, by)
		return
	}
	j.share = part
	j.Text = fmt.Sprintf("%s: the time goes there, and no rule says why.", c.subject(j))
	j.Finding = c.otherFinding(j, share)
}

// partOfOperator is the share of the busy time of a vertex that a fact has, by its samples in an operator.
func (c *Checker) partOfOperator(share *thing, operator string, busy float64) float64 {
	some, _, ok := c.ground.Within(*share.fact, operator)
	whole := c.frames(nil, share.fact.Count.Mode)
	if !ok || whole == nil {
		return 0
	}
	inside, _, ok := c.ground.Within(*whole, operator)
	if !ok || inside == 0 {
		return 0
	}
	part := float64(some) / float64(inside)
	if busy >= 0 {
		part *= busy
	}
	return min(1, part)
}

// covered is the finding of the rules that takes at least half of the samples of a fact; empty for none.
func (c *Checker) covered(f *events.Fact) string {
	for i := range c.analysis.Findings {
		found := &c.analysis.Findings[i]
		carrier := c.carrier(found)
		if carrier == nil {
			continue
		}
		if some, all, ok := c.ground.Both(*f, *carrier); ok && all > 0 && float64(some) >= mostly*float64(all) {
			return found.ID
		}
	}
	return ""
}

// otherFinding says where the time goes, and what holds of why.
func (c *Checker) otherFinding(j *Judgement, share *thing) *events.Finding {
	f := share.fact
	frame := wording.Simple(f.Frame)
	part := wording.Percent(j.share)
	out := &events.Finding{
		Category: "other", Title: fmt.Sprintf("%s takes %s", frame, part), Severity: events.SeverityWarning, Confidence: events.ConfidenceLow,
		Anchor: f.Frame, Frame: f.Frame, Vertices: slices.Clone(j.operator.Vertices), OnPath: true, Mode: f.Mode, Samples: f.Samples, P: j.share,
		Where: fmt.Sprintf("%s in %s", frame, j.operator.Name),
		Size:  fmt.Sprintf("%s of the time of what limits the job, by %s samples", part, wording.Count(f.Samples)),
		Why:   "The job is limited where this runs, and no rule explains it.",
		Cause: c.reasons(j), Recommendation: c.otherChange(j, frame), Evidence: ids(share),
	}
	for _, d := range j.Relations {
		for _, id := range d.Evidence {
			if c.fact(id) != nil && !slices.Contains(out.Evidence, id) {
				out.Evidence = append(out.Evidence, id)
			}
		}
	}
	out.Fingerprint, out.FingerprintVersion = fingerprint.Of("other", f.Frame, j.operator.Name, string(mechanisms.FamilyOf(f.Mode))), fingerprint.Version
	return out
}

// reasons are the relations that hold, as sentences.
func (c *Checker) reasons(j *Judgement) string {
	var out []string
	for _, d := range j.Relations {
		if d.Verdict == Holds {
			out = append(out, d.Text)
		}
	}
	if len(out) == 0 {
		return "The profile shows where the time goes, and not why."
	}
	return "The profile shows where the time goes. " + strings.Join(out, " ")
}

// otherChange is the first change of a claim that touches code, the plan or machines; settings are known to help where a
// mechanism is, and here none is.
func (c *Checker) otherChange(j *Judgement, frame string) events.Recommendation {
	for _, ch := range j.claim.Changes {
		if d := c.told(j, ch); d.Verdict == Holds {
			return *d.New
		}
	}
	return events.Recommendation{
		Change: "Look at what calls " + frame + ", and how often.", Why: "What is not called takes no time.", Effort: "code",
	}
}
