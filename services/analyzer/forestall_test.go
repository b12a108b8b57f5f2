package analyzer_test

import (
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// ids counts the requests in the inbox by the ids of their events.
func (w *world) ids() map[string]int {
	w.t.Helper()
	s, err := bustest.JetStream(w.Bus).Stream(w.t.Context(), events.StreamRequests)
	if err != nil {
		w.t.Fatal(err)
	}
	all := map[string]int{}
	for seq := uint64(1); seq <= s.CachedInfo().State.LastSeq; seq++ {
		m, err := s.GetMsg(w.t.Context(), seq)
		if err != nil {
			w.t.Fatal(err)
		}
		e, err := events.DecodeEvent(m.Data)
		if err != nil {
			w.t.Fatal(err)
		}
		all[e.ID]++
	}
	return all
}

// TestRun_FollowUpNotForestalled: a requester who knows the run sends what the analyzer is about to send, as far as it can know
// it, before the analyzer does. The server takes the follow-up nevertheless, once, also when the analyzer dies after that.
func TestRun_FollowUpNotForestalled(t *testing.T) {
	w := newWorld(t)
	outside := bustest.Client(t, w.Bus, bustest.Requester)
	guesses := []string{run1}
	for _, key := range []string{"", run1, "0"} {
		for _, modes := range [][]events.Mode{{events.ModeAlloc}, {events.ModeLock}, {events.ModeAlloc, events.ModeLock}} {
			guesses = append(guesses, events.FollowUpID(run1, key, modes))
		}
	}
	for _, id := range guesses {
		body := `{"specversion":"1.0","id":"` + id + `","source":"` + events.SourceAnalyzer + `","type":"` + string(events.TypeProfileRequested) + `","data":{}}`
		ack, err := outside.RequestMsg(&nats.Msg{
			Subject: orders.RequestSubject(), Data: []byte(body),
			Header: nats.Header{events.HeaderContentType: {events.ContentType}, events.HeaderMsgID: {id}},
		}, bustest.AckWait)
		if err != nil || strings.Contains(string(ack.Data), "error") {
			t.Fatalf("%v, %s", err, ack.Data)
		}
	}

	stop := w.serve()
	w.captured(run1, littered(), nil)
	rec, _ := w.result(run1)
	w.until(run1, func(r run.Record) bool { return r.Owner == "" && w.settled() })
	stop()
	genuine := events.FollowUpID(run1, rec.FollowUpKey, rec.FollowUps)
	if got := w.ids(); len(rec.FollowUpKey) < 26 || got[genuine] != 1 || len(got) != len(guesses)+1 {
		t.Fatalf("the follow-up %s is not in the inbox: %v", genuine, got)
	}

	for name, change := range map[string]func(*run.Record){
		"died after it asked": func(*run.Record) {},
		"died before it noted the analysis, and asks again": func(r *run.Record) {
			r.State, r.Analysis, r.Evidence, r.Reports, r.FollowUps = events.StateAnalyzing, nil, nil, nil, nil
		},
	} {
		w.rewind(run1, change)
		stop := w.serve()
		again := w.until(run1, func(r run.Record) bool { return r.State == events.StateAnalyzed && r.Owner == "" && w.settled() })
		stop()
		if got := w.ids(); again.FollowUpKey != rec.FollowUpKey || got[genuine] != 1 || len(got) != len(guesses)+1 {
			t.Errorf("%s: %v", name, got)
		}
	}
}
