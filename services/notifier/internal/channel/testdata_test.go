package channel_test

import (
	"crypto/tls"
	"net"
	"strconv"
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
				Fingerprint: "f-aaaaaaaaaaaa", Category: "blocking", Confidence: events.ConfidenceHigh, Origin: events.OriginRules,
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

// change is one of a finding of run-1.
func change(kind events.LifeChange, id, title string) channel.Change {
	state := events.LifeStateOpen
	if kind == events.LifeResolved {
		state = events.LifeStateResolved
	}
	c := channel.Change{
		Kind: kind, Dismiss: "squirrly findings dismiss " + id + " --as wrong",
		FindingChanged: events.FindingChanged{
			ID: id, Number: 1, State: state, Run: "run-1", Identity: orders, JobName: "orders", Fingerprint: "f-" + id,
			Category: "blocking", Rule: "A1", Mode: events.ModeWall, Title: title, Severity: events.SeverityCritical, Anchor: "Enrich.map",
			Advice: "Use asynchronous I/O.", At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
			OpenedAt: time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC),
		},
	}
	if state == events.LifeStateOpen {
		c.Now = &events.Gain{Unit: events.GainShare, Value: 0.9, Bound: 10}
	}
	return c
}

// news is a result that opens a finding, makes one worse and resolves one.
func news(t testing.TB) channel.Message {
	t.Helper()
	m := message(t, told())
	worse := change(events.LifeWorsened, "bbbbbbbbbbbb", "Records copied")
	worse.Proof, worse.Before, worse.Severity = events.ProofSupported, &events.Gain{Unit: events.GainShare, Value: 0.5, Bound: 2}, events.SeverityWarning
	opened := change(events.LifeOpened, "aaaaaaaaaaaa", "A blocking wait in user code")
	opened.Finding = &m.Runs[0].Ready.Findings[0]
	m.Runs[0].Changes = []channel.Change{opened, worse, change(events.LifeResolved, "cccccccccccc", "Kryo fallback")}
	return m
}

func number(t testing.TB, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func tlsListener(l net.Listener, c *tls.Config) net.Listener { return tls.NewListener(l, c) }
