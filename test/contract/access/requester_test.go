package access_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/pkg/events"
)

var orders = events.Identity{Cluster: "prod", Namespace: "flink", Job: "orders"}

// The three forms of a request, from a user who may ask about one job.
func TestRequester_MayAskAboutItsJob(t *testing.T) {
	url, b := start(t)
	_, js := as(t, url, requester)
	plain := []byte(`{"target":{"cluster":"prod","namespace":"flink","deployment":"orders"},"duration":"30s"}`)
	for name, m := range map[string]*nats.Msg{
		"plain": {Data: plain},
		"structured": {Data: golden(t, string(events.TypeProfileRequested)), Header: nats.Header{
			"Content-Type": {events.ContentType},
		}},
		"binary": {Data: plain, Header: nats.Header{
			"ce-specversion": {"1.0"}, "ce-id": {"7"}, "ce-source": {"ci"}, "ce-type": {string(events.TypeProfileRequested)},
		}},
	} {
		m.Subject = orders.RequestSubject()
		ack, err := js.PublishMsg(t.Context(), m)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		stored := message(t, b, ack.Stream, ack.Sequence)
		r, _, err := events.DecodeRequest(events.Header(stored.Header), stored.Data)
		if err != nil || r.Target.Deployment != "orders" {
			t.Errorf("%s: %+v, %v", name, r.Target, err)
		}
	}
}

func TestRequester_MayNothingElse(t *testing.T) {
	url, b := start(t)
	r := "00000000-0000-5000-8000-000000000000"
	other := events.Identity{Cluster: "prod", Namespace: "flink", Job: "payments"}
	before := total(t, b)
	for _, subject := range []string{
		events.SubjectRequested,
		other.RequestSubject(),
		orders.RequestSubject() + ".more",
		events.SubjectCancel + r,
		orders.Subject(events.TypeProfilePlanned, r),
		orders.Subject(events.TypeRecommendationReady, r),
		events.ResumeSubject(events.DurableCollector, r),
		events.DeadSubject(events.DurableTrigger, events.CodeInvalidRequest),
		"$KV." + events.BucketRuns + ".run." + r,
		"$O." + events.BucketArtifacts + ".C.x",
		"$JS.API.STREAM.PURGE." + events.StreamRequests,
		"$JS.API.STREAM.MSG.GET." + events.StreamRequests,
		"$JS.API.CONSUMER.MSG.NEXT." + events.StreamRequests + "." + events.DurableTrigger,
		"$JS.ACK." + events.StreamRequests + "." + events.DurableTrigger + ".1.1.1.1.1",
	} {
		if mayPublish(t, url, requester, subject) {
			t.Errorf("may publish on %s", subject)
		}
	}
	for _, subject := range []string{">", "squirrly.>", "_INBOX.>", "_INBOX_squirrly.>", "$KV.>"} {
		if maySubscribe(t, url, requester, subject) {
			t.Errorf("may listen on %s", subject)
		}
	}
	if after := total(t, b); after != before {
		t.Errorf("%d messages more are stored", after-before)
	}
	if !mayPublish(t, url, requester, orders.RequestSubject()) || !maySubscribe(t, url, requester, "_INBOX_orders-ci.>") {
		t.Error("may not even do its own")
	}
}

// The server answers a stored message on any reply subject, whatever the publisher may publish on: in the account of the
// requester, where nobody listens and nothing is stored.
func TestRequester_AnAnswerIsNoMessage(t *testing.T) {
	url, b := start(t)
	nc, _ := as(t, url, requester)
	const run = "00000000-0000-5000-8000-000000000000"
	for _, reply := range []string{events.SubjectCancel + run, orders.Subject(events.TypeRecommendationReady, run)} {
		before := total(t, b)
		if err := nc.PublishRequest(orders.RequestSubject(), reply, []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
		if !permitted(t, nc) {
			t.Fatal("may not ask")
		}
		time.Sleep(200 * time.Millisecond) // long enough for an answer that would be stored
		if after := total(t, b); after != before+1 {
			t.Errorf("%d messages are stored with the answer to %s", after-before, reply)
		}
	}
}

// The analyzer asks for follow-ups in the inbox of the job.
func TestAnalyzer_MayFollowUp(t *testing.T) {
	url, admin := start(t)
	b, err := bus.Connect(t.Context(), bus.Options{URL: url, Name: "analyzer", User: natsusers.Analyzer, Password: passwordOf(natsusers.Analyzer)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	const run = "1e9b84ce-433c-529f-af1d-788d2d2f9cde"
	e, err := events.New(events.SourceAnalyzer, "", time.Now(), events.ProfileRequested{
		Target: events.Target{Namespace: "flink", Deployment: "orders"}, Modes: []events.Mode{events.ModeAlloc}, Parent: run, Depth: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	e.ID = events.FollowUpID(run, "key", []events.Mode{events.ModeAlloc})
	body, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // a worker that died asks again: it is one request
		if err := b.Request(t.Context(), orders.RequestSubject(), e.ID, events.ContentType, body); err != nil {
			t.Fatal(err)
		}
	}
	stored := message(t, admin, events.StreamRequests, 1)
	if r, origin, err := events.DecodeRequest(events.Header(stored.Header), stored.Data); err != nil || r.Parent != run || origin.Source != events.SourceAnalyzer {
		t.Errorf("stored %+v from %q, %v", r, origin.Source, err)
	}
	stream, err := bustest.JetStream(admin).Stream(t.Context(), events.StreamRequests)
	if err != nil {
		t.Fatal(err)
	}
	if n := stream.CachedInfo().State.Msgs; n != 1 {
		t.Errorf("%d requests are stored", n)
	}
}

// total is the number of messages in all streams and buckets.
func total(t *testing.T, b *bus.Bus) uint64 {
	t.Helper()
	var n uint64
	list := bustest.JetStream(b).ListStreams(t.Context())
	for info := range list.Info() {
		n += info.State.Msgs
	}
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

func message(t *testing.T, b *bus.Bus, name string, seq uint64) *jetstream.RawStreamMsg {
	t.Helper()
	s, err := bustest.JetStream(b).Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.GetMsg(t.Context(), seq)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func golden(t *testing.T, name string) []byte {
	t.Helper()
	return []byte(strings.TrimSpace(read(t, filepath.Join(root, "pkg", "events", "testdata", name+".json"))))
}
