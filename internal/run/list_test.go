package run_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// records writes records as they are in the bucket, with the times that they say.
func records(t testing.TB, b *bus.Bus, all ...run.Record) {
	t.Helper()
	kv := runsBucket(t, b)
	for _, rec := range all {
		body, err := json.Marshal(rec)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := kv.Put(t.Context(), "run."+rec.Run, body); err != nil {
			t.Fatal(err)
		}
	}
}

func runsBucket(t testing.TB, b *bus.Bus) jetstream.KeyValue {
	t.Helper()
	kv, err := bustest.JetStream(b).KeyValue(t.Context(), events.BucketRuns)
	if err != nil {
		t.Fatal(err)
	}
	return kv
}

// summaries waits until as many summaries are stored, and returns them by run.
func summaries(t *testing.T, b *bus.Bus, n int) map[string]run.Summary {
	t.Helper()
	stored := bus.OpenBucket[run.Summary](b, events.BucketRuns)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		entries, err := stored.List(t.Context(), "summary.*")
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) == n {
			all := map[string]run.Summary{}
			for _, e := range entries {
				all[e.Value.Run] = e.Value
			}
			return all
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d summaries, want %d", len(entries), n)
		}
	}
}

var morning = time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)

// fleet are runs of three jobs, one a minute: three of four are over.
func fleet(n int) []run.Record {
	var all []run.Record
	for i := range n {
		rec := run.Record{
			Run: fmt.Sprintf("run-%02d", i), State: events.StateAnalyzed, Created: morning.Add(time.Duration(i) * time.Minute), Percent: 100,
			Plan:     events.Plan{Identity: events.Identity{Cluster: "local", Namespace: "flink", Job: fmt.Sprintf("job-%d", i%3)}, JobName: "Job", Deadline: time.Now().Add(time.Hour)},
			Analyzed: run.Analyzed{Conclusion: &run.Conclusion{Verdict: "sine limits, up to 1.4×", Severity: events.SeverityWarning, Findings: 2}},
		}
		switch i % 4 {
		case 1:
			rec.State, rec.Conclusion = events.StateFailed, nil
			rec.Outcome = &events.Outcome{Code: events.CodeJobGone, Message: "the job is gone"}
		case 2:
			rec.State, rec.Conclusion, rec.Percent = events.StateProfiling, nil, 30
		case 3:
			rec.Conclusion.Severity = events.SeverityInfo
		}
		all = append(all, rec)
	}
	return all
}

func ids(p run.Page) string {
	var all []string
	for _, s := range p.Runs {
		all = append(all, strings.TrimPrefix(s.Run, "run-"))
	}
	return strings.Join(all, " ")
}

// A list is the same whether summaries are there or not, and after they are lost.
func TestSearch(t *testing.T) {
	b := bustest.Start(t)
	runs := run.New(b)
	records(t, b, fleet(12)...)
	queries := []struct {
		q       run.Query
		want    string
		matched int
	}{
		{run.Query{}, "11 10 09 08 07 06 05 04 03 02 01 00", 12},
		{run.Query{Limit: 5}, "11 10 09 08 07", 12},
		{run.Query{Limit: 5, After: "run-07"}, "06 05 04 03 02", 12},
		{run.Query{Limit: 5, After: "run-02"}, "01 00", 12},
		{run.Query{State: events.StateFailed}, "09 05 01", 3},
		{run.Query{State: events.StateProfiling, Limit: 2}, "10 06", 3},
		{run.Query{Job: "job-1"}, "10 07 04 01", 4},
		{run.Query{Job: "Job", Limit: 1}, "11", 12},
		{run.Query{Job: "job-9"}, "", 0},
		{run.Query{Namespace: "other"}, "", 0},
		{run.Query{Severity: events.SeverityInfo}, "11 08 07 04 03 00", 6},
		{run.Query{Severity: events.SeverityWarning, Limit: 2}, "08 04", 3},
		{run.Query{Severity: events.SeverityCritical}, "", 0},
		{run.Query{Since: morning.Add(9 * time.Minute)}, "11 10 09", 3},
		{run.Query{Severity: events.SeverityWarning, After: "run-05"}, "04 00", 3},
	}
	check := func(when string) {
		t.Helper()
		for _, c := range queries {
			page, err := runs.Search(t.Context(), c.q)
			if err != nil || ids(page) != c.want || page.Matched != c.matched {
				t.Errorf("%s, %+v: %q of %d, %v; want %q of %d", when, c.q, ids(page), page.Matched, err, c.want, c.matched)
			}
			if more := page.Next != ""; more != (c.q.Limit > 0 && c.q.After != "run-02" && c.matched > c.q.Limit && c.q.State+events.State(c.q.Job) == "" ||
				c.q.Limit > 0 && c.q.After == "" && c.matched > c.q.Limit) {
				t.Errorf("%s, %+v: next %q", when, c.q, page.Next)
			}
		}
		if _, err := runs.Search(t.Context(), run.Query{After: "run-99"}); !errors.Is(err, run.ErrNoRecord) {
			t.Errorf("%s: after a run that is not there: %v", when, err)
		}
	}
	check("without summaries")
	sweep(t, b)
	stored := summaries(t, b, 9) // of what is over
	check("with summaries")
	if s := stored["run-01"]; s.Code != events.CodeJobGone || s.Message == "" || s.Verdict != "" {
		t.Errorf("a failed run is told as %+v", s)
	}
	for _, lost := range []string{"run-00", "run-05"} {
		if err := runsBucket(t, b).Delete(t.Context(), "summary."+lost); err != nil {
			t.Fatal(err)
		}
	}
	check("with some lost")
	second := bustest.Connect(t, bustest.JetStream(b).Conn().ConnectedUrl(), "second")
	sweep(t, second)
	if got := summaries(t, b, 9)["run-00"]; got.Severity != events.SeverityWarning || got.Findings != 2 {
		t.Errorf("written again as %+v", got)
	}
}

// A summary whose record has expired is of no run; one of an older version is not believed, and made again.
func TestSearch_BelievesTheRecordAlone(t *testing.T) {
	b := bustest.Start(t)
	records(t, b, fleet(1)...)
	stored := bus.OpenBucket[run.Summary](b, events.BucketRuns)
	for _, s := range []run.Summary{
		{Run: "gone", State: events.StateAnalyzed, Version: 1},
		{Run: "run-00", State: events.StateFailed, Severity: events.SeverityCritical},
	} {
		if err := stored.Put(t.Context(), "summary."+s.Run, s); err != nil {
			t.Fatal(err)
		}
	}
	check := func() {
		t.Helper()
		page, err := run.New(b).Search(t.Context(), run.Query{})
		if err != nil || len(page.Runs) != 1 || page.Runs[0].State != events.StateAnalyzed || page.Runs[0].Severity != events.SeverityWarning {
			t.Fatalf("%+v, %v", page, err)
		}
	}
	check()
	sweep(t, b)
	for deadline := time.Now().Add(20 * time.Second); summaries(t, b, 2)["run-00"].State != events.StateAnalyzed; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the summary of the older version stayed")
		}
	}
	check()
}

// The end of a run leaves what a list says about it, and a record of an older version has it from the event.
func TestConclusion(t *testing.T) {
	b := bustest.Start(t)
	sweep(t, b)
	ready := events.RecommendationReady{
		Run: "r1", Identity: identity, Severity: events.SeverityWarning, Analysis: ready("r1").Manifest,
		Verdict:  events.Verdict{Headline: "h", Limit: events.LimitVertex, VertexName: "sine", Bound: 1.4},
		Findings: []events.FindingExcerpt{}, Others: make([]events.Brief, 3),
	}
	analyze := run.Step{Service: "collector", Working: events.StateAnalyzing, Done: events.StateAnalyzed}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = run.New(b).Work(ctx, analyze, 1, func(context.Context, *run.Claim) (events.Payload, error) { return ready, nil })
	}()
	t.Cleanup(func() { cancel(); <-done })
	start(t, b, plan("r1"))
	rec := until(t, b, inState(events.StateAnalyzed))
	want := run.Conclusion{Verdict: "sine limits, up to 1.4×", Severity: events.SeverityWarning, Findings: 3}
	if rec.Conclusion == nil || *rec.Conclusion != want {
		t.Fatalf("the record has %+v", rec.Conclusion)
	}
	if s := summaries(t, b, 1)["r1"]; s.Verdict != want.Verdict || s.Severity != want.Severity || s.Findings != 3 {
		t.Errorf("the summary is %+v", s)
	}
	if _, err := run.New(b).Update(t.Context(), "r1", func(r *run.Record) error { r.Conclusion = nil; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := runsBucket(t, b).Delete(t.Context(), "summary.r1"); err != nil {
		t.Fatal(err)
	}
	page, err := run.New(b).Search(t.Context(), run.Query{})
	if err != nil || len(page.Runs) != 1 || page.Runs[0].Verdict != want.Verdict {
		t.Errorf("of an older record: %+v, %v", page, err)
	}
}

// However long its texts are, a stored summary is within its limit, and keeps what a list chooses by.
func TestSummary_Size(t *testing.T) {
	long := strings.Repeat("Ünïcödé word \x00\"", 400)
	rec := run.Record{
		Run: strings.Repeat("r", 36), State: events.StateAnalyzed, Requester: long, Existing: strings.Repeat("e", 100), Step: long, Created: morning,
		Plan: events.Plan{
			Identity: events.Identity{Cluster: strings.Repeat("c", 63), Namespace: strings.Repeat("n", 63), Job: strings.Repeat("j", 63)},
			JobName:  long, JobID: strings.Repeat("a", 32),
		},
		Outcome:  &events.Outcome{Code: events.CodeJobGone, Message: long},
		Analyzed: run.Analyzed{Conclusion: &run.Conclusion{Verdict: long, Severity: events.SeverityCritical, Findings: 9}},
	}
	b := bustest.Start(t)
	records(t, b, rec)
	sweep(t, b)
	s := summaries(t, b, 1)[rec.Run]
	if s.Identity != rec.Plan.Identity || s.Severity != events.SeverityCritical || !s.Created.Equal(morning) || s.Code != events.CodeJobGone {
		t.Errorf("lost what a list chooses by: %+v", s)
	}
	e, err := runsBucket(t, b).Get(t.Context(), "summary."+rec.Run)
	if err != nil || len(e.Value()) > run.MaxSummary {
		t.Errorf("%d bytes, %v", len(e.Value()), err)
	}
}
