package trigger_test

import (
	"testing"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/services/trigger"
)

// A rejection takes three messages, its record, its event and the acknowledgement, also for hundreds of requests for one job
// that come at once: what they want to know of it is read for all of them.
func TestRun_MessagesOfARejection(t *testing.T) {
	const many, each, attempts = 400, 3, 5
	for name, cooldown := range map[string]time.Duration{"a run is under way": 0, "the result is fresh": time.Hour} {
		t.Run(name, func(t *testing.T) {
			var sent float64
			for range attempts {
				if sent = messagesEach(t, many, cooldown); sent <= each+0.5 { // beside them, requests are asked for, and the process shows that it lives
					return
				}
			}
			t.Errorf("%.2f messages for each request", sent)
		})
	}
}

// messagesEach is how many messages a trigger sends for each of many requests of one job that it rejects. A machine that hands
// them over one by one shares nothing between them.
func messagesEach(t *testing.T, many int, cooldown time.Duration) float64 {
	t.Helper()
	on, rest := bustest.Start(t), flinks(t)
	if err := on.Provision(t.Context(), bus.Topology{}); err != nil { // a slow machine sends no heartbeats in between
		t.Fatal(err)
	}
	if cooldown > 0 {
		analyzed(t, on, rest)
	}
	for range many {
		ask(t, on, `{"target":{"url":"`+rest+`/job-0"}}`)
	}
	mine := bustest.As(t, on, natsusers.Trigger)
	startOn(t, mine, access.Config{Local: true}, trigger.Config{HTTPAddr: "off", Cooldown: cooldown, AtATime: []string{"0"}})
	drained(t, on)
	sent := float64(bustest.JetStream(mine).Conn().Stats().OutMsgs) / float64(many)
	t.Logf("%.2f messages for each of %d requests", sent, many)
	return sent
}
