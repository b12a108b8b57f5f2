package natsusers_test

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/pkg/events"
)

// TestHeaders: what a requester can say to the server in the headers of a request harms nobody else: it is a request like
// any other, or it is refused.
func TestHeaders(t *testing.T) {
	w := start(t)
	w.provision()
	c := w.client("requester")
	subject := orders.RequestSubject()
	ask := func(h nats.Header) *nats.Msg {
		t.Helper()
		m, err := c.RequestMsg(&nats.Msg{Subject: subject, Header: h, Data: []byte("{}")}, 5*time.Second)
		if err != nil {
			t.Fatalf("%v: %v", h, err)
		}
		return m
	}
	accepted := func(m *nats.Msg) bool {
		ack := string(m.Data)
		return m.Header.Get("Status") == "" && len(ack) > 0 && !strings.Contains(ack, `"error"`)
	}
	for range 3 { // somebody else's requests
		if !accepted(ask(nats.Header{})) {
			t.Fatal("a request without headers is refused")
		}
	}
	fact := orders.Subject(events.TypeRecommendationReady, "traced")
	for name, x := range map[string]struct {
		header nats.Header
		taken  bool
	}{
		"rollup of the subject":    {nats.Header{jetstream.MsgRollup: {"sub"}}, false},
		"rollup of the stream":     {nats.Header{jetstream.MsgRollup: {"all"}}, false},
		"time to live":             {nats.Header{"Nats-TTL": {"1s"}}, false},
		"schedule":                 {nats.Header{"Nats-Schedule": {"@every 1s"}, "Nats-Schedule-Target": {fact}}, false},
		"counter":                  {nats.Header{"Nats-Incr": {"1"}}, false},
		"batch":                    {nats.Header{"Nats-Batch-Id": {"b"}, "Nats-Batch-Sequence": {"1"}, "Nats-Batch-Commit": {"1"}}, false},
		"another stream":           {nats.Header{jetstream.ExpectedStreamHeader: {events.StreamEvents}}, false},
		"an old sequence":          {nats.Header{jetstream.ExpectedLastSeqHeader: {"1"}}, false},
		"nothing on its subject":   {nats.Header{jetstream.ExpectedLastSubjSeqHeader: {"0"}}, false},
		"the last id":              {nats.Header{jetstream.ExpectedLastMsgIDHeader: {"x"}}, false},
		"marker of the server":     {nats.Header{"Nats-Marker-Reason": {"Purge"}}, true},
		"deletion of a key":        {nats.Header{"KV-Operation": {"PURGE"}}, true},
		"a message id":             {nats.Header{jetstream.MsgIDHeader: {"mine"}}, true},
		"source of another stream": {nats.Header{"Nats-Stream-Source": {"SQUIRRLY_EVENTS 1"}}, false},
	} {
		before := w.stored(events.StreamRequests, ">")
		m := ask(x.header)
		if accepted(m) != x.taken {
			t.Errorf("%s: %s", name, m.Data)
		}
		want := before
		if x.taken {
			want++
		}
		if now := w.stored(events.StreamRequests, ">"); now != want {
			t.Errorf("%s: %d requests are stored, want %d", name, now, want)
		}
	}
	// The server tells where a message went to whoever may publish there: not to a fact. The message is dropped.
	before := w.stored(events.StreamRequests, ">")
	for _, h := range []nats.Header{{"Nats-Trace-Dest": {fact}}, {"Nats-Trace-Dest": {fact}, "Nats-Trace-Only": {"true"}}} {
		if err := c.PublishMsg(&nats.Msg{Subject: subject, Header: h, Data: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
	}
	c.settled(t)
	time.Sleep(200 * time.Millisecond)
	if n := w.stored(events.StreamRequests, ">"); n != before {
		t.Errorf("%d traced requests are stored", n-before)
	}
	if n := w.stored(events.StreamEvents, ">"); n != 0 {
		t.Errorf("%d messages among the facts", n)
	}
}
