package backends_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/backends"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/natsembed"
	"squirrly.dev/pkg/events"
)

// service is the part of a service that its probes see.
type service struct {
	*testing.T

	nats   *server.Server
	bus    *bus.Bus
	daemon *daemon.Daemon
}

func open(t *testing.T) service {
	t.Helper()
	s, err := natsembed.Start(natsembed.Options{Dir: t.TempDir(), Port: -1, Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	d, err := daemon.New(t.Context(), "trigger", daemon.Options{LogOutput: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close(context.Background()) })
	b, err := backends.Connect(t.Context(), d, backends.NATS{URL: s.ClientURL()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	d.AddCheck("inbox", b.InboxReady)
	return service{T: t, nats: s, bus: b, daemon: d}
}

func (s service) provision() {
	s.Helper()
	if err := s.bus.Provision(s.Context(), bus.Topology{}); err != nil {
		s.Fatal(err)
	}
}

// until asks for readiness until it is as wanted, with the reason.
func (s service) until(code int, says ...string) {
	s.Helper()
	var w *httptest.ResponseRecorder
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		w = httptest.NewRecorder()
		s.daemon.AdminHandler().ServeHTTP(w, httptest.NewRequestWithContext(s.Context(), http.MethodGet, "/readyz", nil))
		if w.Code != code {
			continue
		}
		for _, want := range says {
			if !strings.Contains(w.Body.String(), want) {
				s.Errorf("%q does not say %q", w.Body.String(), want)
			}
		}
		return
	}
	s.Fatalf("after 30 s still %d %s", w.Code, w.Body.String())
}

// limit changes the settings of a stream.
func (s service) limit(stream string, change func(*jetstream.StreamConfig)) {
	s.Helper()
	js := bustest.JetStream(s.bus)
	at, err := js.Stream(s.Context(), stream)
	if err != nil {
		s.Fatal(err)
	}
	c := at.CachedInfo().Config
	change(&c)
	if _, err := js.UpdateStream(s.Context(), c); err != nil {
		s.Fatal(err)
	}
}

// Readiness fails with the name of what is missing, and comes back.
func TestReady_Missing(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.until(http.StatusServiceUnavailable, "nats: stream SQUIRRLY_", "squirrly provision")
	s.provision()
	s.until(http.StatusOK)
	for _, stream := range []string{"KV_" + events.BucketRuns, events.StreamEvents, "KV_" + events.BucketLeases} {
		if err := bustest.JetStream(s.bus).DeleteStream(t.Context(), stream); err != nil {
			t.Fatal(err)
		}
		s.until(http.StatusServiceUnavailable, "nats: stream "+stream)
		s.provision()
		s.until(http.StatusOK)
	}
}

// Readiness fails while a stream that everybody writes to is at its limit. The inbox is needed by who fills it alone.
func TestReady_StreamIsFull(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.provision()
	s.until(http.StatusOK)
	runs, free := "KV_"+events.BucketRuns, func(c *jetstream.StreamConfig) { c.MaxBytes = -1 }
	s.limit(runs, func(c *jetstream.StreamConfig) { c.MaxBytes = 1 << 10 })
	s.until(http.StatusServiceUnavailable, "nats: stream "+runs+" is full")
	s.limit(runs, free)
	s.until(http.StatusOK)

	if err := s.bus.Request(t.Context(), events.SubjectRequested, "", "", []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	s.limit(events.StreamRequests, func(c *jetstream.StreamConfig) { c.MaxMsgs = 1 })
	s.until(http.StatusServiceUnavailable, "not ready: inbox: stream "+events.StreamRequests+" is full")
	s.limit(events.StreamRequests, func(c *jetstream.StreamConfig) { c.MaxMsgs = -1 })
	s.until(http.StatusOK)
}

// Readiness fails while the server refuses to store, as it does at the limit of its store or of the account.
func TestReady_StoreIsFull(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.provision()
	s.until(http.StatusOK)
	account, err := s.nats.LookupAccount(server.DEFAULT_GLOBAL_ACCOUNT)
	if err != nil {
		t.Fatal(err)
	}
	limits := func(bytes int64) {
		t.Helper()
		l := server.JetStreamAccountLimits{MaxMemory: -1, MaxStore: bytes, MaxStreams: -1, MaxConsumers: -1}
		if err := account.UpdateJetStreamLimits(map[string]server.JetStreamAccountLimits{"": l}); err != nil {
			t.Fatal(err)
		}
	}
	limits(1)
	s.until(http.StatusServiceUnavailable, "nats: NATS stores nothing", "resource")
	if err := bus.OpenBucket[int](s.bus, events.BucketSpending).Put(t.Context(), "k", 1); err == nil {
		t.Error("a write passes, so this is no full store")
	}
	limits(-1)
	s.until(http.StatusOK)
}

// Readiness fails while JetStream is off, as a server turns it off whose disk is full.
func TestReady_JetStreamIsOff(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.provision()
	s.until(http.StatusOK)
	if err := s.nats.DisableJetStream(); err != nil {
		t.Fatal(err)
	}
	s.until(http.StatusServiceUnavailable, "stream SQUIRRLY_") // of the inbox, or of what all need: whichever is told first
}
