package analyzer_test

import (
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// damage takes the body of a stored object away and leaves its metadata, as a lost block of the server does.
func (w *world) damage(key string) {
	w.t.Helper()
	os, err := bustest.JetStream(w.Bus).ObjectStore(w.t.Context(), events.BucketArtifacts)
	if err != nil {
		w.t.Fatal(err)
	}
	info, err := os.GetInfo(w.t.Context(), key)
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := bustest.JetStream(w.Bus).Stream(w.t.Context(), "OBJ_"+events.BucketArtifacts)
	if err == nil {
		err = s.Purge(w.t.Context(), jetstream.WithPurgeSubject("$O."+events.BucketArtifacts+".C."+info.NUID))
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// damaged captures a run and damages those of its captures.
func (w *world) damaged(run string, j job, modes ...events.Mode) {
	w.t.Helper()
	w.captured(run, j, nil)
	m, err := w.fact(orders.Subject(events.TypeArtifactReady, run))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range m.Captures {
		for _, mode := range modes {
			if c.Mode == mode {
				w.damage(c.Key)
			}
		}
	}
}

// fact reads artifact.ready of a run.
func (w *world) fact(subject string) (events.ArtifactReady, error) {
	s, err := bustest.JetStream(w.Bus).Stream(w.t.Context(), events.StreamEvents)
	if err != nil {
		return events.ArtifactReady{}, err
	}
	m, err := s.GetLastMsgForSubject(w.t.Context(), subject)
	if err != nil {
		return events.ArtifactReady{}, err
	}
	e, err := events.DecodeEvent(m.Data)
	if err != nil {
		return events.ArtifactReady{}, err
	}
	return events.Data[events.ArtifactReady](e)
}

// A capture that the store has lost part of is missing from the result, which says so; the others do.
func TestRun_OneCaptureDamaged(t *testing.T) {
	w := newWorld(t)
	j := littered()
	modes := j.modes()
	if len(modes) < 2 {
		t.Fatalf("modes %v", modes)
	}
	w.damaged(run1, j, modes[1])
	w.serve()
	_, an := w.result(run1)
	if missing := strings.Join(an.Missing, " "); !strings.Contains(missing, "the artifact store lost part of it") {
		t.Errorf("missing: %s", missing)
	}
}

// Nothing but a new run can take lost captures again: it fails and says why.
func TestRun_AllCapturesDamaged(t *testing.T) {
	w := newWorld(t)
	j := sleepy()
	w.damaged(run1, j, j.modes()...)
	w.serve()
	rec := w.until(run1, func(r run.Record) bool { return r.State.Terminal() })
	if rec.State != events.StateFailed || rec.Outcome.Code != events.CodeArtifactCorrupt {
		t.Errorf("%s, %+v", rec.State, rec.Outcome)
	}
}

// An analysis that the store has lost is made and stored again.
func TestRun_AnalysisDamaged(t *testing.T) {
	w := newWorld(t)
	w.serve()
	w.captured(run1, sleepy(), nil)
	first, _ := w.result(run1)
	w.until(run1, func(r run.Record) bool { return r.Owner == "" && w.settled() })
	w.damage(first.Analysis.Key)
	w.rewind(run1, func(r *run.Record) { r.State = events.StateAnalyzing })
	if _, an := w.result(run1); len(an.Findings) == 0 {
		t.Errorf("%+v", an)
	}
}
