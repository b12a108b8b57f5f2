package delivery_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/delivery"
	"squirrly.dev/services/notifier/internal/lives"
	"squirrly.dev/services/notifier/internal/route"
)

// routed is a delivery by a file of routes.
func routed(t *testing.T, b *bus.Bus, r *receiver, text string) *delivery.Delivery {
	t.Helper()
	path := filepath.Join(t.TempDir(), "routes.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	file, err := route.Open(path, []string{"webhook"}, log)
	if err != nil {
		t.Fatal(err)
	}
	b = bustest.As(t, b, natsusers.Notifier)
	return delivery.New(r, b, b, lives.New(b, log), file, policy, log)
}

// result is that of a run that shows one finding.
func result(t *testing.T) events.Event { t.Helper(); return resultIn(t, uuid.NewString(), 0) }

func resultOf(t *testing.T, day int) events.Event {
	t.Helper()
	return resultIn(t, fmt.Sprint("run-", day), day)
}

// resultIn is that of a day: on the first one a finding is there, on the second it is much larger, then it is gone.
func resultIn(t *testing.T, run string, day int) events.Event {
	t.Helper()
	const samples = 2000
	all := []events.FindingExcerpt{}
	if day < len(shares) {
		p := shares[day]
		all = append(all, events.FindingExcerpt{Facts: []events.Fact{}, Finding: events.Finding{
			ID: "R1", Fingerprint: "f", Title: "It sleeps", Category: "blocking", Severity: events.SeverityCritical, OnPath: true, Mode: events.ModeWall,
			P: p, Attainable: 1 / (1 - p), Samples: int64(p * samples), Evidence: []string{},
		}})
	}
	at := time.Now().Add(time.Duration(day) * time.Hour)
	e, err := events.New("squirrly/analyzer", run, time.Now(), events.RecommendationReady{
		Run: run, Identity: orders, Severity: events.SeverityCritical, CreatedAt: at, Labels: map[string]string{"team": "fraud"},
		Verdict: events.Verdict{Limit: events.LimitVertex, Headline: "It is limited."}, Findings: all,
		Looked:   &events.Looked{Load: true, Modes: []events.LookedAt{{Mode: events.ModeWall, JVMs: 2, Samples: samples}}},
		Analysis: events.ObjectRef{Key: "k", SHA256: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

var shares = []float64{.4, .8}

// A change is told where a route takes it, unless it is silenced; where its route is mute, it waits. The same again is
// told to nobody, but where everything is asked for.
func TestDelivery_Routes(t *testing.T) {
	always := "time_intervals: [{name: always, time_intervals: [{}]}]"
	for name, c := range map[string]struct {
		routes        string
		first, second int // messages of two runs that show the same
	}{
		"root":       {"route: {channels: [webhook]}", 1, 0},
		"everything": {"route: {channels: [webhook], tell: everything}", 1, 1},
		"child":      {"route: {channels: [], routes: [{matchers: ['team=\"fraud\"', severity=critical, change=opened], channels: [webhook]}]}", 1, 0},
		"others":     {"route: {channels: [], routes: [{matchers: ['team!=\"fraud\"'], channels: [webhook]}]}", 0, 0},
		"silenced":   {"route: {channels: [webhook]}\nsilences: [{matchers: [job=orders], ends_at: 2100-01-01T00:00:00Z}]", 0, 0},
		"mute":       {"route: {channels: [], routes: [{channels: [webhook], mute_time_intervals: [always]}]}\n" + always, 0, 0},
		"twice":      {"route: {channels: [], routes: [{channels: [webhook], continue: true}, {channels: [webhook]}]}", 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := bustest.Start(t, "webhook")
			r := &receiver{}
			d := routed(t, b, r, c.routes)
			err := d.Handle(t.Context(), result(t), 1)
			if err != nil || r.count() != c.first {
				t.Errorf("first: %d messages, %v", r.count(), err)
			}
			if err := d.Handle(t.Context(), result(t), 1); err != nil || r.count() != c.first+c.second {
				t.Errorf("second: %d messages, %v", r.count(), err)
			}
		})
	}
}
