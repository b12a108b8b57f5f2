package channel_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"squirrly.dev/internal/netguard"
	"squirrly.dev/services/notifier/internal/channel"
)

// receiver is a stand-in of a vendor's server, which does what a vendor's does, and fails when it is told to.
type receiver struct {
	*httptest.Server

	mu     sync.Mutex
	script []string // a fault for each request to come
	next   http.Handler
	calls  int
}

// The faults.
const (
	hangs      = "hangs"
	throttles  = "429 with Retry-After"
	breaks     = "500"
	garbage    = "garbage"
	redirects  = "redirect to a private address"
	closes     = "closes the connection"
	retryAfter = "17"
)

// inside counts the calls that followed a redirect.
type inside struct {
	*httptest.Server

	mu    sync.Mutex
	calls int
}

func newInside(t testing.TB) *inside {
	i := &inside{}
	i.Server = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.calls++
	}))
	t.Cleanup(i.Close)
	return i
}

func newReceiver(t testing.TB, next http.Handler, elsewhere string, script ...string) *receiver {
	r := &receiver{next: next, script: script}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		fault := ""
		if r.calls < len(r.script) {
			fault = r.script[r.calls]
		}
		r.calls++
		r.mu.Unlock()
		switch fault {
		case "":
			r.next.ServeHTTP(w, req)
		case hangs:
			_, _ = io.Copy(io.Discard, req.Body) // so that the server notices who leaves
			<-req.Context().Done()
		case throttles:
			w.Header().Set("Retry-After", retryAfter)
			w.WriteHeader(http.StatusTooManyRequests)
		case breaks:
			http.Error(w, "<html>"+token, http.StatusInternalServerError)
		case garbage:
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, "\x00<html>{{{"+token)
		case redirects:
			http.Redirect(w, req, elsewhere, http.StatusTemporaryRedirect)
		case closes:
			c, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = c.Close()
			}
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// deps are what channels get in tests. Every secret is the token.
func deps() channel.Deps {
	return channel.Deps{Log: io.Discard, Guard: netguard.Outbound(true), NATS: &forwarded{}, Secret: func(string) (string, error) { return token, nil }}
}

// faulty is a channel that speaks HTTP, and a stand-in of its receiver.
type faulty struct {
	open     func(t testing.TB, url string) channel.Channel
	receiver func(t testing.TB) http.Handler
	garbage  bool // an answer that is none of the vendor's is noticed; else its status is all that counts
}

// Each channel by HTTP takes the faults of its receiver as what they are: none is taken for success, none is followed to
// another address, none tells the secret, and the next attempt gets through.
func TestHTTP_Faults(t *testing.T) {
	for name, f := range httpChannels() {
		for _, fault := range []string{hangs, throttles, breaks, garbage, redirects, closes} {
			t.Run(name+"/"+fault, func(t *testing.T) {
				if fault == garbage && !f.garbage {
					return
				}
				elsewhere := newInside(t)
				r := newReceiver(t, f.receiver(t), elsewhere.URL, fault)
				ch := f.open(t, r.URL)
				ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
				defer cancel()
				if fault != hangs {
					ctx = t.Context()
				}
				_, err := ch.Send(ctx, news(t))
				if err == nil || strings.Contains(err.Error(), token) || strings.Contains(err.Error(), r.URL) {
					t.Fatalf("the error is %v", err)
				}
				if errors.Is(err, channel.ErrRefused) {
					t.Errorf("a fault counts as refused for good: %v", err)
				}
				retry, ok := errors.AsType[*channel.RetryAfter](err)
				if ok != (fault == throttles) || ok && retry.After != 17*time.Second {
					t.Errorf("try again after %+v: %v", retry, err)
				}
				if elsewhere.calls > 0 {
					t.Errorf("%d calls of a private address", elsewhere.calls)
				}
				if _, err := ch.Send(t.Context(), news(t)); err != nil {
					t.Errorf("the next attempt: %v", err)
				}
			})
		}
	}
}

// A public name that leads to a private address is not connected to.
func TestHTTP_Guarded(t *testing.T) {
	for name, f := range httpChannels() {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the guard let a private address pass") }))
			defer srv.Close()
			guard = netguard.Outbound(false)
			defer func() { guard = netguard.Outbound(true) }()
			_, err := f.open(t, strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)).Send(t.Context(), news(t))
			if !errors.Is(err, netguard.ErrRefused) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// guard of the channels that open makes.
var guard = netguard.Outbound(true)

func open(t testing.TB, s channel.Settings) channel.Channel {
	t.Helper()
	d := deps()
	d.Guard = guard
	ch, err := s.Open("test", d)
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

func taken(testing.TB) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
}

func httpChannels() map[string]faulty {
	return map[string]faulty{
		"webhook": {receiver: taken, open: func(t testing.TB, url string) channel.Channel {
			return open(t, &channel.WebhookSettings{URL: url + "/" + token, Secret: secret})
		}},
		"slack bot": {garbage: true, receiver: func(t testing.TB) http.Handler { return newSlack(t) }, open: func(t testing.TB, url string) channel.Channel {
			return open(t, &channel.SlackSettings{TokenFile: "x", Channel: "#flink", APIURL: url})
		}},
		"alertmanager": {receiver: func(t testing.TB) http.Handler { return newAlerts(t) }, open: func(t testing.TB, url string) channel.Channel {
			return open(t, &channel.AlertSettings{URL: url, TokenFile: "x"})
		}},
		"github": {garbage: true, receiver: func(t testing.TB) http.Handler { return newGitHub(t) }, open: func(t testing.TB, url string) channel.Channel {
			return open(t, &channel.GitHubSettings{Repo: "acme/flink-jobs", TokenFile: "x", APIURL: url})
		}},
		"slack webhook": {receiver: taken, open: func(t testing.TB, url string) channel.Channel {
			return open(t, &channel.SlackSettings{URL: url + "/" + token})
		}},
	}
}
