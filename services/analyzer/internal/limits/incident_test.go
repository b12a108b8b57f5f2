package limits

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
)

// recorded is the context of a public job, of the first version, as a collector wrote it.
func recorded(t *testing.T, name string) *jobcontext.Context {
	t.Helper()
	found, err := filepath.Glob(filepath.Join("..", "operators", "testdata", "jobs", name, "context", "*.json.gz"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %v, %v", name, found, err)
	}
	file, err := os.Open(found[0])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	c, err := jobcontext.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRecorded(t *testing.T) {
	one := Seen{Sources: map[string]SourceThreads{"taskmanager-1:6122": {Running: 90, Blocked: 8, Waiting: 102}}}
	for name, test := range map[string]struct {
		seen   Seen
		limit  events.Limit
		vertex string
		why    string
		skewed bool
	}{
		"restart-loop":         {Seen{}, events.LimitRestarting, "", "restarted at least 15 times in 46 s, ArithmeticException.", false},
		"legacy-source-kryo":   {one, events.LimitVertex, "Source: FakeKafkaSource", "keeps 0.90 threads busy", true},
		"nexmark-q20":          {Seen{}, events.LimitVertex, "Join[10]", "", false},
		"nexmark-q20-remedied": {Seen{}, events.LimitVertex, "Join[10]", "", false},
		"two-jobs-innocent":    {Seen{}, events.LimitNone, "", "nothing is backpressured", false},
		"nexmark-q4":           {Seen{}, events.LimitVertex, "Join[10]", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			j, vertex := judged(recorded(t, name), test.seen)
			if j.Limit != test.limit || !strings.HasPrefix(vertex, test.vertex) || !strings.Contains(j.Why, test.why) || j.Skewed != test.skewed {
				t.Errorf("%s %q skewed %v: %s", j.Limit, vertex, j.Skewed, j.Why)
			}
		})
	}
	if j, _ := judged(recorded(t, "legacy-source-kryo"), Seen{}); j.Limit != events.LimitUnknown || !strings.Contains(j.Why, "cannot be told") {
		t.Errorf("without a profile: %s: %s", j.Limit, j.Why)
	}
}

// busy is a job whose work has nothing wrong, to which things happen.
func busy() *jobcontext.Context {
	return chain(one(spent{.1, .9, 0, 0, 100}, spent{.1, .9, 0, 0, 100}), one(spent{.3, .7, 0, 100, 100}, spent{.3, .7, 0, 100, 100}), one(spent{.1, .9, 0, 200, 0}))
}

// each changes the counters of every reading.
func each(c *jobcontext.Context, change func(at int64, x *jobcontext.Counters)) *jobcontext.Context {
	for w := range c.Windows {
		for s := range c.Windows[w].Samples {
			for k := range c.Windows[w].Samples[s].Subtasks {
				change(c.Windows[w].Samples[s].AtMillis, &c.Windows[w].Samples[s].Subtasks[k])
			}
		}
	}
	return c
}

// anew lets subtasks begin an attempt between the first reading and the second.
func anew(c *jobcontext.Context, attempts int, which func(*jobcontext.Counters) bool) *jobcontext.Context {
	return each(c, func(at int64, x *jobcontext.Counters) {
		if at > 0 && which(x) {
			x.Attempt, x.StartTime = attempts, 1_605_000
			x.BusyMillis, x.IdleMillis, x.ReadRecords, x.WriteRecords = at/3, at/2, at, at
		}
	})
}

func all(*jobcontext.Counters) bool { return true }

// failed adds a failure at a time by the JobManager's clock.
func failed(c *jobcontext.Context, at int64) *jobcontext.Context {
	c.Failures = append(c.Failures, jobcontext.Failure{
		At: at, Name: "org.apache.flink.runtime.JobException", Cause: "java.lang.ArithmeticException", Message: "/ by zero", Task: "work (1/2)",
	})
	return c
}

func TestIncident(t *testing.T) {
	const during, dayBefore = 1_602_000, 1_602_000 - 86_400_000
	first := func(x *jobcontext.Counters) bool { return x.Subtask == 0 }
	for name, test := range map[string]struct {
		context *jobcontext.Context
		limit   events.Limit
		why     string
	}{
		"one failure":           {failed(anew(busy(), 1, all), during), events.LimitRestarting, "restarted at least once in 20 s, ArithmeticException: / by zero."},
		"many":                  {failed(anew(busy(), 9, all), during), events.LimitRestarting, "restarted at least 9 times in 20 s, ArithmeticException: / by zero."},
		"a region":              {anew(busy(), 1, first), events.LimitRestarting, "its exception is not known"},
		"a region, failed":      {failed(anew(busy(), 1, first), during), events.LimitRestarting, "/ by zero"},
		"rescaled":              {anew(busy(), 1, all), events.LimitStarting, "rescale"},
		"rescaled, old failure": {failed(anew(busy(), 1, all), dayBefore), events.LimitStarting, "rescale"},
		"many, old failure":     {failed(anew(busy(), 9, all), dayBefore), events.LimitRestarting, "its exception is not known"},
		"the exception alone":   {failed(busy(), dayBefore), events.LimitNone, ""},
		"failed long ago":       {each(failed(busy(), dayBefore), func(_ int64, x *jobcontext.Counters) { x.Attempt = 4 }), events.LimitNone, ""},
		"busy that falls":       {each(busy(), func(at int64, x *jobcontext.Counters) { x.BusyMillis -= at / 8 }), events.LimitNone, ""},
		"initializing": {each(busy(), func(at int64, x *jobcontext.Counters) {
			if at == 0 {
				x.Status = initializing
			}
		}), events.LimitStarting, "source was INITIALIZING"},
		"finished": {each(busy(), func(_ int64, x *jobcontext.Counters) {
			if x.Vertex == "source" {
				x.Status = finished
			}
		}), events.LimitNone, ""},
	} {
		t.Run(name, func(t *testing.T) {
			j, _ := judged(test.context, Seen{})
			if j.Limit != test.limit || !strings.Contains(j.Why, test.why) {
				t.Errorf("%s: %s", j.Limit, j.Why)
			}
			if (j.Incident != nil) != (test.limit != events.LimitNone) {
				t.Errorf("incident %+v", j.Incident)
			}
		})
	}
}

// The state of the job, failures that come more seldom than a capture is long, and a subtask without a slot.
func TestIncidentOfJob(t *testing.T) {
	c := failed(busy(), 1_590_000)
	c.Job.State = "RESTARTING"
	if j, _ := judged(c, Seen{}); j.Limit != events.LimitRestarting || !strings.Contains(j.Why, "/ by zero") {
		t.Errorf("%s: %s", j.Limit, j.Why)
	}
	seldom := failed(failed(failed(busy(), 1_550_000), 1_450_000), 1_350_000)
	for v := range seldom.Vertices {
		for s := range seldom.Vertices[v].Subtasks {
			seldom.Vertices[v].Subtasks[s].Attempt, seldom.Vertices[v].Subtasks[s].StartTime = 5, 1_552_000
		}
	}
	if j, _ := judged(seldom, Seen{}); j.Limit != events.LimitRestarting || !strings.Contains(j.Why, "5 times in 10 min") {
		t.Errorf("%s: %s", j.Limit, j.Why)
	}
	waits := busy()
	waits.Vertices[1].Subtasks[1].Status = scheduled
	if j, _ := judged(waits, Seen{}); j.Limit != events.LimitStarting || !strings.Contains(j.Why, "work was SCHEDULED") {
		t.Errorf("%s: %s", j.Limit, j.Why)
	}
	waits.Vertices[1].Subtasks[0].Status = finished // the stages of a bounded job
	if j, _ := judged(waits, Seen{}); j.Incident != nil {
		t.Errorf("%s: %s", j.Limit, j.Why)
	}
}

// A context of the first version knows attempts from the names of threads, and their age from the accumulated times.
func TestIncidentByNames(t *testing.T) {
	old := func(attempt string, ran int64) *jobcontext.Context {
		c := each(busy(), func(at int64, x *jobcontext.Counters) {
			x.StartTime, x.Status = 0, ""
			x.BusyMillis, x.IdleMillis = ran/4, ran-ran/4+at
		})
		c.Version = 0
		c.Exceptions = []string{"java.lang.ArithmeticException: java.lang.ArithmeticException"}
		for _, name := range []string{"work (1/2)#" + attempt, "work (2/2)#" + attempt, "Legacy Source Thread - other (1/1)#9", "Time Trigger for work (1/2)#" + attempt} {
			c.Threads = append(c.Threads, jobcontext.Thread{TaskManager: "tm", Name: name})
		}
		return c
	}
	withoutException := old("1", 3000)
	withoutException.Exceptions = nil
	for name, test := range map[string]struct {
		context *jobcontext.Context
		limit   events.Limit
		why     string
	}{
		"a loop":                    {old("7", 3000), events.LimitRestarting, "at least 7 times in 10 min, ArithmeticException."},
		"once, and young":           {old("1", 30_000), events.LimitRestarting, "at least once in 10 min"},
		"once, long ago":            {old("1", 590_000), events.LimitNone, ""},
		"never":                     {old("0", 600_000), events.LimitNone, ""},
		"never, and counters young": {old("0", 3000), events.LimitNone, ""},
		"once, no exception":        {withoutException, events.LimitStarting, "rescale"},
	} {
		t.Run(name, func(t *testing.T) {
			if j, _ := judged(test.context, Seen{}); j.Limit != test.limit || !strings.Contains(j.Why, test.why) {
				t.Errorf("%s: %s", j.Limit, j.Why)
			}
		})
	}
}

func TestRestoring(t *testing.T) {
	if j := Of(nil, nil, Seen{Restoring: 0.97}); j.Limit != events.LimitStarting || !strings.Contains(j.Why, "restore their state") {
		t.Errorf("%s: %s", j.Limit, j.Why)
	}
	if j, _ := judged(busy(), Seen{Restoring: 0.97}); j.Limit != events.LimitStarting {
		t.Errorf("%s: %s", j.Limit, j.Why)
	}
	if j, _ := judged(busy(), Seen{Restoring: 0.3}); j.Limit != events.LimitNone {
		t.Errorf("%s: %s", j.Limit, j.Why)
	}
}

func TestDurationText(t *testing.T) {
	for ms, want := range map[int64]string{45_845: "46 s", 600_000: "10 min", 5 * 3_600_000: "5 h", 72 * 3_600_000: "3 days"} {
		if got := durationText(time.Duration(ms) * time.Millisecond); got != want {
			t.Errorf("%d: %s, want %s", ms, got, want)
		}
	}
}

// TestExceptionText: a failure is named within sentences.
func TestExceptionText(t *testing.T) {
	for _, test := range []struct{ class, message, want string }{
		{"java.lang.ArithmeticException", "/ by zero", "ArithmeticException: / by zero"},
		{"java.lang.Exception", "Could not complete the element: 451.", "Exception: Could not complete the element: 451"},
		{"com.shop.Job$Lost", "Lost", "Lost"},
		{"com.shop.Lost", "", "Lost"},
	} {
		if got := exceptionText(test.class, test.message); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}
