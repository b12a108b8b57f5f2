package notifier_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/logbuffer"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// All channels are told, each by its own consumer, and one that is down holds up no other.
func TestRun(t *testing.T) {
	b := bustest.Start(t, "log", "webhook", "nats")
	var up sync.Map // runs that the webhook takes
	hooked := make(chan string, 10)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		e, err := events.DecodeEvent(body)
		if err != nil {
			t.Error(err)
		}
		if _, ok := up.Load(e.RunID); !ok {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		hooked <- e.RunID
	}))
	defer srv.Close()
	var log logbuffer.Buffer
	s, err := notifier.New(notifier.Config{
		Log: true, WebhookURL: daemon.Secret(srv.URL), WebhookSecret: secret, OutboundPrivate: true,
		Subject: "acme.{type}", Backoff: 10 * time.Millisecond, Attempts: 100,
	}, notifier.Deps{Bus: bustest.As(t, b, natsusers.Notifier), Log: &log})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	advice := make(chan *nats.Msg, 10)
	if _, err := bustest.JetStream(b).Conn().ChanSubscribe("acme.>", advice); err != nil {
		t.Fatal(err)
	}

	publishFailed(t, b, "run-1")
	select {
	case m := <-advice:
		if m.Subject != "acme.run-failed" || m.Header.Get(events.HeaderRun) != "run-1" {
			t.Errorf("got %s %v", m.Subject, m.Header)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("nothing on the subject")
	}
	until(t, "a record in the log", func() bool { return strings.Contains(log.String(), `"code":"job_gone"`) })
	up.Store("run-1", true)
	select {
	case got := <-hooked:
		if got != "run-1" {
			t.Errorf("webhook got %s", got)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the webhook was not tried again")
	}
	id := events.Identity{Cluster: "c", Namespace: "n", Job: "j"}
	stream, err := bustest.JetStream(b).Stream(t.Context(), events.StreamEvents)
	if err != nil {
		t.Fatal(err)
	}
	for _, channel := range []string{"log", "webhook", "nats"} {
		until(t, "notification.sent of "+channel, func() bool {
			_, err := stream.GetLastMsgForSubject(t.Context(), id.ChannelSubject(events.TypeNotificationSent, "run-1", channel))
			return err == nil
		})
	}
	if n := strings.Count(log.String(), "job_gone"); n != 1 {
		t.Errorf("%d texts in the log:\n%s", n, log.String())
	}
}

func TestNew_Refuses(t *testing.T) {
	b := bustest.Start(t)
	for name, cfg := range map[string]notifier.Config{
		"unsigned webhook":     {WebhookURL: "https://hooks.example/T0KEN"},
		"secret without a URL": {WebhookSecret: secret},
		"private webhook":      {WebhookURL: "http://127.0.0.1/T0KEN", WebhookSecret: secret},
		"bad secret":           {WebhookURL: "https://hooks.example/T0KEN", WebhookSecret: "T0KEN"},
		"our own subject":      {Subject: "squirrly.v1.run.failed.a.b.c.d"},
		"negative attempts":    {Attempts: -1},
		"endless attempts":     {Attempts: 101},
		"readings of nobody":   {Readings: []string{"log", "smoke-signals"}},
	} {
		_, err := notifier.New(cfg, notifier.Deps{Bus: b})
		if err == nil || strings.Contains(err.Error(), "T0KEN") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Without any channel the service has nothing to do, and does not fail.
func TestRun_NoChannel(t *testing.T) {
	b := bustest.Start(t)
	s, err := notifier.New(notifier.Config{}, notifier.Deps{Bus: bustest.As(t, b, natsusers.Notifier)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if err := s.Run(ctx); err != nil || ctx.Err() == nil {
		t.Errorf("ended early with %v", err)
	}
}
