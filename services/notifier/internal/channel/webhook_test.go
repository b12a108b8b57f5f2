package channel_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"squirrly.dev/internal/netguard"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
)

const (
	secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	token  = "T0KEN-in-the-path"
)

func webhook(t *testing.T, url string) *channel.Webhook {
	t.Helper()
	w, err := channel.NewWebhook("webhook", url, secret, netguard.Outbound(true))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// A receiver with the library of the standard accepts what is sent, and finds the event in it.
func TestWebhook_Signed(t *testing.T) {
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	m := message(t, ready())
	calls := 0
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		calls++
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if err := verifier.Verify(body, r.Header); err != nil {
			t.Errorf("signature: %v", err)
		}
		e, err := events.DecodeEvent(body)
		if e.Subject != orders.String() || e.DataSchema != "https://squirrly.dev/pkg/events/schemas/dev.squirrly.recommendation.ready.v1.json" {
			t.Errorf("subject %q, schema %q", e.Subject, e.DataSchema)
		}
		if err != nil || e.ID != m.ID || r.Header.Get("webhook-id") != e.ID {
			t.Errorf("event %+v with webhook-id %s: %v", e, r.Header.Get("webhook-id"), err)
		}
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != events.ContentType {
			t.Errorf("%s with content type %s", r.Method, r.Header.Get("Content-Type"))
		}
	}))
	defer srv.Close()
	w := webhook(t, srv.URL)
	for range 2 { // a repeated delivery has the same id
		if _, err := w.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if calls != 2 {
		t.Errorf("%d calls", calls)
	}
}

func TestWebhook_Answers(t *testing.T) {
	var elsewhere int
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer other.Close()
	for name, c := range map[string]struct {
		status  int
		header  [2]string
		refused bool
		after   time.Duration
		ok      bool
	}{
		"no content":            {status: 204, ok: true},
		"accepted":              {status: 202, ok: true},
		"redirect":              {status: 302, header: [2]string{"Location", other.URL}},
		"permanent redirect":    {status: 308, header: [2]string{"Location", other.URL}},
		"gone":                  {status: 410, refused: true},
		"unauthorized":          {status: 401},
		"forbidden":             {status: 403},
		"not found":             {status: 404},
		"time-out":              {status: 408},
		"too early":             {status: 425},
		"bad request":           {status: 400, refused: true},
		"too large":             {status: 413, refused: true},
		"not understood":        {status: 422, refused: true},
		"limited":               {status: 403, header: [2]string{"Retry-After", "7"}, after: 7 * time.Second},
		"server error":          {status: 500},
		"throttled in seconds":  {status: 429, header: [2]string{"Retry-After", "42"}, after: 42 * time.Second},
		"busy for too long":     {status: 503, header: [2]string{"Retry-After", "999999"}, after: time.Hour},
		"busy without time":     {status: 503},
		"busy with a bad time":  {status: 503, header: [2]string{"Retry-After", "soon"}},
		"throttled in the past": {status: 429, header: [2]string{"Retry-After", "Mon, 02 Jan 2006 15:04:05 GMT"}},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if c.header[0] != "" {
				w.Header().Set(c.header[0], c.header[1])
			}
			w.WriteHeader(c.status)
			if c.status != http.StatusNoContent {
				_, _ = io.WriteString(w, "a hostile answer "+token)
			}
		}))
		_, err := webhook(t, srv.URL+"/"+token+"?key="+token).Send(t.Context(), message(t, rejected()))
		srv.Close()
		if (err == nil) != c.ok || errors.Is(err, channel.ErrRefused) != c.refused {
			t.Errorf("%s: %v", name, err)
		}
		if errors.Is(err, channel.ErrGone) != (c.status == http.StatusGone) {
			t.Errorf("%s: %v", name, err)
		}
		retry, ok := errors.AsType[*channel.RetryAfter](err)
		if ok != (c.after > 0) || ok && retry.After != c.after {
			t.Errorf("%s: retry %+v, want after %s", name, retry, c.after)
		}
		if err != nil && strings.Contains(err.Error(), token) {
			t.Errorf("%s: the error tells the secret: %v", name, err)
		}
	}
	if elsewhere > 0 {
		t.Errorf("%d redirects were followed", elsewhere)
	}
}

func TestWebhook_DateToRetryAt(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", time.Now().Add(90*time.Second).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer srv.Close()
	_, err := webhook(t, srv.URL).Send(t.Context(), message(t, rejected()))
	retry, ok := errors.AsType[*channel.RetryAfter](err)
	if !ok || retry.After < 80*time.Second || retry.After > 90*time.Second {
		t.Errorf("got %v", err)
	}
}

func TestWebhook_NobodyThere(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	url := srv.URL + "/" + token
	srv.Close()
	_, err := webhook(t, url).Send(t.Context(), message(t, rejected()))
	if err == nil || strings.Contains(err.Error(), token) {
		t.Errorf("got %v", err)
	}
}

// The guard decides when the connection is made, so a public name that leads to a private address gains nothing.
func TestWebhook_GuardedDial(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the guard let a private address pass") }))
	defer srv.Close()
	w, err := channel.NewWebhook("webhook", strings.Replace(srv.URL, "127.0.0.1", "localhost", 1), secret, netguard.Outbound(false))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Send(t.Context(), message(t, rejected())); !errors.Is(err, netguard.ErrRefused) {
		t.Errorf("got %v", err)
	}
}

func TestNewWebhook_Refuses(t *testing.T) {
	for name, c := range map[string][2]string{
		"no url":            {"", secret},
		"another scheme":    {"ftp://hooks.example", secret},
		"credentials":       {"https://user:" + token + "@hooks.example", secret},
		"metadata":          {"http://169.254.169.254/", secret},
		"secret not base64": {"https://hooks.example", "whsec_!" + token},
		"no secret":         {"https://hooks.example", " "},
		"three secrets":     {"https://hooks.example", secret + " " + secret + " " + secret},
		"second is short":   {"https://hooks.example", secret + "\nwhsec_c2hvcnQ="},
		"short secret":      {"https://hooks.example", "whsec_c2hvcnQ="},
	} {
		_, err := channel.NewWebhook("webhook", c[0], c[1], netguard.Outbound(true))
		if err == nil || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
