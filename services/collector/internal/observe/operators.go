package observe

import (
	"context"
	"fmt"
	"strings"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/panics"
)

const (
	maxChains    = 64 // vertices that are asked for their operators, a request for each reading
	maxOperators = 48 // of one vertex
)

// chains are the vertices of a job that have several operators. The counts of any other are those of its subtasks.
type chains struct {
	client *flink.Client
	job    string
	all    []*chain
	left   []string // what was left out, and why
}

type chain struct {
	vertex    flink.Vertex
	operators []string // as in the names of metrics; empty until Flink has told
}

func newChains(client *flink.Client, g Graph) *chains {
	c := &chains{client: client, job: g.Job.ID}
	lines := map[string]int{}
	for _, n := range g.Job.Plan.Nodes {
		lines[n.ID] = len(strings.Split(plainText(n.Description), "\n"))
	}
	for _, v := range g.Job.Vertices {
		switch {
		case lines[v.ID] < 2: //nolint:mnd // one operator is no chain.
		case len(c.all) == maxChains:
			c.left = []string{fmt.Sprintf("records of operators: of the first %d chained vertices only", maxChains)}
		default:
			c.all = append(c.all, &chain{vertex: v})
		}
	}
	return c
}

// read returns what the operators have read and written so far.
func (c *chains) read(ctx context.Context) []jobcontext.OperatorCounters {
	found := make([][]flink.OperatorRecords, len(c.all))
	parallel(len(c.all), func(i int) { found[i] = c.all[i].read(ctx, c.client, c.job) })
	var out []jobcontext.OperatorCounters
	for i, records := range found {
		for _, r := range records {
			counters := jobcontext.OperatorCounters{Vertex: c.all[i].vertex.ID, Name: line(r.Operator), In: r.In, Out: r.Out}
			if r.Most >= 0 {
				counters.OutOf = &jobcontext.Range{Least: r.Least, Most: r.Most}
			}
			out = append(out, counters)
		}
	}
	return out
}

func (c *chain) read(ctx context.Context, client *flink.Client, job string) []flink.OperatorRecords {
	if len(c.operators) == 0 {
		names, err := client.Operators(ctx, job, c.vertex.ID)
		if err != nil || len(names) == 0 {
			return nil // Flink has not fetched them yet
		}
		c.operators = names[:min(len(names), maxOperators)]
	}
	records, err := client.OperatorRecords(ctx, job, c.vertex.ID, c.vertex.Parallelism, c.operators)
	if err != nil {
		return nil
	}
	return records
}

// parallel calls do for 0 to n-1, some at a time, and returns when all are done.
func parallel(n int, do func(i int)) {
	var all panics.Group
	slots := make(chan struct{}, atOnce)
	for i := range n {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			do(i)
		})
	}
	all.Wait()
}
