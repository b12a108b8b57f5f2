package natsusers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/pkg/events"
)

// writable are keys that a user may write in buckets that it may follow: what it writes there, the server brings wherever the
// user says.
var writable = map[string][2]string{
	natsusers.Trigger:  {events.BucketPolicy, "optout.x"},
	natsusers.Notifier: {events.BucketNotify, "log.x"},
	natsusers.Operator: {events.BucketFindings, "job.x"},
}

// recommendation is a result of the analyzer about a run.
func recommendation(t *testing.T, run string) events.Event {
	t.Helper()
	e, err := events.New("squirrly/analyzer", run, time.Now(), events.RecommendationReady{
		Run: run, Identity: orders, Severity: events.SeverityNone, Verdict: events.Verdict{Limit: events.LimitNone, Headline: "Not limited."},
		Findings: []events.FindingExcerpt{}, Analysis: events.ObjectRef{Key: "k", SHA256: strings.Repeat("a", 64)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// forged is a message with everything that a result about a run has.
func forged(t *testing.T, subject, run string) *nats.Msg {
	t.Helper()
	e := recommendation(t, run)
	e.Source = "forged"
	body, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return &nats.Msg{Subject: subject, Data: body, Header: nats.Header{
		events.HeaderContentType: {events.ContentType}, events.HeaderRun: {run}, jetstream.MsgIDHeader: {e.ID},
	}}
}

// bring has the server bring what a user wrote into a bucket to a subject, by a consumer that it may make. Somebody listens
// there, without which the server brings nothing.
func (w *world) bring(c *client, at [2]string, m *nats.Msg, to string) {
	w.Helper()
	listener := w.client("subscriber")
	heard, err := listener.SubscribeSync(to)
	if err != nil {
		w.Fatal(err)
	}
	listener.settled(w.T)
	m.Subject = bus.KeySubject(at[0], at[1])
	if err := c.PublishMsg(m); err != nil {
		w.Fatal(err)
	}
	stream, all := bus.BucketStream(at[0]), bus.KeySubject(at[0], ">")
	body, err := json.Marshal(map[string]any{"stream_name": stream, "action": "create", "config": map[string]any{
		"name": "mine", "deliver_subject": to, "deliver_policy": "all", "ack_policy": "none", "filter_subject": all, "mem_storage": true,
	}})
	if err != nil {
		w.Fatal(err)
	}
	r, err := c.Request("$JS.API.CONSUMER.CREATE."+stream+".mine."+all, body, 5*time.Second)
	if err != nil || strings.Contains(string(r.Data), `"error"`) {
		w.Fatalf("the consumer is not made: %v, %s", err, r.Data)
	}
	// Whoever listens hears it, as it hears answers, and can tell it by its subject; answers are no events.
	for {
		got, err := heard.NextMsg(10 * time.Second)
		if err != nil {
			w.Fatalf("nothing is heard: %v", err)
		}
		if _, err := events.DecodeEvent(got.Data); err == nil {
			if got.Subject == to {
				w.Errorf("an event is heard in the place of a result: %+v", got)
			}
			return
		}
	}
}

// told counts the results that a notifier takes, by run and source, until the test ends.
func (w *world) told() func() map[string]int {
	w.Helper()
	b := w.bus(natsusers.Notifier)
	var mu sync.Mutex
	all := map[string]int{}
	ctx, stop := context.WithCancel(w.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = b.Consume(ctx, bus.Channel("log", 1), bus.Facts(func(_ context.Context, e events.Event, _ uint64) error {
			mu.Lock()
			defer mu.Unlock()
			all[e.RunID+" by "+e.Source]++
			return nil
		}))
	}()
	w.Cleanup(func() { stop(); <-done })
	return func() map[string]int {
		mu.Lock()
		defer mu.Unlock()
		got := map[string]int{}
		maps.Copy(got, all)
		return got
	}
}

// TestHarm: what a service, or the operator, can do to a result that is not out yet, with the answers of the server, with messages
// that it has the server bring to the result's place, and with the result's message id: nothing false is told, nothing is lost,
// nothing is told twice. What is left are dead letters.
func TestHarm(t *testing.T) { onNodes(t, harm) }

func harm(t *testing.T, w *world) {
	t.Helper()
	told, analyzer := w.told(), w.bus(natsusers.Analyzer)
	want, sent, stored := map[string]int{}, 0, uint64(0)
	for _, u := range w.users {
		run := "run-of-" + u.Name
		place := orders.Subject(events.TypeRecommendationReady, run)
		c := w.client(u.Name)
		for _, a := range actions() { // the answers, and what it may take, in the place of the result
			if !allowed(u.Name, a) || a.kind == "UPDATE" || a.kind == "CREATE" {
				continue
			}
			if err := w.client("requester").PublishMsg(forged(t, events.SubjectRequested, run)); err != nil { // for those who take requests
				t.Fatal(err)
			}
			m := &nats.Msg{Subject: a.subject, Reply: place, Data: []byte(a.body)}
			if err := c.PublishMsg(m); err != nil {
				t.Fatal(err)
			}
			sent++
		}
		if at, may := writable[u.Name]; may {
			w.bring(c, at, forged(t, "", run), place)
			sent++
		}
		c.settled(t)
		stored += w.stored(events.StreamEvents, place)
		if n := w.stored(events.StreamEvents, place); outside(u) && n > 0 {
			t.Errorf("%s: %d messages in the place of the result", u.Name, n)
		}
		if err := analyzer.PublishFact(t.Context(), place, recommendation(t, run)); err != nil {
			t.Fatalf("after what %s did: %v", u.Name, err)
		}
		want[run+" by squirrly/analyzer"] = 1
	}
	for deadline := time.Now().Add(30 * time.Second); len(told()) < len(want) && time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond)
	}
	time.Sleep(300 * time.Millisecond)
	if got := told(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("told %v\nwant %v", got, want)
	}
	t.Logf("%d messages by %d users, %d of them in the place of a result; told: each result once, nothing else", sent, len(w.users), stored)
}
