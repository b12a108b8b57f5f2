package channel_test

import (
	"testing"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
)

// A channel that takes no messages is an alert and an issue of its own, whatever runs told so; both end when it is back.
func TestDown(t *testing.T) {
	report := func(run, id string, p events.Payload, at time.Time) channel.Message {
		e, err := events.New("squirrly/notifier", run, at, p)
		if err != nil {
			t.Fatal(err)
		}
		e.ID = id
		i := events.Identity{Cluster: "c", Namespace: "n", Job: "job of " + run}
		return channel.Message{ID: id, Runs: []channel.Run{{
			Event: e, ID: run, Identity: i, Channel: "fraud", Outcome: &events.Outcome{Run: run, Identity: i, Message: "The channel fraud " + id + "."},
		}}}
	}
	now := time.Now()
	n := events.Notification{Run: "a", Identity: events.Identity{Cluster: "c", Namespace: "n", Job: "j"}, Channel: "fraud", Event: events.TypeRunFailed, Code: events.CodeDeliveryFailed, Message: "down"}
	down := report("a", "is down", events.NotificationFailed{Notification: n}, now)
	n.Code, n.Message = "", ""
	up := report("b", "is back", events.NotificationSent{Notification: n}, now.Add(time.Minute))
	g, a := newGitHub(t), newAlerts(t)
	issues := open(t, &channel.GitHubSettings{Repo: "acme/flink-jobs", TokenFile: "x", APIURL: newReceiver(t, g, "").URL})
	alerts := open(t, &channel.AlertSettings{URL: newReceiver(t, a, "").URL + "/", TokenFile: "x"})
	for i, m := range []channel.Message{down, down, up} {
		for _, ch := range []channel.Channel{issues, alerts} {
			if _, err := ch.Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
		fires := a.firing(now.Add(2 * time.Minute))
		firing, state := fires["SquirrlyChannelDown  "] != nil, g.issues[0].State
		if len(g.issues) != 1 || len(a.alerts) != 1 || firing != (i < 2) || (state == "open") != (i < 2) {
			t.Errorf("message %d: %d issues, %s; %d alerts, firing: %v", i, len(g.issues), state, len(a.alerts), firing)
		}
	}
}
