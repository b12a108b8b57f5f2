package collector

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/jobstate"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/collector/internal/observe"
)

// awaitJob finds the job, and waits until it is RUNNING on TaskManagers: a job that restarts again and again is profiled in
// the next attempt that is seen. The record says what is waited for. When Config.JobWait is over, the run fails with the
// state of the job and what it failed with last.
func (r *attempt) awaitJob(ctx context.Context) (observe.Graph, error) {
	until, told := time.Now().Add(r.cfg.JobWait), map[string]bool{}
	for {
		graph, err := r.findJob(ctx)
		if err != nil {
			return graph, err
		}
		why, code := notReady(graph)
		if why == "" {
			return graph, nil
		}
		text := withFailure(why, r.lastFailure(ctx, graph.Job.ID))
		if !time.Now().Before(until) {
			return graph, bus.Permanent(code, fmt.Errorf("%s, and was not within %s", text, r.cfg.JobWait))
		}
		if err := r.tell(ctx, text, !told[why]); err != nil {
			return graph, err
		}
		told[why] = true
		if err := r.timing.Wait(ctx); err != nil {
			return graph, err
		}
	}
}

// notReady says why a job cannot be profiled now, or nothing.
func notReady(graph observe.Graph) (why string, code events.Code) {
	j := graph.Job
	switch {
	case j.State != flink.JobRunning:
		return jobstate.NotRunning(j.Name, j.ID, j.State), jobstate.Code(j.State)
	case len(graph.TaskManagers()) == 0:
		return fmt.Sprintf("job %q (%s) runs on no TaskManager yet%s", jobstate.Short(j.Name), j.ID, taskStates(graph)), events.CodeTargetNotReady
	}
	return "", ""
}

// taskStates names the states that the tasks of a job are in.
func taskStates(graph observe.Graph) string {
	var states []string
	for _, v := range graph.Vertices {
		for _, s := range v.Subtasks {
			if !slices.Contains(states, s.Status) {
				states = append(states, s.Status)
			}
		}
	}
	if len(states) == 0 {
		return ""
	}
	slices.Sort(states)
	return ": its tasks are " + strings.Join(states, ", ")
}

func (r *attempt) lastFailure(ctx context.Context, id string) string {
	ctx, cancel := context.WithTimeout(ctx, r.timing.Call)
	defer cancel()
	return jobstate.LastFailure(ctx, r.flink, id)
}

func withFailure(text, failure string) string {
	if failure == "" {
		return text
	}
	return text + "; its last failure: " + failure
}

// tell writes into the record what the job is waited for; a state that is new to this attempt also becomes a line of the
// history.
func (r *attempt) tell(ctx context.Context, text string, isNew bool) error {
	step := "waiting: " + text
	if !isNew && r.claim.Record().Step == step {
		return nil
	}
	return r.claim.Mutate(ctx, func(rec *run.Record) error {
		rec.Step = step
		if isNew {
			rec.Note("%s, waited for up to %s", text, r.cfg.JobWait)
		}
		return nil
	})
}
