package capture

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/flink"
	"squirrly.dev/pkg/events"
)

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
