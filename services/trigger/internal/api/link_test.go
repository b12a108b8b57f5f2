package api_test

import (
	"bytes"
	"encoding/base64"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/link"
)

var links = link.Config{Key: daemon.Secret("a key of links, of the test"), TTL: time.Hour}

// A link opens the results of its run, for its time, to read; and the report leads on by a cookie.
func TestLinks(t *testing.T) {
	var log bytes.Buffer
	a := served(store{})
	a.Links, a.Logger = links, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	proof := links.Sign("analyzed", time.Now().Add(time.Hour))
	old := links.Sign("analyzed", time.Now().Add(-time.Hour))
	for _, c := range []struct {
		method, path, proof string
		want                int
	}{
		{http.MethodGet, "/v1/runs/analyzed/report", proof, http.StatusOK},
		{http.MethodHead, "/v1/runs/analyzed/report", proof, http.StatusOK},
		{http.MethodGet, "/v1/runs/analyzed/analysis", proof, http.StatusOK},
		{http.MethodGet, "/v1/runs/analyzed/captures/1", proof, http.StatusOK},
		{http.MethodGet, "/v1/runs/analyzed/report", old, http.StatusUnauthorized},
		{http.MethodGet, "/v1/runs/analyzed/report", proof + "x", http.StatusUnauthorized},
		{http.MethodGet, "/v1/runs/analyzed/report", "", http.StatusUnauthorized},
		{http.MethodGet, "/v1/runs/going/report", proof, http.StatusUnauthorized},
		{http.MethodGet, "/v1/runs/analyzed", proof, http.StatusUnauthorized},
		{http.MethodGet, "/v1/runs", proof, http.StatusUnauthorized},
		{http.MethodGet, "/v1/openapi.yaml", proof, http.StatusUnauthorized},
		{http.MethodDelete, "/v1/runs/analyzed", proof, http.StatusUnauthorized},
		{http.MethodDelete, "/v1/runs/analyzed/report", proof, http.StatusUnauthorized},
		{http.MethodPost, "/v1/profiles", proof, http.StatusUnauthorized},
		{http.MethodGet, "/v1/runs/going/../analyzed/report", proof, http.StatusUnauthorized},
	} {
		w := call{method: c.method, path: c.path + "?" + link.Parameter + "=" + c.proof}.to(t, a)
		if w.Code != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, w.Code, c.want)
		}
		cookies := w.Result().Cookies()
		if (len(cookies) == 1) != (c.want == http.StatusOK) {
			t.Errorf("%s %s: cookies %v", c.method, c.path, cookies)
		}
		for _, cookie := range cookies {
			if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "" || cookie.Secure || time.Until(cookie.Expires) > time.Hour+time.Minute {
				t.Errorf("%+v", cookie)
			}
		}
	}
	with := func(path string) int {
		return call{method: http.MethodGet, path: path, header: map[string]string{"Cookie": "other=1; squirrly_access=" + proof}}.to(t, a).Code
	}
	if with("/v1/runs/analyzed/captures/1") != http.StatusOK || with("/v1/runs/going/captures/1") != http.StatusUnauthorized || with("/v1/runs") != http.StatusUnauthorized {
		t.Error("the cookie opens other things than the results of its run")
	}
	a.Links = link.Config{}
	if w := (call{method: http.MethodGet, path: "/v1/runs/analyzed/report?access=" + proof}).to(t, a); w.Code != http.StatusUnauthorized {
		t.Errorf("without a key: %d", w.Code)
	}
	if strings.Contains(log.String(), proof) || strings.Contains(log.String(), token) {
		t.Errorf("the log shows what opens: %s", &log)
	}
	w := call{method: http.MethodGet, path: "/v1/runs/analyzed/report?access=" + old}.to(t, a)
	if p := decode[struct{ Code, Message, Hint string }](t, w); p.Code != "unauthorized" || !strings.Contains(p.Message, "expired") || p.Hint == "" {
		t.Errorf("%+v", p)
	}
}

// Behind a proxy that ends TLS the cookie is for TLS alone.
func TestLinks_Secure(t *testing.T) {
	a := served(store{})
	a.Links = links
	w := call{
		method: http.MethodGet, path: "/v1/runs/analyzed/report?access=" + links.Sign("analyzed", time.Now().Add(time.Hour)),
		header: map[string]string{"X-Forwarded-Proto": "https"},
	}.to(t, a)
	if c := w.Result().Cookies(); len(c) != 1 || !c[0].Secure {
		t.Errorf("%v", c)
	}
}

// A browser shows the token as a password, to read.
func TestPassword(t *testing.T) {
	basic := func(method, path, password string) int {
		return call{method: method, path: path, body: body, header: map[string]string{
			"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("me:"+password)),
		}}.to(t, served(store{})).Code
	}
	if got := basic(http.MethodGet, "/v1/runs/analyzed/report", token); got != http.StatusOK {
		t.Errorf("with the token: %d", got)
	}
	if basic(http.MethodGet, "/v1/runs", "wrong") != http.StatusUnauthorized || basic(http.MethodDelete, "/v1/runs/going", token) != http.StatusUnauthorized ||
		basic(http.MethodPost, "/v1/profiles", token) != http.StatusUnauthorized {
		t.Error("a password lets in to more than reading")
	}
	w := call{method: http.MethodGet, path: "/v1/runs"}.to(t, served(store{}))
	if got := w.Header().Values("WWW-Authenticate"); len(got) != 2 {
		t.Errorf("asks for %v", got)
	}
}
