package delivery

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/finding"
)

var now = time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)

func memberOf(n, changes int) member {
	m := member{
		ID: fmt.Sprintf("%s-%d", strings.Repeat("x", 60), n), Type: events.TypeRecommendationReady, Run: strings.Repeat("r", 36),
		Identity: events.Identity{Cluster: strings.Repeat("c", 60), Namespace: strings.Repeat("n", 60), Job: strings.Repeat("j", 60)},
	}
	gain := &events.Gain{Unit: events.GainShare, Value: 0.123456789012, StdErr: 0.0123456789012, Bound: 1.23456789012}
	for i := range changes {
		m.Steps = append(m.Steps, finding.Step{
			Kind: events.LifeWorsened, ID: fmt.Sprintf("%012d", i), Number: 1000, Run: m.Run, At: now, State: events.LifeStateOpen, Before: gain, Now: gain,
		})
	}
	return m
}

// A group that is never told stays small enough for a message of NATS, and what it tells at a time is bounded.
func TestGroup_Bounded(t *testing.T) {
	for _, changes := range []int{0, 1, 30, 150} {
		var g group
		n := 0
		for ; !g.full(); n++ {
			g.join(memberOf(n, changes), time.Hour, 0, now)
			if g.due(now) {
				g.begin(nil, now.Add(time.Hour))
			}
		}
		b, err := json.Marshal(g)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d changes a run: %d runs, %d of them told, %d KiB", changes, n, len(g.Sending), len(b)>>10)
		if len(b) > 800<<10 || len(g.Sending) > mostRuns || len(g.Sending)*changes > mostSteps+changes || len(g.Sending) == 0 {
			t.Errorf("%d changes a run: %d KiB, %d told", changes, len(b)>>10, len(g.Sending))
		}
		for range 1000 { // and it empties
			g.end(true, now)
			if !g.due(now.Add(24 * time.Hour)) {
				break
			}
			g.begin(nil, now)
		}
		if len(g.Waiting)+len(g.Sending) > 0 || len(g.Recent) > mostRecent {
			t.Errorf("%d changes a run: %d wait, %d are told", changes, len(g.Waiting), len(g.Sending))
		}
	}
}

// Alertmanager's times: the first of a group waits for group_wait, what comes after a message for group_interval.
func TestGroup_Due(t *testing.T) {
	const wait, interval = 30 * time.Second, 5 * time.Minute
	var g group
	at := func(what string, want time.Duration) {
		t.Helper()
		if got := g.at().Sub(now); got != want {
			t.Errorf("%s: due after %s, want %s", what, got, want)
		}
	}
	g.join(memberOf(1, 1), wait, interval, now)
	g.join(memberOf(2, 1), wait, interval, now.Add(20*time.Second))
	at("the first", wait)
	if g.join(memberOf(1, 1), wait, interval, now) {
		t.Error("the same waits twice")
	}
	g.begin(nil, now.Add(time.Minute))
	at("being told", time.Minute)
	g.postpone(now.Add(2 * time.Minute))
	at("failed", 2*time.Minute)
	g.Again = time.Hour
	g.end(true, now.Add(2*time.Minute))
	at("a reminder", 2*time.Minute+time.Hour)
	g.join(memberOf(3, 1), wait, interval, now.Add(3*time.Minute))
	at("the next", 7*time.Minute)
	g.begin(nil, now)
	g.end(true, now.Add(7*time.Minute))
	g.join(memberOf(4, 1), wait, interval, now.Add(time.Hour))
	at("much later", time.Hour+wait)
	if g.join(memberOf(3, 1), wait, interval, now) {
		t.Error("what was told waits again")
	}
}
