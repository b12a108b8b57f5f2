package observe

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/panics"
)

// Basis is what the loads of a graph are measured over.
type Basis string

// The bases.
const (
	BasisRates    Basis = "Flink's rates of the last minute"    // Flink's own rates
	BasisReadings Basis = "what they did between two readings"  // the difference of two
	BasisAttempt  Basis = "what they did since the job started" // nothing newer is known
)

const (
	settle = 2 * time.Second // in which Flink has fetched metrics that were old when it was asked
	asking = 500 * time.Millisecond
)

// Now returns the graph with what its subtasks do now in place of what they did since their attempts began, which hides for
// hours who has become busy: by Flink's rates, else by the difference to a later reading, else unchanged. It takes some
// seconds, and up to two renewals of Flink's metrics where it has to read twice.
func Now(ctx context.Context, client *flink.Client, g Graph, renewal time.Duration) (Graph, Basis) {
	if rated, ok := byRates(ctx, client, g); ok {
		return rated, BasisRates
	}
	if later, ok := byReadings(ctx, client, g, renewal); ok {
		return later, BasisReadings
	}
	return g, BasisAttempt
}

// byRates asks for Flink's rates. Reading the graph made Flink fetch its metrics if they were old, which takes a moment.
func byRates(ctx context.Context, client *flink.Client, g Graph) (Graph, bool) {
	for until := g.ReadAt.Add(settle); time.Now().Before(until); {
		if !sleep(ctx, time.Until(until)) {
			return g, false
		}
	}
	const tries = 4
	for range tries {
		rated, err := g.rated(ctx, client)
		if err == nil {
			return rated, rated.known()
		}
		if !errors.Is(err, flink.ErrNotYet) || !sleep(ctx, asking) {
			return g, false
		}
	}
	return g, false
}

// rated is the graph with the rates of its subtasks, as times of one second.
func (g Graph) rated(ctx context.Context, client *flink.Client) (Graph, error) {
	out := Graph{Job: g.Job, ReadAt: g.ReadAt, Vertices: slices.Clone(g.Vertices)}
	each, ctx := errgroup.WithContext(ctx)
	each.SetLimit(atOnce)
	for i := range out.Vertices {
		v := &out.Vertices[i]
		if !slices.ContainsFunc(v.Subtasks, deployed) {
			continue // nothing runs there, so nothing is measured
		}
		each.Go(func() error {
			return panics.Catch(func() error {
				rates, err := client.Backpressure(ctx, g.Job.ID, v.ID)
				if err == nil {
					v.Subtasks = rate(v.Subtasks, rates)
				}
				return err
			})
		})
	}
	return out, each.Wait() //nolint:wrapcheck // the error of the client.
}

// rate puts rates into a copy of subtasks. One that has none does nothing, as far as is known.
func rate(subtasks []flink.Subtask, rates map[int]flink.Rates) []flink.Subtask {
	out := slices.Clone(subtasks)
	millis := func(share float64) flink.Millis { return flink.Millis(share * float64(time.Second.Milliseconds())) }
	for i := range out {
		m := &out[i].Metrics
		r := rates[out[i].Index]
		m.Idle, m.BackPressured = millis(r.Idle), millis(r.BackPressured)
		if m.Busy = millis(r.Busy); r.Busy < 0 {
			m.Busy = flink.Unknown
		}
	}
	return out
}

// known reports whether any load is known.
func (g Graph) known() bool {
	return slices.ContainsFunc(g.Vertices, func(v flink.VertexDetails) bool {
		return slices.ContainsFunc(v.Subtasks, func(s flink.Subtask) bool {
			return deployed(s) && s.Metrics.Busy+s.Metrics.Idle+s.Metrics.BackPressured > 0
		})
	})
}

// byReadings reads again until Flink has renewed its numbers, and returns the graph with what was done in between. A first
// renewal that comes soon may end a time of any length, in which nobody asked: then the next one is waited for.
func byReadings(ctx context.Context, client *flink.Client, g Graph, renewal time.Duration) (Graph, bool) {
	const soon = 0.3 // of the interval; a fetch takes no longer
	stale := g.ReadAt.Add(time.Duration(soon * float64(renewal)))
	from, until := g, time.Now().Add(2*renewal+settle)
	for sleep(ctx, asking) && time.Now().Before(until) {
		vertices, err := readVertices(ctx, client, g.Job)
		if err != nil {
			return g, false
		}
		now := Graph{Job: g.Job, ReadAt: time.Now(), Vertices: vertices}
		switch {
		case !now.renewed(from):
		case from.ReadAt.Equal(g.ReadAt) && now.ReadAt.Before(stale):
			from = now
		default:
			return now.after(counters(from.Vertices, nil)), true
		}
	}
	return g, false
}

// renewed reports whether the counters are others than those of an earlier reading.
func (g Graph) renewed(earlier Graph) bool {
	was := counters(earlier.Vertices, nil)
	return !slices.EqualFunc(counters(g.Vertices, nil), was, func(a, b jobcontext.Counters) bool { return a == b })
}
