package capture

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/flink"
	"squirrly.dev/pkg/events"
)

// What a gateway says ends the run with the reason of its own; what may pass is waited for.
func TestFault_Access(t *testing.T) {
	for kind, want := range map[error]events.Code{
		flink.ErrUnauthorized: events.CodeUnauthorized, flink.ErrForbids: events.CodeTargetForbids, flink.ErrMethodRefused: events.CodeMethodRefused,
		flink.ErrLoginPage: events.CodeLoginPage, flink.ErrTLSExpired: events.CodeTLSExpired, flink.ErrProxyRefuses: events.CodeProxyRefuses,
		flink.ErrUnavailable: events.CodeUnreachable,
	} {
		if _, lost := lostBy(kind); lost {
			t.Errorf("%v loses one capture only", kind)
		}
		said, ok := errors.AsType[*bus.Fault](Fault(kind, Timing{Later: 1}))
		if !ok || said.Code != want || said.Final == errors.Is(kind, flink.ErrUnavailable) {
			t.Errorf("%v: %+v", kind, said)
		}
	}
	for page, want := range map[string]events.Code{
		"<html><body>Please sign in</body></html>":                             events.CodeLoginPage,
		"<!DOCTYPE html>\n<form><input name=p type=password></form>":           events.CodeLoginPage,
		"<html><script>alert(1)</script></html>":                               events.CodeBadProfile,
		"<html><body>503 Service Temporarily Unavailable, nginx</body></html>": events.CodeBadProfile,
	} {
		_, err := count(func() io.Reader { return strings.NewReader(page) })
		if code, lost := lostBy(err); code != want || !lost {
			t.Errorf("%s: %s, %v", page, code, err)
		}
	}
}

// An answer that is too large is as large when it is asked for again: the run ends at once, and says why.
func TestFault_TooLarge(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		spaces := []byte(strings.Repeat(" ", 1<<20))
		for err := error(nil); err == nil; {
			_, err = w.Write(spaces)
		}
	}))
	t.Cleanup(server.Close)
	client, err := flink.New(server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Overview(t.Context())
	fault := Fault(err, Timing{})
	said, ok := errors.AsType[*bus.Fault](fault)
	if !ok || said.Code != events.CodeUnknownTarget || !errors.Is(fault, flink.ErrTooLarge) {
		t.Errorf("an answer that is too large: %v", fault)
	}
}
