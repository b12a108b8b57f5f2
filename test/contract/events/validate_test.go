package events_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/test/contract/published"
)

// schemasOnDisk are the published ones.
var schemasOnDisk = sync.OnceValues(func() (published.Schemas, error) { return published.Load(filepath.Join(contract, "schemas")) })

// validate checks a document against a published schema.
func validate(t *testing.T, schema, doc string) error {
	t.Helper()
	all, err := schemasOnDisk()
	if err != nil {
		t.Fatal(err)
	}
	return all.Validate(schema, doc)
}

func TestGoldens_AreValid(t *testing.T) {
	for _, name := range goldens(t) {
		schema := name
		if strings.HasPrefix(name, "dev.") {
			schema = "event"
		}
		if err := validate(t, schema, golden(t, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := validate(t, "request", golden(t, string(events.TypeProfileRequested))); err != nil {
		t.Errorf("a structured request: %v", err)
	}
}

// The least that the types accept and write is valid too: nothing that is left out is required, and no list is null.
func TestSchemas_TakeTheLeast(t *testing.T) {
	id, ref := events.Identity{}, events.ObjectRef{Key: "k", SHA256: strings.Repeat("0", 64)}
	a := events.Analysis{
		Schema: events.AnalysisSchema, Run: "r", Severity: events.SeverityNone,
		Verdict: events.Verdict{Limit: events.LimitNone, Headline: "Not limited.", Confidence: events.ConfidenceLow},
	}
	ready, err := events.Excerpt(a, ref, "")
	if err != nil {
		t.Fatal(err)
	}
	o := events.Outcome{Run: "r", Identity: id, Code: events.CodeInternal, Message: "m"}
	n := events.Notification{Run: "r", Channel: "c", Event: events.TypeRunFailed}
	least := []events.Payload{
		events.ProfileRequested{Target: events.Target{URL: "http://jm:8081"}},
		events.RunCancel{Run: "r"},
		events.ProfilePlanned{Plan: planned(t)},
		events.ArtifactReady{Run: "r", Manifest: ref, Captures: []events.CaptureRef{
			{JVM: "a", Mode: events.ModeWall, Status: events.CaptureStored, ObjectRef: ref},
			{JVM: "b", Mode: events.ModeWall, Status: events.CaptureLost},
		}},
		ready,
		events.RunRejected{Outcome: o},
		events.RunFailed{Outcome: o},
		events.RunCancelled{Outcome: o},
		events.NotificationSent{Notification: n},
		events.NotificationFailed{Notification: n},
	}
	for i, p := range least {
		if p.EventType() != payloads[i].EventType() {
			t.Fatalf("%s is in the place of %s", p.EventType(), payloads[i].EventType())
		}
		e, err := events.New("s", "r", a.CreatedAt, p)
		if err != nil {
			t.Fatal(err)
		}
		body, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, "event", string(body)); err != nil {
			t.Errorf("%s: %v\n%s", p.EventType(), err, body)
		}
	}
	whole, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate(t, "analysis", string(whole)); err != nil {
		t.Errorf("analysis: %v", err)
	}
}

// planned is the plan of the golden without all that may be left out.
func planned(t *testing.T) events.Plan {
	t.Helper()
	p := data[events.ProfilePlanned](t).Plan
	return events.Plan{
		Run: p.Run, Identity: p.Identity, Target: events.Target{URL: "http://jm:8081"}, RestURL: p.RestURL, JobID: p.JobID,
		Modes: p.Modes, Duration: p.Duration, Deadline: p.Deadline,
	}
}

// data is the payload of a golden.
func data[T events.Payload](t *testing.T) T {
	t.Helper()
	var p T
	e, err := events.DecodeEvent([]byte(golden(t, string(p.EventType()))))
	if err != nil {
		t.Fatal(err)
	}
	if p, err = events.Data[T](e); err != nil {
		t.Fatal(err)
	}
	return p
}
