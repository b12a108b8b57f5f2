package oracle

import (
	"slices"
	"testing"
)

// timed is an analysis whose numbers are thread equivalents, cores and shares of a vertex's time: of two tasks with 160
// samples, and of a JVM that used 1.14 cores in 114.
func timed() *analysis {
	visit := onTM("WALL", 50, count{Match: []string{"acme.Walk.visit"}, Rates: []rate{{JVM: "tm", Samples: 50, Threads: 2, Seconds: 4, IntervalMillis: 50}}})
	share, part := *visit, *visit
	share.Busy, part.AtMost = 1.25, true
	return &analysis{
		Findings: []finding{{ID: "R1", TE: 0.625, Cores: 0.09, P: 0.5, Bound: 2, OnPath: true, Samples: 50, Evidence: []string{"F1", "F3"}}},
		Evidence: []fact{
			{ID: "F1", Text: "visit takes 0.63 thread equivalents.", Unit: "te", Value: 0.625, Mode: "WALL", Count: visit},
			{ID: "F2", Text: "visit takes 0.63 thread equivalents, 50 % of the time of walk.", Unit: "share", Value: 0.5, Mode: "WALL", Count: &share},
			{ID: "F3", Text: "The collector takes 0.09 cores.", Unit: "cores", Value: 0.09, Frame: "GC::run()", Mode: "ITIMER", Count: onTM("ITIMER", 9,
				count{Match: []string{"GC::*"}, Rates: []rate{{JVM: "tm", Samples: 9, Cores: 1.14}}})},
			{ID: "F4", Text: "A part of visit takes 0.40 thread equivalents.", Unit: "te", Value: 0.4, Mode: "WALL", Count: &part},
			{ID: "F5", Text: "The sink takes 0.09 thread equivalents.", Unit: "te", Value: 7.0 / 80, Mode: "WALL", Count: onTM("WALL", 7,
				count{Match: []string{"acme.Sink.write"}, Rates: []rate{{JVM: "tm", Samples: 7, Seconds: 4, IntervalMillis: 50}}})},
			{
				ID: "F6", Text: "20 of the 50 active WALL samples of visit are in R2 as well (40 %).", Unit: "share", Value: 0.4, Samples: 20, Mode: "WALL",
				Count: onTM("WALL", 20, count{Match: []string{"acme.Walk.visit"}, With: []string{"@wait"}, Of: onTM("WALL", 50, count{Match: []string{"acme.Walk.visit"}})}),
			},
		},
	}
}

func TestTime(t *testing.T) {
	r := ask(t, timed())
	if len(r.Disagreements) > 0 || r.Facts != 6 {
		t.Errorf("%+v, want 6 facts and no disagreement", r)
	}
	for name, fault := range map[string]struct {
		kind string
		seed func(a *analysis)
	}{
		"twice the thread equivalents":          {Time, func(a *analysis) { a.Evidence[0].Value = 1.25 }},
		"other thread equivalents in the text":  {Time, func(a *analysis) { a.Evidence[0].Text = "visit takes 0.90 thread equivalents." }},
		"one thread instead of two":             {Time, func(a *analysis) { a.Evidence[0].Count.Rates[0].Threads = 1 }},
		"a share of another busy time":          {Time, func(a *analysis) { a.Evidence[1].Count.Busy = 0.7 }},
		"another share in the text":             {Text, func(a *analysis) { a.Evidence[1].Text = "visit takes 0.63 thread equivalents, 71 %." }},
		"cores of the samples of another frame": {Samples, func(a *analysis) { a.Evidence[2].Count.Match = []string{"acme.Walk.visit"} }},
		"cores of more CPU than was used":       {Time, func(a *analysis) { a.Evidence[2].Count.Rates[0].Cores = 2 }},
		"a part that is more than the whole":    {Time, func(a *analysis) { a.Evidence[3].Value = 0.7 }},
		"samples of a JVM":                      {Samples, func(a *analysis) { a.Evidence[4].Count.Rates[0].Samples = 8 }},
		"an interval that is not the clock's":   {Time, func(a *analysis) { a.Evidence[4].Count.Rates[0].IntervalMillis = 20 }},
		"time of nothing":                       {Uncounted, func(a *analysis) { a.Evidence[0].Count = nil }},
		"samples that are not shared":           {Samples, func(a *analysis) { a.Evidence[5].Count.With = []string{"acme.Sink.write"} }},
		"a bound above its part of the time":    {Time, func(a *analysis) { a.Findings[0].Bound = 4 }},
		"a finding with more than its facts":    {Time, func(a *analysis) { a.Findings[0].TE = 0.9 }},
	} {
		a := timed()
		fault.seed(a)
		if r := ask(t, a); !slices.ContainsFunc(r.Disagreements, func(d Disagreement) bool { return d.Kind == fault.kind }) {
			t.Errorf("%s: %v, want one of kind %q", name, r.Disagreements, fault.kind)
		}
	}
}
