package diagnose

import (
	"fmt"

	"squirrly.dev/internal/wording"
	"squirrly.dev/services/analyzer/internal/limits"
)

// happened tells of a job that did not run while it was profiled, and of nothing else.
func (s *summary) happened(v *View, findings []Problem) {
	i := v.limit.Incident
	s.Headline = v.limit.Why
	s.facts = []fact{{factMetric, incidentFact(i)}}
	if i.Happening != limits.Restarted {
		return
	}
	s.Headline += " Nothing else matters until it runs."
	for j := range findings {
		if p := &findings[j]; p.Rule.By == "restarts" {
			s.Anchor, s.Fix = p.Anchor, p.fix()
		}
	}
}

// heldBack tells of backpressure that no busy vertex explains.
func (s *summary) heldBack(v *View, findings []Problem) {
	s.Headline = v.limit.Why
	s.facts = []fact{v.vertexFacts[v.limit.Held]}
	if busiest := v.limit.Next; busiest >= 0 {
		s.Busy = v.loads[busiest].Max(limits.Busy)
		s.facts = append(s.facts, v.vertexFacts[busiest])
	}
	s.Headline += costText(findings)
}

// limitText says which vertex limits the job, and how it is known.
func (s *summary) limitText(v *View, at int) string {
	load := &v.loads[at]
	name := s.VertexName + v.subtasksText(at)
	busy := wording.Percent(s.Busy) + " busy"
	switch {
	case v.limit.Legacy != nil && v.limit.Legacy.Vertex == at:
		return fmt.Sprintf("%s limits the job: %s", name, v.legacyText(load))
	case !load.Known():
		busy = "of unknown load"
	}
	switch {
	case v.limit.OneOf:
		var parts []string
		for _, vertex := range v.limit.vertices() {
			parts = append(parts, fmt.Sprintf("%s (%s busy)", v.loads[vertex].Name, wording.Percent(v.loads[vertex].Max(limits.Busy))))
		}
		return "One of " + wording.List(parts) + " limits the job"
	case v.limit.Own:
		return fmt.Sprintf("%s limits the job: it is backpressured though nothing behind it is busy; %s itself", s.VertexName, busy)
	case v.limit.Near:
		return fmt.Sprintf("%s is close to limiting the job, but nothing waits for it yet: %s", name, busy)
	case v.limit.Filling:
		return fmt.Sprintf("%s limits the job: the buffers before it fill, since it takes in %s less than it is sent; %s",
			name, wording.Percent(v.limit.Late), busy)
	default:
		return fmt.Sprintf("%s limits the job: %s", name, busy)
	}
}

// legacyText says by what a source is judged of which Flink knows no busy time.
func (v *View) legacyText(load *limits.Load) string {
	text := fmt.Sprintf("Flink does not know how busy a legacy source is, but it keeps %s busy", wording.TE(v.limit.Legacy.Running))
	if subtask, sent, all, ok := v.limit.Legacy.Sender(load); ok {
		text += fmt.Sprintf(", and subtask %d sends %s of its %s records", subtask+1, wording.Count(sent), wording.Count(all))
	}
	return text
}

// hotSubtasks is how many subtasks of a vertex limit the job.
func (v *View) hotSubtasks(at int) int {
	if at == v.limit.Vertex {
		return len(v.limit.Hot)
	}
	return len(v.loads[at].Subtasks)
}

// subtasksText says which part of the subtasks limits: a few when the load is skewed, or all when none has a reserve.
func (v *View) subtasksText(at int) string {
	load := &v.loads[at]
	n := len(load.Subtasks)
	saturated := 0
	for i := range load.Subtasks {
		if load.Subtasks[i].Busy >= limits.Saturated {
			saturated++
		}
	}
	switch {
	case at == v.limit.Vertex && v.limit.Skewed:
		return fmt.Sprintf(" (%d of %s)", len(v.limit.Hot), wording.Plural(n, "subtask"))
	case saturated == n && n > 0:
		return fmt.Sprintf(" (%d of %s)", n, wording.Plural(n, "subtask"))
	}
	return ""
}

// pressureText says how much of its time the most backpressured subtask of the job was held back.
func (v *View) pressureText() string {
	held := limits.MostHeld(v.loads)
	if held < 0 {
		return "whether anything is backpressured is not known"
	}
	back := v.loads[held].Max(limits.BackPressured)
	switch {
	case back < 0.005:
		return "nothing is backpressured"
	case v.limit.Held == held:
		return fmt.Sprintf("%s is backpressured for %s of its time, in short bursts", v.loads[held].Name, wording.Percent(back))
	}
	return fmt.Sprintf("no vertex is backpressured for more than %s of its time", wording.Percent(back))
}
