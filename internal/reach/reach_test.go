package reach_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/reach"
	"squirrly.dev/pkg/events"
)

// Each answer of a gateway has the reason of its own; what Flink itself says has none here.
func TestCode(t *testing.T) {
	for status, want := range map[int]events.Code{
		302: events.CodeRedirects, 401: events.CodeUnauthorized, 403: events.CodeTargetForbids, 405: events.CodeMethodRefused,
		407: events.CodeProxyRefuses, 502: events.CodeUnreachable, 503: events.CodeUnreachable, 404: "", 500: "",
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		client, err := flink.New(srv.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Overview(t.Context())
		if got, ok := reach.Code(fmt.Errorf("read: %w", err)); got != want || ok != (want != "") {
			t.Errorf("HTTP %d: %q, want %q", status, got, want)
		}
		srv.Close()
	}
	// The wider kind does not win.
	if got, _ := reach.Code(flink.ErrAccess); got != events.CodeAccessBroken {
		t.Errorf("a broken entry: %q", got)
	}
	if got, ok := reach.Code(errors.New("x")); ok || got != "" {
		t.Errorf("anything: %q", got)
	}
}
