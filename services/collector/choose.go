package collector

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/run"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/collector/internal/observe"
)

// maxCaptures keeps record and event within their limits.
const maxCaptures = 80

// pick is which TaskManagers of a job are profiled, and which are not.
type pick struct {
	chosen  []string
	leftOut []string      // the ones that matter most first
	unknown []string      // asked for, and not among those of the job
	basis   observe.Basis // by which the chosen were taken; empty when nothing was to be chosen
}

// choose takes the TaskManagers of the plan's scope, and no more than a run can hold. Only where some have to be left out,
// it looks at who is busy now, which takes a moment.
func (r *attempt) choose(ctx context.Context, graph observe.Graph) (pick, error) {
	all, named := graph.TaskManagers(), r.plan.Scope.TaskManagers
	var p pick
	candidates := len(all)
	if len(named) > 0 {
		p.unknown = slices.DeleteFunc(slices.Clone(named), func(tm string) bool { return slices.Contains(all, tm) })
		candidates = len(named) - len(p.unknown)
		if candidates == 0 {
			return p, bus.Permanent(events.CodeInvalidRequest,
				errors.New("scope.taskManagers names none of the TaskManagers that run the job: "+listed(all)))
		}
	}
	most := maxCaptures / len(r.modes())
	if n := r.plan.Scope.MaxTaskManagers; n > 0 {
		most = min(most, n)
	}
	if candidates > most {
		err := r.claim.Mutate(ctx, func(rec *run.Record) error {
			rec.Step = fmt.Sprintf("looking which %d of %d TaskManagers are the busiest now", most, candidates)
			return nil
		})
		if err != nil {
			return p, err
		}
		graph, p.basis = r.now(ctx, graph)
	}
	p.chosen = graph.Choose(named, most)
	p.leftOut = without(graph.TaskManagers(), p.chosen)
	return p, nil
}

// now is the graph with what its subtasks do now.
func (r *attempt) now(ctx context.Context, graph observe.Graph) (observe.Graph, observe.Basis) {
	config, _ := r.flink.JobManagerConfig(ctx) // without it, Flink's default
	return observe.Now(ctx, r.flink, graph, config.MetricsInterval())
}

// chosenBefore is the pick of an earlier attempt, as far as the graph still tells of it.
func (r *attempt) chosenBefore(graph observe.Graph, chosen []string) pick {
	all := graph.TaskManagers()
	var basis observe.Basis
	if c := r.claim.Record().Choice; c != nil {
		basis = observe.Basis(c.By)
	}
	return pick{chosen: chosen, basis: basis, leftOut: without(all, chosen), unknown: without(r.plan.Scope.TaskManagers, slices.Concat(all, chosen))}
}

// count says how many TaskManagers are profiled, and of how many.
func (p pick) count() string {
	if len(p.leftOut) == 0 {
		return wording.Plural(len(p.chosen), "TaskManager")
	}
	return fmt.Sprintf("%d of %d TaskManagers%s", len(p.chosen), len(p.chosen)+len(p.leftOut), p.how())
}

// choice is what the record keeps of a pick, since the lines of its history give way to later ones.
func (p pick) choice() *run.Choice {
	if len(p.leftOut) == 0 {
		return nil
	}
	return &run.Choice{
		Profiled: len(p.chosen), Of: len(p.chosen) + len(p.leftOut), By: string(p.basis), LeftOut: p.leftOut[:min(len(p.leftOut), run.MaxLeftOut)],
	}
}

// how says by what the chosen were taken, if any were.
func (p pick) how() string {
	if p.basis == "" {
		return ""
	}
	return ", the busiest by " + string(p.basis)
}

// missing says what is not profiled, and how much of the job it carries.
func (p pick) missing(of observe.Carried) []string {
	var out []string
	for _, tm := range p.unknown {
		out = append(out, fmt.Sprintf("TaskManager %s was asked for, and ran nothing of the job", tm))
	}
	if len(p.leftOut) > 0 {
		out = append(out, fmt.Sprintf("TaskManagers: %d of %d were profiled%s; left out: %s%s",
			len(p.chosen), len(p.chosen)+len(p.leftOut), p.how(), listed(p.leftOut), carries(of)))
	}
	return out
}

// carries says how much of the job ran where nothing was profiled.
func carries(of observe.Carried) string {
	if !of.Known {
		return "; how much of the job they carry is not known"
	}
	return fmt.Sprintf(". They carry %s of the job's busy time and %s of its records", wording.Percent(1-of.Busy), wording.Percent(1-of.Records))
}

// without returns what is in all and not in some.
func without(all, some []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(some, s) })
}
