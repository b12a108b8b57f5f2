package channel_test

import (
	"strings"
	"testing"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
)

var orders = events.Identity{Cluster: "prod", Namespace: "flink", Job: "orders"}

// message is what a channel gets when a payload is told.
func message(t testing.TB, p events.Payload) channel.Message {
	t.Helper()
	r := run(t, p)
	return channel.Message{ID: r.Event.ID, Runs: []channel.Run{r}}
}

// run reads a payload the way a channel gets it.
func run(t testing.TB, p events.Payload) channel.Run {
	t.Helper()
	e, err := events.New("squirrly/test", "run-1", time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), p)
	if err != nil {
		t.Fatal(err)
	}
	m, err := channel.Read(e)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func ready() events.RecommendationReady {
	return events.RecommendationReady{
		Run: "run-1", Identity: orders, JobName: "orders", Severity: events.SeverityCritical,
		Verdict: events.Verdict{
			Limit: events.LimitVertex, Headline: "Vertex enrich limits the job: Enrich.map sleeps.",
			Anchor: "Enrich.map", P: 0.9, Confidence: events.ConfidenceHigh,
		},
		Findings: []events.FindingExcerpt{{
			Finding: events.Finding{
				ID: "1", Title: "A blocking wait in user code", Severity: events.SeverityCritical, Evidence: []string{"F1"},
				Recommendation: events.Recommendation{Change: "Use asynchronous I/O", Why: "the thread waits", Impact: "up to 10x"},
			},
			Facts: []events.Fact{{ID: "F1", Text: "90 % of the time of enrich is Thread.sleep below Enrich.map", Value: .9, Unit: "share"}},
		}},
		Truncated: true,
		Analysis:  events.ObjectRef{Key: "prod/flink/orders/run-1/analysis", SHA256: strings.Repeat("a", 64), Size: 10},
		ReportURL: "https://squirrly.example/run-1",
	}
}

func rejected() events.RunRejected {
	return events.RunRejected{Outcome: events.Outcome{
		Run: "run-1", Identity: orders, Code: events.CodeSeveralJobs, Message: "2 jobs are running", Hint: "Name one.",
	}}
}
