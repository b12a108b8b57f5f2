package collector

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"squirrly.dev/internal/flink"
	"squirrly.dev/pkg/events"
)

// unreadable is the way to a Flink whose token file cannot be read for some of the calls.
type unreadable struct {
	calls  atomic.Int64
	broken func(call int64) bool
}

func (u *unreadable) RoundTrip(r *http.Request) (*http.Response, error) {
	if u.broken(u.calls.Add(1)) {
		return nil, fmt.Errorf("tokenFile of the access file: %w", flink.ErrAccess)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// A file of the access that cannot be read is waited for, since it may be in the middle of a change; one that stays so ends
// the run with the reason of its own.
func TestAccess_Unreadable(t *testing.T) {
	for name, c := range map[string]struct {
		broken func(call int64) bool
		state  events.State
		code   events.Code
	}{
		"for good":    {func(call int64) bool { return call > 3 }, events.StateFailed, events.CodeAccessBroken},
		"for a while": {func(call int64) bool { return call > 3 && call < 6 }, events.StateCaptured, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1)
			way := &unreadable{broken: c.broken}
			worker := w.collector()
			worker.http = way
			w.work(worker)
			w.sweep()
			w.request()
			rec := w.until(in(events.StateCaptured, events.StateFailed))
			if rec.State != c.state || (rec.Outcome != nil) != (c.code != "") || rec.Outcome != nil && rec.Outcome.Code != c.code || way.calls.Load() < 6 {
				t.Errorf("%s after %d calls: %+v", rec.State, way.calls.Load(), rec.Outcome)
			}
		})
	}
}
