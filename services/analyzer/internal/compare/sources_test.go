package compare_test

import (
	"testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/compare"
)

// query is a source and an aggregation that limits the job, by some plan.
func query(sent float64, names ...string) events.Analysis {
	r := bad
	r.records = sent
	a := r.analysis()
	for i, name := range names {
		a.Vertices[i].Name = name
	}
	a.Verdict.VertexName, a.Findings[0].Vertices, a.Costs = names[1], []string{names[1]}, nil
	source := &a.Vertices[0]
	source.SourceOut = sent
	for _, x := range []float64{0.98, 1.01, 1.01} {
		source.Windows = append(source.Windows, events.LoadWindow{RecordsOut: source.RecordsOut * x, SourceOut: sent * x})
	}
	return a
}

// oneByOne reads the state for each record; batched aggregates in the vertex of the source, so that far fewer records
// reach the vertex that limits.
func oneByOne() events.Analysis {
	return query(1000, "Source: bids[1]", "GroupAggregate[3]", "out[4]: Writer")
}

func batched(sent float64) events.Analysis {
	a := query(sent, "Source: bids[1] -> MiniBatchAssigner[2] -> LocalGroupAggregate[3]", "GlobalGroupAggregate[5]", "out[6]: Writer")
	a.Vertices[0].RecordsOut, a.Vertices[1].RecordsIn = sent/100, sent/100
	for i := range a.Vertices[0].Windows {
		a.Vertices[0].Windows[i].RecordsOut /= 100
	}
	return a
}

// Where a setting changes the plan, the counters of the sources tell how much more or less the job gets through, and not
// what a vertex sends that aggregates before it.
func TestCompare_SettingChangesThePlan(t *testing.T) {
	atSource := func(a events.Analysis) events.Analysis {
		a.Verdict.VertexName = a.Vertices[0].Name // what is chained to the source limits now
		return a
	}
	for name, x := range map[string]struct {
		before, after events.Analysis
		want          events.Speed
	}{
		"faster":                   {oneByOne(), batched(6200), events.SpeedFaster},
		"faster, source limits":    {oneByOne(), atSource(batched(6200)), events.SpeedFaster},
		"slower":                   {batched(6200), oneByOne(), events.SpeedSlower},
		"slower, source limited":   {atSource(batched(6200)), oneByOne(), events.SpeedSlower},
		"another plan, the same":   {oneByOne(), batched(1010), events.SpeedSame},
		"nothing changed":          {batched(1000), batched(1010), events.SpeedSame},
		"nothing changed, at them": {atSource(batched(1000)), atSource(batched(1010)), events.SpeedSame},
	} {
		if got := compare.Compare(x.before, x.after); got.Speed != x.want {
			t.Errorf("%s: %s: %s", name, got.Speed, got.Summary)
		}
	}
}

// The sources are compared only where all of them are known and the same; older recordings know none.
func TestCompare_SourcesUnknown(t *testing.T) {
	renamed := batched(6200)
	renamed.Vertices[0].Name = "Source: offers[1] -> MiniBatchAssigner[2] -> LocalGroupAggregate[3]"
	second := batched(6200)
	second.Vertices = append(second.Vertices, events.VertexLoad{Name: "Source: offers[7]", Parallelism: 1, RecordsOut: 500, SourceOut: 500})
	uncounted := batched(6200)
	uncounted.Vertices[0].SourceOut = 0
	for name, after := range map[string]events.Analysis{"another source": renamed, "one more source": second, "not counted": uncounted} {
		if got := compare.Compare(oneByOne(), after); got.Speed == events.SpeedFaster || compare.Load(got) > 1 {
			t.Errorf("%s: %s", name, got.Summary)
		}
	}
}
