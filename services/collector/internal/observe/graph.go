// Package observe reads what is around the profiles of a job: its graph and where its subtasks run, the accumulated
// counters across the capture windows, JVM figures, task threads, checkpoints, failures and configuration.
//
// It writes down what Flink says and draws no conclusion from it. What cannot be had is named, and never a failure:
// a profile without context is still a profile. Profiles themselves do not belong here.
package observe

import (
	"cmp"
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/jobcontext"
)

// atOnce bounds the requests that are under way at a time.
const atOnce = 8

// running is the status of a subtask that does its work.
const running = "RUNNING"

// Graph is a job with all of its subtasks.
type Graph struct {
	Job      flink.Job
	Vertices []flink.VertexDetails // as in the job
}

// ReadGraph asks for a job and its vertices.
func ReadGraph(ctx context.Context, client *flink.Client, jobID string) (Graph, error) {
	job, err := client.Job(ctx, jobID)
	if err != nil {
		return Graph{}, err
	}
	g := Graph{Job: job}
	g.Vertices, err = readVertices(ctx, client, job)
	return g, err
}

func readVertices(ctx context.Context, client *flink.Client, job flink.Job) ([]flink.VertexDetails, error) {
	all := make([]flink.VertexDetails, len(job.Vertices))
	each, ctx := errgroup.WithContext(ctx)
	each.SetLimit(atOnce)
	for i, v := range job.Vertices {
		each.Go(func() (err error) {
			all[i], err = client.Vertex(ctx, job.ID, v.ID)
			return err
		})
	}
	return all, each.Wait() //nolint:wrapcheck // the error of the client.
}

// TaskManagers returns the ids of the TaskManagers that run subtasks of the job: those with the most first, and in
// the order of their ids among equals.
func (g Graph) TaskManagers() []string {
	subtasks := map[string]int{}
	for _, v := range g.Vertices {
		for _, s := range v.Subtasks {
			if s.Status == running && s.TaskManagerID != "" && s.TaskManagerID != unassigned {
				subtasks[s.TaskManagerID]++
			}
		}
	}
	ids := make([]string, 0, len(subtasks))
	for id := range subtasks {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int {
		return cmp.Or(cmp.Compare(subtasks[b], subtasks[a]), cmp.Compare(a, b))
	})
	return ids
}

// unassigned stands for the TaskManager of a subtask that is not deployed.
const unassigned = "(unassigned)"

func (g Graph) describe(out *jobcontext.Context) {
	j := g.Job
	out.Job = jobcontext.Job{ID: j.ID, Name: j.Name, State: j.State, StartTime: j.StartTime, Now: j.Now}
	inputs := map[string][]jobcontext.Input{}
	for _, n := range j.Plan.Nodes {
		for _, in := range n.Inputs {
			inputs[n.ID] = append(inputs[n.ID], jobcontext.Input{Vertex: in.ID, Ship: in.ShipStrategy})
		}
	}
	for i, v := range j.Vertices {
		vertex := jobcontext.Vertex{ID: v.ID, Name: v.Name, Parallelism: v.Parallelism, Inputs: inputs[v.ID]}
		for _, s := range g.Vertices[i].Subtasks {
			tm := s.TaskManagerID
			if tm == unassigned {
				tm = ""
			}
			vertex.Subtasks = append(vertex.Subtasks, jobcontext.Subtask{Index: s.Index, TaskManager: tm, Status: s.Status})
		}
		out.Vertices = append(out.Vertices, vertex)
	}
}
