package diagnose

import (
	"fmt"
	"slices"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/limits"
)

// vertexFacts states the load of every vertex.
func (d *diagnosis) vertexFacts() {
	for i := range d.loads {
		l := &d.loads[i]
		text := l.Name + ": load unknown"
		if l.Max(limits.Busy) != limits.Unknown {
			text = fmt.Sprintf("%s: %s busy in the mean, %s in the busiest subtask", l.Name,
				percent(l.Mean(limits.Busy)), percent(l.Max(limits.Busy)))
		}
		if back := l.Max(limits.BackPressured); back != limits.Unknown {
			text += fmt.Sprintf(", at most %s back-pressured, %s records/s in, %s out", percent(back),
				number(int64(l.Sum(limits.In))), number(int64(l.Sum(limits.Out))))
		}
		d.vertexFact = append(d.vertexFact, d.facts.add(factVertex, events.Fact{
			Text: text + ".", Value: max(0, l.Max(limits.Busy)), Unit: "share", Vertex: l.Name,
		}))
	}
}

// vertexLoads renders the loads for the analysis.
func (d *diagnosis) vertexLoads() []events.VertexLoad {
	var out []events.VertexLoad
	for i := range d.loads {
		l := &d.loads[i]
		v := events.VertexLoad{
			ID: l.ID, Name: l.Name, Parallelism: max(len(l.Subtasks), d.ctx.Vertices[i].Parallelism),
			Busy: l.Mean(limits.Busy), BusyMax: l.Max(limits.Busy), Idle: l.Mean(limits.Idle),
			BackPressured: l.Mean(limits.BackPressured), RecordsIn: l.Sum(limits.In), RecordsOut: l.Sum(limits.Out),
		}
		switch {
		case slices.Contains(d.limiting(), i):
			v.Role = "limit"
		case slices.Contains(d.judged.Victims, i):
			v.Role = "victim"
		}
		out = append(out, v)
	}
	return out
}

// victimSamples collects what waits for buffers: it is never blamed.
func (d *diagnosis) victimSamples(w *weight) {
	d.victimTE += w.te()
	d.victimN += w.samples()
}

func (d *diagnosis) say(text string, evidence ...string) {
	d.observations = append(d.observations, events.Observation{Text: text, Evidence: evidence, Origin: events.OriginRules})
}

// observe states what is true and useful, but nothing to fix.
func (d *diagnosis) observe() {
	if j := d.judged; j.Limit == events.LimitVertex && j.Why != "" {
		d.say(j.Why, d.vertexFact[j.Vertex])
	}
	if rivals := d.judged.Rivals; len(rivals) > 0 {
		d.say(fmt.Sprintf("%s as saturated as %s; the job gains only when all of them are fixed.",
			isAre(d.names(rivals)), d.loads[d.judged.Vertex].Name), d.vertexFact[rivals[0]])
	}
	d.observeVictims()
	if d.victimN >= minSamples {
		id := d.facts.add(factFrame, events.Fact{
			Text:  fmt.Sprintf("Task threads waited for network buffers in %s samples, %s.", number(d.victimN), te(d.victimTE)),
			Value: d.victimTE, Unit: "te", Frame: "org.apache.flink.runtime.io.network.buffer.LocalBufferPool.requestMemorySegmentBlocking",
			Mode: events.ModeWall, Samples: samples(d.victimN),
		})
		d.say("Task threads wait for free network buffers (rule D1). They are victims of a slower operator downstream, not the cause.", id)
	}
	d.observeOffCPU()
	d.observeHelpers()
	d.observeUnchained()
	if d.unnamed != "" {
		d.say("Many frames have no name (rule E7), so all findings are less certain. "+d.catalogue.Rule("E7").Fix.Change, d.unnamed)
	}
	switch {
	case d.trust.compiling:
		d.say("The JVM was still compiling: a profile taken later shows the steady state better.")
	case d.trust.cold:
		d.say("The throughput was not steady: a profile of a steady job shows better what limits it.")
	}
}

func isAre(names []string) string {
	if len(names) == 1 {
		return names[0] + " is"
	}
	return list(names) + " are"
}

// observeVictims names the vertices that only wait (rule D2).
func (d *diagnosis) observeVictims() {
	rule := d.catalogue.Rule("D2")
	for _, v := range d.judged.Victims {
		if back := d.loads[v].Max(limits.BackPressured); back >= rule.Warning {
			d.say(fmt.Sprintf("%s is back-pressured for %s of its time (rule D2): it is a victim of %s.",
				d.loads[v].Name, percent(back), d.loads[max(d.judged.Vertex, d.starved.vertex)].Name), d.vertexFact[v])
		}
	}
}

// observeOffCPU says how much of the limiting vertex's busy time is waiting.
func (d *diagnosis) observeOffCPU() {
	if d.judged.Vertex < 0 {
		return
	}
	busy, runs, seen := d.busyTE(d.judged.Vertex), 0.0, false
	for at, c := range d.chains() {
		if vertices := d.places[at].vertices; len(vertices) == 1 && vertices[0] == d.judged.Vertex {
			runs += at.scan.te(c.Active - c.Waits)
			seen = true
		}
	}
	if !seen || busy <= 0 || d.samplesPerThread() == 0 {
		return
	}
	name := d.loads[d.judged.Vertex].Name
	off := max(0, busy-runs)
	id := d.facts.add(factVertex, events.Fact{
		Text: fmt.Sprintf("%s was busy for %s and running for %.2f of them: %s of its busy time it waited.",
			name, te(busy), runs, percent(off/busy)),
		Value: off / busy, Unit: "share", Vertex: name,
	})
	switch {
	case off <= busy/2:
	case slices.ContainsFunc(d.ctx.TaskManagers, func(tm jobcontext.TaskManager) bool { return d.collecting(tm.ID) > gcHigh }):
		d.say(fmt.Sprintf("%s is busy but mostly does not run, also because the garbage collector stops it.", name), id)
	default:
		d.say(fmt.Sprintf("%s is busy but mostly does not run: more CPU would not help it.", name), id)
	}
}
