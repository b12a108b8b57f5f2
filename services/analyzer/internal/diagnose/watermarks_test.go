package diagnose

import (
	"slices"
	"strings"
	"testing"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
)

// stillWatermark is a job with an idle partition: the watermark of its window stands still.
func stillWatermark() *job {
	j := newJob("tm-1").vertex("Source: in", nil, load{0.3, 0.7, 1000}, load{0, 1, 0}).
		vertex("window", []string{"Source: in"}, load{0.3, 0.7, 500}, load{0.3, 0.7, 500})
	j.Vertices[1].Inputs[0].Ship, j.Vertices[1].Description = "HASH", "TumblingEventTimeWindows"
	const mark = 1_700_000_000_000
	for _, at := range []int64{1000, 61_000} {
		j.Watermarks = append(j.Watermarks, jobcontext.WatermarkReading{AtMillis: at, Vertices: []jobcontext.VertexWatermarks{
			{Vertex: "id-window", Subtasks: map[int]int64{0: mark, 1: mark}},
		}})
	}
	return j
}

// behindSource is the same where watermarks are made behind the source, and a subtask there gets nothing; the job's names say
// nothing of event time.
func behindSource() *job {
	j := newJob("tm-1").vertex("Source: in", nil, load{0.3, 0.7, 1000}).
		vertex("times", []string{"Source: in"}, load{0.3, 0.7, 1000}, load{0, 1, 0}).
		vertex("window", []string{"times"}, load{0.3, 0.7, 500}, load{0.3, 0.7, 500})
	for _, at := range []int64{1000, 61_000} {
		j.Watermarks = append(j.Watermarks, jobcontext.WatermarkReading{AtMillis: at, Vertices: []jobcontext.VertexWatermarks{
			{Vertex: "id-window", Subtasks: map[int]int64{0: jobcontext.NoWatermark, 1: jobcontext.NoWatermark}},
		}})
	}
	return j
}

// TestWatermarks_BehindSource: what makes watermarks need not be the source, and frames tell of event time, too.
func TestWatermarks_BehindSource(t *testing.T) {
	for stack, want := range map[string]bool{
		"TASK;org/apache/flink/streaming/runtime/operators/TimestampsAndWatermarksOperator.processElement 48": true,
		"TASK;MAP;com/shop/Work.map 48": false,
	} {
		r := diagnoseOK(t, Input{Context: behindSource().Context, Captures: []Capture{capture("tm-1", events.ModeWall, graph(t, stack, "TASK;IDLE 590"))}})
		f := ruleOf(r.Analysis, "D19")
		if (f != nil) != want {
			t.Errorf("%s: fired %v", stack, fired(r))
		}
		if f != nil && !strings.Contains(f.Size, "1 subtask of times") {
			t.Errorf("%s", f.Size)
		}
	}
}

// marks sets the watermarks of both subtasks of the window, at the start and at the end.
func (j *job) marks(first, last int64) *job {
	for i, mark := range []int64{first, last} {
		j.Watermarks[i].Vertices[0].Subtasks = map[int]int64{0: mark, 1: mark + 5}
	}
	return j
}

// TestWatermarks: a watermark that stands still behind a subtask without records is told, and nothing that moves or has no end.
func TestWatermarks(t *testing.T) {
	noEventTime := func(j *job) *job {
		j.Vertices[1].Description = "SlidingProcessingTimeWindows"
		return j
	}
	soon := func(j *job) *job {
		j.Watermarks[1].AtMillis = 4000
		return j
	}
	for name, test := range map[string]struct {
		job  *job
		want bool
	}{
		"stands still":                {stillWatermark(), true},
		"moves":                       {stillWatermark().marks(1_700_000_000_000, 1_700_000_060_000), false},
		"all subtasks send":           {stillWatermark().of("Source: in", 1, load{0.3, 0.7, 900}), false},
		"nothing is sent":             {stillWatermark().of("Source: in", 0, load{0, 1, 0}), false},
		"no record comes":             {stillWatermark().of("window", 0, load{0, 1, 0}).of("window", 1, load{0, 1, 0}), false},
		"never came, with event time": {stillWatermark().marks(jobcontext.NoWatermark, jobcontext.NoWatermark), true},
		"never came, without":         {noEventTime(stillWatermark().marks(jobcontext.NoWatermark, jobcontext.NoWatermark)), false},
		"read twice at once":          {soon(stillWatermark()), false},
	} {
		t.Run(name, func(t *testing.T) {
			r := diagnoseOK(t, Input{Context: test.job.Context, Captures: []Capture{capture("tm-1", events.ModeWall, graph(t, "TASK;MAP;com/shop/Work.map 48", "TASK;IDLE 590"))}})
			checkForm(t, r)
			f := ruleOf(r.Analysis, "D19")
			if (f != nil) != test.want {
				t.Fatalf("fired %v", fired(r))
			}
			if f != nil && (f.Severity != events.SeverityWarning || !slices.Equal(f.Vertices, []string{"window"}) || !strings.Contains(f.Recommendation.Change, "withIdleness") ||
				strings.Contains(r.Analysis.Verdict.Headline, "watermark")) {
				t.Errorf("%s: %+v", r.Analysis.Verdict.Headline, f)
			}
		})
	}
	ended := stillWatermark()
	for i := range ended.Watermarks {
		ended.Watermarks[i].Vertices[0].Subtasks = map[int]int64{0: jobcontext.LastWatermark, 1: jobcontext.LastWatermark}
	}
	if r := diagnoseOK(t, Input{Context: ended.Context, Captures: []Capture{capture("tm-1", events.ModeWall, graph(t, "TASK;IDLE 590"))}}); ruleOf(r.Analysis, "D19") != nil {
		t.Errorf("at the end: fired %v", fired(r))
	}
}
