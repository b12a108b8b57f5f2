package intake

import (
	"errors"
	"testing"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/refusal"
)

// Whatever comes, a request has a run id of its own, and is either acceptable or refused with a code of the catalogue.
func FuzzDecode(f *testing.F) {
	ok := `{"target":{"namespace":"flink","deployment":"orders"}}`
	for _, body := range []string{"", "{}", ok, `{"target":{"url":"http://u:p@x"}}`, `{"specversion":"1.0"}`, "[", "\xff"} {
		f.Add("", "", body)
		f.Add(".prod.flink.orders", "1.0", body)
	}
	f.Add(".a.b", "", ok)
	f.Add(".a.b.c_d-12345678", "", "{}")
	f.Fuzz(func(t *testing.T, suffix, specVersion, body string) {
		m := bus.Delivery{
			Subject: events.SubjectRequested + suffix, Body: []byte(body), Stream: events.StreamRequests, Seq: 7,
			Stored: time.Unix(0, 0), Header: events.Header{"ce-specversion": {specVersion}, "ce-id": {body}, "ce-source": {suffix}, "ce-type": {string(events.TypeProfileRequested)}},
		}
		req := decode(m)
		if events.Token(req.run) != req.run || req.run == "" || decode(m).run != req.run {
			t.Fatalf("run id %q", req.run)
		}
		if req.refused == nil {
			if err := req.Validate(); err != nil || req.unreadable != nil {
				t.Fatalf("accepted: %v, %v", err, req.unreadable)
			}
			return
		}
		why, ok := errors.AsType[*refusal.Error](req.refused)
		if !ok || !why.Code.Known() || why.Error() == "" {
			t.Fatalf("refused with %v", req.refused)
		}
		rec := run.Record{Run: req.run}
		new(Intake).reject(&rec, req, events.Identity{}, why)
		if err := (events.RunRejected{Outcome: *rec.Outcome}).Validate(); err != nil {
			t.Fatalf("rejected with %+v: %v", rec.Outcome, err)
		}
	})
}
