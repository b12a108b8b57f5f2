package observe

import (
	"context"
	"fmt"
	"slices"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/jobcontext"
)

// What is read of jobs beside the profiled one. Each of their vertices is a request for each reading.
const (
	maxOtherJobs     = 8
	maxOtherVertices = 200 // of all of them together
)

// others are the jobs beside the profiled one on its TaskManagers.
type others struct {
	client *flink.Client
	tms    []string
	jobs   []Graph
	left   []string // what was left out, and why
}

// find reads the graphs of the jobs with these ids.
func (o *others) find(ctx context.Context, ids []string) {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if n := len(ids) - maxOtherJobs; n > 0 {
		o.left = append(o.left, fmt.Sprintf("%d of %d other jobs: counters of at most %d are read: without %s", n, len(ids), maxOtherJobs,
			cut(fmt.Sprint(ids[maxOtherJobs:]))))
		ids = ids[:maxOtherJobs]
	}
	found := make([]flink.Job, len(ids))
	errs := make([]error, len(ids))
	parallel(len(ids), func(i int) { found[i], errs[i] = o.client.Job(ctx, ids[i]) })
	vertices := 0
	for i, job := range found {
		if errs[i] != nil {
			o.left = append(o.left, "other job "+ids[i]+": "+line(errs[i].Error()))
			continue
		}
		if vertices += len(job.Vertices); vertices > maxOtherVertices {
			o.left = append(o.left, fmt.Sprintf("counters of the other job %s (%s): more than %d vertices in all", line(job.Name), job.ID, maxOtherVertices))
			job.Vertices = nil
		}
		o.jobs = append(o.jobs, Graph{Job: job})
	}
}

// read returns the counters of their subtasks on the TaskManagers.
func (o *others) read(ctx context.Context) []jobcontext.Counters {
	var out []jobcontext.Counters
	for i := range o.jobs {
		g := &o.jobs[i]
		vertices, err := readVertices(ctx, o.client, g.Job)
		if err != nil {
			continue // it may have ended
		}
		g.Vertices = vertices
		for _, c := range counters(vertices, o.here) {
			c.Job = g.Job.ID
			out = append(out, c)
		}
	}
	return out
}

func (o *others) here(tm string) bool { return slices.Contains(o.tms, tm) }

// describe returns what they are, as of the last reading.
func (o *others) describe() []jobcontext.OtherJob {
	var out []jobcontext.OtherJob
	for _, g := range o.jobs {
		out = append(out, jobcontext.OtherJob{
			ID: g.Job.ID, Name: line(g.Job.Name), State: g.Job.State, Vertices: g.describe(o.here),
		})
	}
	return out
}
