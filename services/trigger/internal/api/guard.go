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
		case a.Token != "" && !a.authorized(r):
			w.Header().Set("WWW-Authenticate", `Bearer realm="squirrly"`)
			a.fail(w, r, http.StatusUnauthorized, problem{
				Code: "unauthorized", Message: "the token is missing or wrong",
				Hint: "Send the header Authorization: Bearer <token>, with the token of SQUIRRLY_HTTP_TOKEN.",
			}, nil)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// authorized compares hashes, so that neither content nor length of the token shows in the time it takes.
func (a *API) authorized(r *http.Request) bool {
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	got, want := sha256.Sum256([]byte(strings.TrimSpace(given))), sha256.Sum256([]byte(a.Token))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(got[:], want[:]) == 1
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
