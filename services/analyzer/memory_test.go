package analyzer_test

import (
	"testing"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/llmtest"
	"squirrly.dev/internal/logbuffer"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// A takeover uses the answer that was paid for. When that is lost, it asks once and keeps the new one in its place.
func TestRun_AnswerOfAnEarlierAttempt(t *testing.T) {
	w := newWorld(t)
	server := llmtest.NewServer(llmtest.Honest(), llmtest.Changing([]string{"stand-in-2"}, llmtest.Honest()))
	t.Cleanup(server.Close)
	w.serveWith(server, &logbuffer.Buffer{})
	w.captured(run1, sleepy(), nil)
	first, _ := w.result(run1)
	again := func() run.Record {
		w.until(run1, func(r run.Record) bool { return r.Owner == "" && w.settled() })
		w.rewind(run1, func(r *run.Record) {
			r.State, r.Analysis, r.Evidence, r.Reports = events.StateAnalyzing, nil, nil, nil
		})
		rec, an := w.result(run1)
		if an.Provenance.Provider != "openai" || an.Degraded {
			t.Errorf("provenance %+v, degraded %q", an.Provenance, an.DegradedWhy)
		}
		return rec
	}
	if rec := again(); *rec.Answer != *first.Answer || len(server.Requests()) != 1 {
		t.Errorf("asked %d times, answer %+v", len(server.Requests()), rec.Answer)
	}
	os, err := bustest.JetStream(w.Bus).ObjectStore(t.Context(), events.BucketArtifacts)
	if err == nil {
		err = os.Delete(t.Context(), first.Answer.Key)
	}
	if err != nil {
		t.Fatal(err)
	}
	rec := again()
	if *rec.Answer == *first.Answer || len(server.Requests()) != 2 {
		t.Errorf("asked %d times, answer %+v", len(server.Requests()), rec.Answer)
	}
	if third := again(); *third.Answer != *rec.Answer || len(server.Requests()) != 2 {
		t.Errorf("asked %d times, answer %+v", len(server.Requests()), third.Answer)
	}
}
