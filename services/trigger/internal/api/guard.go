package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"squirrly.dev/internal/link"
)

// ErrOpen says that an address would let in everybody.
var ErrOpen = errors.New("without a token the HTTP API listens on loopback only: set SQUIRRLY_HTTP_TOKEN (or " +
	"SQUIRRLY_HTTP_TOKEN_FILE), or SQUIRRLY_HTTP_ADDR=127.0.0.1:8080")

// Listen opens the API's address. Without a token it must be one of this machine alone, else the error is [ErrOpen].
func Listen(ctx context.Context, addr, token string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for the HTTP API: %w", err)
	}
	if tcp, ok := l.Addr().(*net.TCPAddr); token == "" && (!ok || !tcp.IP.IsLoopback()) {
		_ = l.Close() // nothing was accepted
		return nil, fmt.Errorf("address %q: %w", addr, ErrOpen)
	}
	return l, nil
}

// guard lets in who shows the token. Without a token the callers are of this machine: then pages of a browser are kept
// out, also those that reach it under a name of their own.
func (a *API) guard(next http.Handler) http.Handler {
	next = a.sameOrigin(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case a.Token == "" && !local(r.Host):
			a.fail(w, r, http.StatusForbidden, problem{
				Code: "forbidden", Message: "the API answers on this machine only",
				Hint: "Call it as localhost, or set SQUIRRLY_HTTP_TOKEN.",
			}, nil)
		case a.Token != "" && !a.authorized(r) && !a.linked(w, r):
			a.unauthorized(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// unauthorized says what to show. A browser asks for a password, which is the token.
func (a *API) unauthorized(w http.ResponseWriter, r *http.Request) {
	p := problem{
		Code: "unauthorized", Message: "the token is missing or wrong",
		Hint: "Send the header Authorization: Bearer <token>, with the token of SQUIRRLY_HTTP_TOKEN.",
	}
	if r.URL.Query().Has(link.Parameter) {
		p.Message, p.Hint = "the link has expired, or is not for this", "Use a link of a newer message, or the token of SQUIRRLY_HTTP_TOKEN."
	}
	w.Header().Add("WWW-Authenticate", `Bearer realm="squirrly"`)
	if reads(r) {
		w.Header().Add("WWW-Authenticate", `Basic realm="squirrly: any name, the token as password", charset="UTF-8"`)
	}
	a.fail(w, r, http.StatusUnauthorized, p, nil)
}

// authorized compares hashes, so that neither content nor length of the token shows in the time it takes.
func (a *API) authorized(r *http.Request) bool {
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if _, password, ok := r.BasicAuth(); ok && reads(r) { // a browser can show it in no other way
		scheme, given = "Bearer", password
	}
	got, want := sha256.Sum256([]byte(strings.TrimSpace(given))), sha256.Sum256([]byte(a.Token))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

func reads(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// proofCookie keeps the proof of a link for the pages that the report leads to.
const proofCookie = "squirrly_access"

// linked reports whether a reader comes by a link to the results of a run, or from the report that one led to.
func (a *API) linked(w http.ResponseWriter, r *http.Request) bool {
	run, result, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1/runs/"), "/")
	if !ok || result == "" || !strings.HasPrefix(r.URL.Path, "/v1/runs/") || !reads(r) {
		return false
	}
	if proof := r.URL.Query().Get(link.Parameter); proof != "" {
		until, err := a.Links.Check(run, proof, time.Now())
		if err != nil {
			return false
		}
		http.SetCookie(w, &http.Cookie{ //nolint:gosec // secure wherever there is TLS; without a path: that of the run, also behind a proxy that adds to it
			Name: proofCookie, Value: proof, Expires: until, HttpOnly: true, SameSite: http.SameSiteLaxMode,
			Secure: r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https"),
		})
		return true
	}
	for _, c := range r.CookiesNamed(proofCookie) {
		if _, err := a.Links.Check(run, c.Value, time.Now()); err == nil {
			return true
		}
	}
	return false
}

func (a *API) sameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.fail(w, r, http.StatusForbidden, problem{Code: "forbidden", Message: "a page of another origin may not call this", Hint: "Call it from a program."}, nil)
	}))
	return protection.Handler(next)
}

// local reports whether a Host header names this machine by itself.
func local(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if addr, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return addr.IsLoopback()
	}
	return strings.EqualFold(host, "localhost")
}
