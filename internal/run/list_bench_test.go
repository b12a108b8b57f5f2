package run_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// BenchmarkSearch lists the newest fifty of 10,000 runs, of which twenty are under way: by their summaries, and, as it was
// before there were any, by their records.
func BenchmarkSearch(b *testing.B) {
	const runs, underWay = 10_000, 20
	on := bustest.Start(b)
	for i := range runs {
		rec := usual(i)
		if i%(runs/underWay) == 0 {
			rec.State, rec.Conclusion = events.StateProfiling, nil
		}
		records(b, on, rec)
	}
	r := run.New(on)
	b.Run("records", func(b *testing.B) {
		measure(b, func() int {
			all, err := r.List(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			slices.SortFunc(all, func(x, y run.Record) int { return y.Created.Compare(x.Created) })
			return len(all)
		}, runs)
	})
	ctx, stop := context.WithCancel(b.Context())
	swept := make(chan error, 1)
	go func() { swept <- run.Sweeper{Runs: r}.Run(ctx) }()
	stored := bus.OpenBucket[run.Summary](on, events.BucketRuns)
	for n := 0; n < runs-underWay; time.Sleep(100 * time.Millisecond) {
		keys, err := stored.Keys(b.Context(), "summary.*")
		if err != nil {
			b.Fatal(err)
		}
		n = len(keys)
	}
	stop()
	if err := <-swept; err != nil {
		b.Fatal(err)
	}
	for name, q := range map[string]run.Query{
		"summaries": {Limit: 50}, "summaries/chosen": {Limit: 50, Job: "job-7", Severity: events.SeverityWarning},
	} {
		b.Run(name, func(b *testing.B) {
			want := runs
			if q.Job != "" {
				want = runs / 20
			}
			measure(b, func() int {
				page, err := r.Search(b.Context(), q)
				if err != nil {
					b.Fatal(err)
				}
				return page.Matched
			}, want)
		})
	}
}

// measure reports the median, and the processor time of server and client, which depends less on what else runs.
func measure(b *testing.B, list func() int, want int) {
	b.Helper()
	var took []time.Duration
	busy := processorTime(b)
	for b.Loop() {
		began := time.Now()
		if n := list(); n != want {
			b.Fatalf("%d runs, want %d", n, want)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-median")
	b.ReportMetric(float64((processorTime(b)-busy).Microseconds())/1000/float64(len(took)), "cpu-ms/op")
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// usual is a record as a run of four TaskManagers leaves it.
func usual(i int) run.Record {
	at := morning.Add(time.Duration(i) * time.Minute)
	ref := func(what string) events.ObjectRef {
		return events.ObjectRef{Key: "local/flink/job/2026/03/01/" + uuid.NewString() + "/" + what, SHA256: strings.Repeat("a", 64), Size: 1 << 20}
	}
	severity := []events.Severity{events.SeverityNone, events.SeverityWarning}[i/20%2]
	if i%20 == 7 {
		severity = events.SeverityWarning
	}
	analysis := ref("analysis.json")
	rec := run.Record{
		Run: uuid.NewString(), State: events.StateAnalyzed, Created: at, Updated: at.Add(time.Minute), Percent: 100, Requester: "squirrly/policy",
		Plan: events.Plan{
			Identity: events.Identity{Cluster: "local", Namespace: "flink", Job: fmt.Sprintf("job-%d", i%20)}, JobName: "Orders enrichment",
			JobID: strings.Repeat("b", 32), RestURL: "http://orders-rest.flink:8081", Modes: []events.Mode{events.ModeITimer, events.ModeWall},
			Labels: map[string]string{"team": "orders", "release": "1.2.3"},
		},
		Collected: run.Collected{Artifact: &events.ArtifactReady{Manifest: ref("manifest.json")}},
		Analyzed: run.Analyzed{
			Analysis: &analysis, Reports: map[string]events.ObjectRef{"html": ref("report.html"), "markdown": ref("report.md")},
			Conclusion: &run.Conclusion{Verdict: "enrich limits, up to 2.4×", Severity: severity, Findings: 2},
		},
	}
	for n := range 8 {
		object := ref(fmt.Sprintf("captures/tm-%d.html", n))
		rec.Captures = append(rec.Captures, run.Capture{JVM: fmt.Sprintf("orders-taskmanager-1-%d", n/2), Mode: events.ModeWall, State: run.CaptureStored, Object: &object})
		rec.Artifact.Captures = append(rec.Artifact.Captures, events.CaptureRef{Status: events.CaptureStored, ObjectRef: object})
	}
	for n := range 15 {
		rec.History = append(rec.History, run.Line{At: at.Add(time.Duration(n) * time.Second), Text: "collector: profiling WALL on 4 TaskManagers, 30s"})
	}
	return rec
}
