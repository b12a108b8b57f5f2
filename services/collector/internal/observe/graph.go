package observe

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/panics"
)

// atOnce bounds the requests that are under way at a time.
const atOnce = 8

// running is the status of a subtask that does its work.
const running = "RUNNING"

// unassigned stands for the TaskManager of a subtask that is not deployed.
const unassigned = "(unassigned)"

// Graph is a job with all of its subtasks.
type Graph struct {
	Job      flink.Job
	Vertices []flink.VertexDetails // as in the job
	ReadAt   time.Time             // when the job was answered, which is Job.Now by the JobManager's clock
}

// ReadGraph asks for a job and its vertices.
func ReadGraph(ctx context.Context, client *flink.Client, jobID string) (Graph, error) {
	job, err := client.Job(ctx, jobID)
	if err != nil {
		return Graph{}, err
	}
	g := Graph{Job: job, ReadAt: time.Now()}
	g.Vertices, err = readVertices(ctx, client, job)
	return g, err
}

func readVertices(ctx context.Context, client *flink.Client, job flink.Job) ([]flink.VertexDetails, error) {
	all := make([]flink.VertexDetails, len(job.Vertices))
	each, ctx := errgroup.WithContext(ctx)
	each.SetLimit(atOnce)
	for i, v := range job.Vertices {
		each.Go(func() error {
			return panics.Catch(func() (err error) {
				all[i], err = client.Vertex(ctx, job.ID, v.ID)
				return err
			})
		})
	}
	return all, each.Wait() //nolint:wrapcheck // the error of the client.
}

// clock is the JobManager's clock at a moment of ours, in epoch ms; 0 when the job was never read.
func (g Graph) clock(at time.Time) int64 {
	if g.Job.Now == 0 {
		return 0
	}
	return g.Job.Now + at.Sub(g.ReadAt).Milliseconds()
}

// describe turns the graph into vertices, with the subtasks for which keep says so. A nil keep means all.
func (g Graph) describe(keep func(taskManager string) bool) []jobcontext.Vertex {
	nodes := map[string]flink.PlanNode{}
	for _, n := range g.Job.Plan.Nodes {
		nodes[n.ID] = n
	}
	var out []jobcontext.Vertex
	for i, v := range g.Job.Vertices {
		vertex := jobcontext.Vertex{
			ID: v.ID, Name: v.Name, Description: plainText(nodes[v.ID].Description), Parallelism: v.Parallelism,
			MaxParallelism: max(0, v.MaxParallelism), SlotSharing: cut(v.SlotSharing),
		}
		for _, in := range nodes[v.ID].Inputs {
			vertex.Inputs = append(vertex.Inputs, jobcontext.Input{Vertex: in.ID, Ship: in.ShipStrategy})
		}
		for _, s := range g.subtasks(i) {
			tm := s.TaskManagerID
			if tm == unassigned {
				tm = ""
			}
			if keep == nil || keep(tm) {
				vertex.Subtasks = append(vertex.Subtasks, jobcontext.Subtask{
					Index: s.Index, TaskManager: tm, Status: s.Status, Attempt: s.Attempt, StartTime: max(0, s.StartTime),
				})
			}
		}
		out = append(out, vertex)
	}
	return out
}

// subtasks are those of the vertex at an index; none when they could not be read.
func (g Graph) subtasks(i int) []flink.Subtask {
	if i >= len(g.Vertices) {
		return nil
	}
	return g.Vertices[i].Subtasks
}
