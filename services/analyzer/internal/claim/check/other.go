package check

import (
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/diagnose"
	"squirrly.dev/services/analyzer/internal/fingerprint"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// leastOther is the share of what limits from which on time that nobody explains is worth a finding.
const leastOther = 0.10

// frameworks are packages whose frames hold all that a task does: how wide they are says nothing of a cause.
var frameworks = []string{
	"java.lang.Thread", "java.util.concurrent.ThreadPoolExecutor", "org.apache.flink.runtime.taskmanager.", "org.apache.flink.streaming.runtime.",
	"org.apache.flink.streaming.api.operators.", "org.apache.flink.streaming.api.functions.source.",
}

// decideOther decides a claim whose cause is none of the catalogue's: that the time goes there may be said, its cause never is
// proven.
func (c *Checker) decideOther(j *Judgement, share *thing, inside Decision) {
	f := share.fact
	j.Verdict, j.Evidence = Undecided, ids(share)
	switch {
	case inside.Verdict != Holds || f.Frame == "" || strings.ContainsRune("/[", rune(f.Frame[0])): // a library is no function
		j.Text = fmt.Sprintf("%s: %s", c.subject(j), "no function of it is named by its share.")
		return
	case !j.operator.Limiting || c.analysis.Verdict.Limit != events.LimitVertex:
		j.Text = fmt.Sprintf("%s: it is not what limits the job.", c.subject(j))
		return
	case c.frames(share.paths, f.Count.Mode) == nil || c.holdsTask(f, share.paths):
		j.Text = fmt.Sprintf("%s: %s holds what a task does, whatever that is.", c.subject(j), share.name)
		return
	case f.Unit != wording.UnitShare && f.Unit != wording.UnitTE:
		*j = refuse(*j, "%s: %s measures no time.", c.subject(j), share.name)
		return
	}
	part := c.partOfLimit(f, j.operator)
	size := fmt.Sprintf("%s is %s of what limits the job", share.name, wording.Percent(part.part))
	if part.part < leastOther {
		*j = refuse(*j, "%s: %s, less than %s.", c.subject(j), size, wording.Percent(leastOther))
		return
	}
	if part.low < leastOther || part.some < leastStacks {
		j.Text = fmt.Sprintf("%s: %s, by too few samples to tell (%s).", c.subject(j), size, wording.Count(part.some))
		return
	}
	if by := c.covered(f); by != "" {
		j.Text = fmt.Sprintf("%s: %s takes most of its samples.", c.subject(j), by)
		j.Evidence = append(j.Evidence, by)
		return
	}
	j.share = part.part
	j.Text = fmt.Sprintf("%s: the time goes there, and no rule says why.", c.subject(j))
	j.Finding = c.otherFinding(j, share)
}

// holdsTask reports that a function holds what others do: Flink's own loop and the methods by which it hands records to operators,
// and one that calls the operator in which most of its samples are.
func (c *Checker) holdsTask(f *events.Fact, paths []string) bool {
	handsOn := strings.HasPrefix(f.Frame, "org.apache.flink.") && strings.HasPrefix(f.Frame[strings.LastIndexByte(f.Frame, '.')+1:], "process")
	if handsOn || slices.ContainsFunc(frameworks, func(prefix string) bool { return strings.HasPrefix(f.Frame, prefix) }) {
		return true
	}
	own := c.frames(paths, f.Count.Mode)
	own.Count.Part = events.PartOperator
	in, ok := counting(c.ground.Both(*f, *own))
	return ok && in.part < mostly
}

// partOfLimit is the share of a fact of the time of the vertices of an operator, by its samples in the operator: in WALL, which
// alone measures time, unless the operator has too few samples there.
func (c *Checker) partOfLimit(f *events.Fact, o *diagnose.Operator) interval {
	if wall := c.inMode(f, events.ModeWall); wall != nil {
		if part := c.partOfVertex(wall, o); part.all >= leastStacks {
			return part
		}
	}
	return c.partOfVertex(f, o)
}

func (c *Checker) partOfVertex(f *events.Fact, o *diagnose.Operator) interval {
	some, _, ok := c.ground.Within(*f, o.ID)
	whole := c.frames(nil, f.Count.Mode)
	if !ok || whole == nil {
		return interval{high: 1}
	}
	all := int64(0)
	for i := range c.operators {
		if other := &c.operators[i]; other.ID == o.ID || !other.Process && other.Limiting && (o.Vertex == "" || other.Vertex == o.Vertex) {
			inside, _, _ := c.ground.Within(*whole, other.ID)
			all += inside
		}
	}
	return shareOf(some, all)
}

// covered is the finding of the rules that takes at least half of the samples of a fact, in its mode or in WALL; empty for none.
func (c *Checker) covered(f *events.Fact) string {
	for i := range c.analysis.Findings {
		for _, id := range c.analysis.Findings[i].Evidence {
			by := c.fact(id)
			if by == nil || by.Count == nil || len(by.Count.Match)+len(by.Count.Stack)+len(by.Count.With) == 0 && by.Count.From == "" {
				continue // it counts no place
			}
			if c.mostlyIn(f, by) || c.mostlyIn(c.inMode(f, events.ModeWall), by) {
				return c.analysis.Findings[i].ID
			}
		}
	}
	return ""
}

// mostlyIn reports that most samples of a fact are where another one counts.
func (c *Checker) mostlyIn(f, by *events.Fact) bool {
	if f == nil {
		return false
	}
	same := c.inMode(by, f.Count.Mode)
	if same == nil {
		return false
	}
	both, ok := counting(c.ground.Both(*f, *same))
	return ok && both.part >= mostly
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
