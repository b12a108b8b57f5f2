package bus_test

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/pkg/events"
)

// A server as it was provisioned has no problems; what somebody changed or deleted is named.
func TestInspect(t *testing.T) {
	b := bustest.Start(t)
	js := bustest.JetStream(b)
	if _, err := js.CreateConsumer(t.Context(), events.StreamEvents, jetstream.ConsumerConfig{Durable: "payments", AckPolicy: jetstream.AckExplicitPolicy}); err != nil {
		t.Fatal(err)
	}
	in, err := b.Inspect(t.Context(), bus.Topology{})
	if err != nil || in.Server == "" || in.RTT <= 0 || in.Clock.Abs() > time.Minute {
		t.Errorf("%+v, %v", in, err)
	}
	for _, p := range append(in.Streams, in.Durables...) {
		if p.Problem != "" {
			t.Errorf("%s: %s", p.Name, p.Problem)
		}
	}
	if len(in.Streams) < 10 || len(in.Durables) != 5 || len(in.Others) == 0 || in.Others[len(in.Others)-1].Name != "payments" {
		t.Errorf("%d streams, %d durables, others %+v", len(in.Streams), len(in.Durables), in.Others)
	}

	if err := js.DeleteKeyValue(t.Context(), events.BucketPermits); err != nil {
		t.Fatal(err)
	}
	if err := js.DeleteConsumer(t.Context(), events.StreamEvents, events.DurableAnalyzer); err != nil {
		t.Fatal(err)
	}
	s, err := js.Stream(t.Context(), events.StreamDead)
	if err != nil {
		t.Fatal(err)
	}
	c := s.CachedInfo().Config
	c.AllowDirect = true
	if _, err := js.UpdateStream(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	in, err = b.Inspect(t.Context(), bus.Topology{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, p := range append(in.Streams, in.Durables...) {
		if p.Problem != "" {
			got[p.Name] = p.Problem
		}
	}
	for name, want := range map[string]string{
		"KV_" + events.BucketPermits: "it is not there", events.DurableAnalyzer: "it is not there", events.StreamDead: "direct get is on",
	} {
		if !strings.HasPrefix(got[name], want) {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
	if len(got) != 3 {
		t.Errorf("problems: %v", got)
	}
}
