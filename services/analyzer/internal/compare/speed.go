package compare

import (
	"math"
	"slices"

	"squirrly.dev/pkg/events"
)

// speed is the verdict on the two runs.
//
// What a job gets through says something only where it can do no more: a job that keeps up gets through what comes in. So
// the throughput counts where a run was limited. Else the time for each record does, as far as load alone does not explain
// it, and then two of three witnesses must agree and none object: the busy time at the pivot, the CPU time, and what became
// of the findings.
func (c *comparison) speed(changes []events.Comparable) events.Speed {
	switch {
	case c.apart != "":
		return events.SpeedUnknown
	case c.unsettled() != "":
		c.caveat("%s", c.unsettled())
		return events.SpeedUnknown
	case !c.comparable:
		return c.byLimit(changes)
	case !c.rates:
		return events.SpeedUnknown
	}
	if s := c.byCapacity(); s != "" {
		return s
	}
	better, worse := c.witnesses(changes)
	switch both := better > 0 && worse > 0; {
	case better > 1 && full(c.after) && math.Log(c.ratio) <= c.margin, worse > 1 && full(c.before) && -math.Log(c.ratio) <= c.margin:
		return events.SpeedUnknown // it does all it can and gets no more through than the other one
	case better > 1 && !both && (!c.queues() || c.byCPU() > 0):
		return events.SpeedFaster
	case worse > 1 && !both && (!c.queues() || c.byCPU() < 0):
		return events.SpeedSlower
	case better+worse > 0, c.margin > vague, c.beyondLoad():
		return events.SpeedUnknown
	case c.doubtful(), c.forCPU():
		return events.SpeedUnknown
	}
	return events.SpeedSame
}

// beyondLoad reports a throughput that is more than twice the other one, while the job did not do all it could before: that more
// came in may be why, or that it could not take it then, as with a limit of its own.
func (c *comparison) beyondLoad() bool { return math.Log(c.ratio) > vague && !limited(c.before) }

// doubtful reports a throughput that is neither as before nor beyond the margin, where the job was at its limit.
func (c *comparison) doubtful() bool {
	change, m := math.Log(c.ratio), c.margin
	if c.cold {
		m /= coldFactor // it would count in warm runs
	}
	return limited(c.before) && change-reserve(c.before)-starved(c.before) > doubtful*m ||
		limited(c.after) && -change-reserve(c.after)-starved(c.after) > doubtful*m
}

// forCPU reports a throughput that moved beyond the margin while the lack of CPU limited a run: be it for the code or for what CPU
// there was.
func (c *comparison) forCPU() bool {
	lacked := c.before.Verdict.Limit == events.LimitCPU || c.after.Verdict.Limit == events.LimitCPU
	return lacked && math.Abs(math.Log(c.ratio)) > c.margin
}

// unsettled says why one of the runs shows no steady job; empty when both do.
func (c *comparison) unsettled() string {
	for _, run := range []struct {
		of   *events.Analysis
		name string
	}{{c.before, "The baseline run"}, {c.after, "The run"}} {
		switch run.of.Verdict.Limit {
		case events.LimitRestarting:
			return run.name + " saw the job restart."
		case events.LimitStarting:
			return run.name + " saw the job start."
		default:
		}
	}
	return ""
}

// byCapacity judges what the job can deliver; empty when that is not known.
func (c *comparison) byCapacity() events.Speed {
	change := math.Log(c.ratio)
	switch {
	case limited(c.before) && change > c.margin+reserve(c.before)+starved(c.before):
		return events.SpeedFaster
	case limited(c.after) && -change > c.margin+reserve(c.after)+starved(c.after):
		return events.SpeedSlower
	}
	return ""
}

// reserve is how much more a job could do whose limit is not busy all the time, as a logarithm.
func reserve(a *events.Analysis) float64 {
	if a.Verdict.Busy <= 0 {
		return 0
	}
	return -math.Log(min(1, a.Verdict.Busy))
}

// byLimit judges jobs whose records cannot be compared: by the limit that went or came together with a finding.
func (c *comparison) byLimit(changes []events.Comparable) events.Speed {
	became := func(these ...events.Change) bool {
		return slices.ContainsFunc(changes, func(x events.Comparable) bool { return slices.Contains(these, x.Change) })
	}
	switch {
	case c.relieved() && became(events.ChangeResolved, events.ChangeImproved):
		return events.SpeedFaster
	case c.strained() && became(events.ChangeNew, events.ChangeWorse):
		return events.SpeedSlower
	}
	return events.SpeedUnknown
}

// witnesses counts what speaks for better and for worse.
func (c *comparison) witnesses(changes []events.Comparable) (better, worse int) {
	// Threads that wait for a CPU are busy.
	busy := c.cone(c.busy[0], c.busy[1], max(starved(c.before), starved(c.after)))
	votes := []int{byFindings(changes), busy}
	// Where a limit went or came, throughput is what changed: a wait that is gone may cost CPU.
	stayed := limited(c.before) == limited(c.after)
	if stayed || busy == 0 {
		votes = append(votes, c.byCPU())
	}
	for _, v := range votes {
		switch {
		case v > 0:
			better++
		case v < 0:
			worse++
		}
	}
	return better, worse
}

// byCPU is the vote of the CPU time, 0 where it is not known of the job alone.
func (c *comparison) byCPU() int {
	a, b := c.before.Usage, c.after.Usage
	if a == nil || b == nil || a.Shared || b.Shared {
		return 0
	}
	return c.cone(figure{value: a.Cores}, figure{value: b.Cores}, 0)
}

// queues reports that the job left its limit since less came in, or reached it since more did. Where threads queue, for a
// lock or a pool, their waits then shrink or grow by more than the load: waits alone say nothing of the code.
func (c *comparison) queues() bool {
	load := math.Log(c.ratio)
	return limited(c.before) && !limited(c.after) && load < 0 || !limited(c.before) && limited(c.after) && load > 0
}

// cone is the vote of an amount of time that a job takes: 1 for less than load explains, −1 for more, 0 for neither. A part
// of the time is the same at every load, and the rest grows with the records; which parts these are is not known, so that
// everything between "all of it stays" and "all of it grows" is explained. Slack makes the margin wider.
func (c *comparison) cone(a, b figure, slack float64) int {
	if !sensible(a.value) || !sensible(b.value) || max(a.value, b.value) < leastBusy {
		return 0
	}
	return -c.beyond(math.Log(b.value/a.value), slack+margin(a, b, costNoise))
}

// beyond reports a change of an amount of time, as a logarithm, that load does not explain: 1 for more, −1 for less. Where
// both runs did all they could, it was not load that changed, and the amount goes with the records.
func (c *comparison) beyond(change, m float64) int {
	if c.cold {
		m *= coldFactor
	}
	load := math.Log(c.ratio)
	least, most := min(0, load), max(0, load)
	if limited(c.before) && limited(c.after) {
		least, most = load, load
	}
	switch {
	case change < least-m:
		return -1
	case change > most+m:
		return 1
	}
	return 0
}

// leastBusy is what a job must take at least of a thread, or of a core, for its changes to be more than the JVM's own.
const leastBusy = 0.15

// byFindings is the vote of the findings that are worth a warning.
func byFindings(changes []events.Comparable) int {
	vote := 0
	for i := range changes {
		x := &changes[i]
		if !x.Severity.AtLeast(events.SeverityWarning) {
			continue
		}
		switch x.Change {
		case events.ChangeResolved, events.ChangeImproved:
			vote++
		case events.ChangeNew, events.ChangeWorse:
			vote--
		default:
		}
	}
	return vote
}

// limited reports that the job could not do more.
func limited(a *events.Analysis) bool {
	return a.Verdict.Limit == events.LimitVertex || a.Verdict.Limit == events.LimitBackpressured
}

// full reports that the job did all it could, be it for its code or for the CPU that it got.
func full(a *events.Analysis) bool { return limited(a) || a.Verdict.Limit == events.LimitCPU }

// starved is how much faster a job could be with enough CPU and the same code, as a logarithm.
func starved(a *events.Analysis) float64 {
	if a.Usage == nil {
		return 0
	}
	const most = 0.95
	return -math.Log(1 - max(0, min(most, a.Usage.Starved)))
}

// relieved reports that a vertex limited the job and none does now; strained is the opposite.
func (c *comparison) relieved() bool {
	return limited(c.before) && c.after.Verdict.Limit == events.LimitNone && c.before.Verdict.Busy-c.after.Verdict.Busy >= busyMargin
}

func (c *comparison) strained() bool {
	return limited(c.after) && c.before.Verdict.Limit == events.LimitNone && c.after.Verdict.Busy-c.before.Verdict.Busy >= busyMargin
}

// effectOf is the verdict on the advice that belonged to a finding of the baseline run: it helped only if the finding is
// gone or clearly smaller and the job is faster.
func (c *comparison) effectOf(change events.Change, speed events.Speed) events.Effect {
	switch {
	case change == events.ChangePersisting:
		return events.EffectNone
	case change == events.ChangeWorse:
		return events.EffectWorse
	case change == events.ChangeUnknown || speed == events.SpeedUnknown || speed == "":
		return events.EffectUnknown
	}
	return speed.Effect()
}

// fixed reports that a finding of the baseline run is gone or clearly smaller, and that the job is faster.
func fixed(speed events.Speed, changes []events.Comparable) bool {
	return speed == events.SpeedFaster && slices.ContainsFunc(changes, func(x events.Comparable) bool {
		return x.Change == events.ChangeResolved || x.Change == events.ChangeImproved
	})
}

// Statistics of samples. Neighbouring samples of one thread show the same thing, so that n of them say as much as n
// over this number of independent ones.
const designEffect = 4

// zOf compares two proportions of n1 and n2 samples.
func zOf(p1, n1, p2, n2 float64) float64 {
	if n1 <= 0 || n2 <= 0 {
		return 0
	}
	p1, p2 = min(p1, 1), min(p2, 1)
	pooled := (p1*n1 + p2*n2 + 1) / (n1 + n2 + 2) // never 0 or 1
	return (p2 - p1) / math.Sqrt(pooled*(1-pooled)*designEffect*(1/n1+1/n2))
}
