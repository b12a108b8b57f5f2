package diagnose

import (
	"fmt"
	"slices"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/limits"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// What recent checkpoints must show before there is something to say of them.
const (
	fewCheckpoints = 2
	minLate        = 2.0 // seconds: barriers that come earlier are on time, unless the next checkpoint is due by then
	stuckFor       = 2.0 // intervals: one in progress for longer is late, while none has completed
)

// barriers reports checkpoints whose barriers spend most of the time on their way through full buffers.
func barriers(v *View) []Problem {
	rule, c := v.catalogue.By("barriers"), v.checkpoints()
	if c == nil || c.interval <= 0 || c.measured < fewCheckpoints || c.delayed < rule.Warning || c.late < minLate && c.duration < c.interval || len(v.behindFullBuffers()) == 0 {
		return nil
	}
	f := v.aboutCheckpoints(rule)
	f.Vertices = v.names(v.behindFullBuffers())
	f.Extent = fmt.Sprintf("%s of the %s that a checkpoint takes", wording.Percent(c.delayed), inSeconds(c.took))
	if c.took >= c.interval {
		f.Extent += fmt.Sprintf(", which is longer than the interval of %s", inSeconds(c.interval))
	}
	f.Why = "Checkpoints take so much longer under backpressure, and after a failure so much more is read again; records do not wait for them."
	f.Facts = []fact{{factMetric, events.Fact{
		Text: fmt.Sprintf("Barriers were on their way or aligned for %s of the %s that the last %s took on average.", inSeconds(c.late), inSeconds(c.took),
			wording.Plural(c.measured, "measured checkpoint")),
		Value: c.late, Unit: "s",
	}}}
	return []Problem{f}
}

// behindFullBuffers are the vertices that a backpressured one sends to: barriers wait on the way to them.
func (v *View) behindFullBuffers() []int {
	var out []int
	for vertex := range v.loads {
		full := func(in int) bool { return v.loads[in].Max(limits.BackPressured) >= heldBack }
		if slices.ContainsFunc(v.loads[vertex].Inputs, full) {
			out = append(out, vertex)
		}
	}
	return out
}

// checkpointPace reports checkpoints that take as long as their interval, for another reason than late barriers.
func checkpointPace(v *View) []Problem {
	rule, c := v.catalogue.By("checkpoint-pace"), v.checkpoints()
	if c == nil || c.interval <= 0 || len(barriers(v)) > 0 {
		return nil
	}
	took := c.duration
	switch {
	case c.completed >= fewCheckpoints && c.duration >= c.interval:
	case c.completed == 0 && c.failed == 0 && c.running >= stuckFor*c.interval:
		took = c.running
	default:
		return nil
	}
	f := v.aboutCheckpoints(rule)
	stands := c.sync / max(took, c.interval)
	if v.limit.Limit == events.LimitVertex && rule.Severity(stands) != events.SeverityNone {
		f.Severity = rule.Severity(stands)
	}
	f.Extent = fmt.Sprintf("%s on average, and one is due every %s", inSeconds(took), inSeconds(c.interval))
	if c.completed == 0 {
		f.Extent = fmt.Sprintf("%s so far without an end, and one is due every %s", inSeconds(took), inSeconds(c.interval))
	}
	f.Why = "Each checkpoint is followed by the next one at once, so that what it takes of tasks, disks and network is taken all the time."
	f.Facts = []fact{{factMetric, events.Fact{
		Text:  fmt.Sprintf("A checkpoint takes %s, and one is due every %s.", inSeconds(took), inSeconds(c.interval)),
		Value: took, Unit: "s",
	}}}
	if c.measured > 0 {
		f.Facts = append(f.Facts, fact{factMetric, events.Fact{
			Text: fmt.Sprintf("Of the time of a checkpoint, barriers were on their way for %s, the slowest task stood still for %s, and wrote its state for %s.",
				wording.Percent(c.delayed), wording.Percent(c.stood), wording.Percent(c.wrote)),
			Value: c.stood, Unit: "share",
		}})
	}
	return []Problem{f}
}

// checkpointFailures reports that checkpoints do not complete.
func checkpointFailures(v *View) []Problem {
	rule, c := v.catalogue.By("checkpoint-failures"), v.checkpoints()
	if c == nil || !c.failedLast || c.failed < fewCheckpoints {
		return nil
	}
	ended := c.failed + c.completed
	size := float64(c.failed) / float64(ended)
	if rule.Severity(size) == events.SeverityNone {
		return nil
	}
	f := v.aboutCheckpoints(rule)
	f.Severity, f.Vertices = rule.Severity(size), v.names(v.behindFullBuffers())
	f.Extent = fmt.Sprintf("%d of the last %d", c.failed, ended)
	if c.expired > 0 {
		f.Extent += fmt.Sprintf(", %d of them because their time was over", c.expired)
	}
	f.Why = "After a failure the job begins at the last checkpoint that completed, and does all its work since then again."
	text := fmt.Sprintf("%d of the last %d checkpoints failed.", c.failed, ended)
	if c.failure != "" {
		text = fmt.Sprintf("%d of the last %d checkpoints failed, the last one with %q.", c.failed, ended, c.failure)
	}
	f.Facts = []fact{{factMetric, events.Fact{Text: text, Value: float64(c.failed), Unit: "count"}}}
	return []Problem{f}
}

// aboutCheckpoints is a finding that takes no time of records.
func (v *View) aboutCheckpoints(rule *mechanisms.Mechanism) Problem {
	f := finding(rule, "checkpoints")
	f.Severity, f.Confidence, f.Where = events.SeverityInfo, events.ConfidenceHigh, "the checkpoints of the job"
	f.Impact = "What throughput gains cannot be told; checkpoints become shorter, and a failure costs less."
	return f
}
