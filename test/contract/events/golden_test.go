package events_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	js "github.com/invopop/jsonschema"

	"squirrly.dev/pkg/events"
)

// goldens are the names of the golden files: one for each event type, a plain request, and an analysis.
func goldens(t *testing.T) []string {
	t.Helper()
	files, err := os.ReadDir(filepath.Join(contract, "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		if !f.IsDir() { // folders hold what the fuzzer found
			names = append(names, strings.TrimSuffix(f.Name(), ".json"))
		}
	}
	return names
}

func golden(t *testing.T, name string) string {
	t.Helper()
	return read(t, filepath.Join(contract, "testdata", name+".json"))
}

func TestGoldens_AreAll(t *testing.T) {
	want := append(values(t, "Type"), "analysis", "request")
	slices.Sort(want)
	if diff := cmp.Diff(want, goldens(t)); diff != "" {
		t.Errorf("goldens (-want +got):\n%s", diff)
	}
}

// Decoding, validating and encoding gives back every byte: no field is lost, renamed or moved.
func TestGoldens_SurviveTheTypes(t *testing.T) {
	again := map[events.Type]func(*testing.T, events.Event) events.Event{
		events.TypeProfileRequested:    roundTrip[events.ProfileRequested],
		events.TypeRunCancel:           roundTrip[events.RunCancel],
		events.TypeProfilePlanned:      roundTrip[events.ProfilePlanned],
		events.TypeArtifactReady:       roundTrip[events.ArtifactReady],
		events.TypeRecommendationReady: roundTrip[events.RecommendationReady],
		events.TypeRunRejected:         roundTrip[events.RunRejected],
		events.TypeRunFailed:           roundTrip[events.RunFailed],
		events.TypeRunCancelled:        roundTrip[events.RunCancelled],
		events.TypeNotificationSent:    roundTrip[events.NotificationSent],
		events.TypeNotificationFailed:  roundTrip[events.NotificationFailed],
		events.TypeFindingOpened:       roundTrip[events.FindingOpened],
		events.TypeFindingWorsened:     roundTrip[events.FindingWorsened],
		events.TypeFindingImproved:     roundTrip[events.FindingImproved],
		events.TypeFindingResolved:     roundTrip[events.FindingResolved],
		events.TypeFindingReopened:     roundTrip[events.FindingReopened],
		events.TypeFindingDismissed:    roundTrip[events.FindingDismissed],
	}
	for _, p := range payloads {
		typ := p.EventType()
		text := golden(t, string(typ))
		e, err := events.DecodeEvent([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", typ, err)
			continue
		}
		body, err := again[typ](t, e).Encode()
		if err != nil {
			t.Fatal(err)
		}
		same(t, string(typ), text, body)
	}
}

// roundTrip decodes the data of an event, validates it, and puts it back.
func roundTrip[T events.Payload](t *testing.T, e events.Event) events.Event {
	t.Helper()
	p, err := events.Data[T](e)
	if err != nil {
		t.Fatalf("%s: %v", e.Type, err)
	}
	made, err := events.New(e.Source, e.RunID, e.Time, p)
	if err != nil {
		t.Fatalf("%s: %v", e.Type, err)
	}
	if e.RunID != "" && made.ID != e.ID {
		t.Errorf("%s: id %s, New gives %s", e.Type, e.ID, made.ID)
	}
	e.Data = made.Data
	return e
}

// same compares a golden with compact JSON.
func same(t *testing.T, name, want string, got []byte) {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, got, "", "  "); err != nil {
		t.Fatal(err)
	}
	b.WriteByte('\n')
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(b.String(), "\n")); diff != "" {
		t.Errorf("%s (-golden +written again):\n%s", name, diff)
	}
}

func TestGoldens_SurviveTheTypes_Bodies(t *testing.T) {
	var a events.Analysis
	if err := json.Unmarshal([]byte(golden(t, "analysis")), &a); err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "analysis", golden(t, "analysis"), body)

	r, origin, err := events.DecodeRequest(nil, []byte(golden(t, "request")))
	if err != nil || origin != (events.RequestOrigin{}) {
		t.Fatalf("plain request: %+v, %v", origin, err)
	}
	if body, err = json.Marshal(r); err != nil {
		t.Fatal(err)
	}
	same(t, "request", golden(t, "request"), body)
}

// All goldens tell of one run, whose id follows from the request.
func TestGoldens_AreOfOneRun(t *testing.T) {
	e, err := events.DecodeEvent([]byte(golden(t, string(events.TypeProfileRequested))))
	if err != nil {
		t.Fatal(err)
	}
	run := events.RunIDFromEvent(e.Source, e.ID)
	for _, name := range goldens(t) {
		if name != "request" && name != string(events.TypeProfileRequested) && !strings.Contains(golden(t, name), run) {
			t.Errorf("%s is not of run %s", name, run)
		}
	}
	ready := data[events.RecommendationReady](t)
	var whole events.Analysis
	if err := json.Unmarshal([]byte(golden(t, "analysis")), &whole); err != nil {
		t.Fatal(err)
	}
	made, err := events.Excerpt(whole, ready.Analysis, ready.ReportURL)
	if err != nil {
		t.Fatal(err)
	}
	// What the golden shows besides: the analyzer takes it from the plan, it did not fit, or a channel adds it.
	made.Truncated, made.Others, made.Labels, made.Looked.Scope = ready.Truncated, ready.Others, ready.Labels, ready.Looked.Scope
	made.Changes = ready.Changes
	if diff := cmp.Diff(made, ready); diff != "" {
		t.Errorf("the recommendation is not that of the analysis (-made +golden):\n%s", diff)
	}
}

// Every field of every type is shown by some golden, but for what commands print: that needs no reader without a
// recording at hand, see package outputs.
func TestGoldens_ShowEveryField(t *testing.T) {
	shown := map[string]bool{
		// A message that was sent needs neither.
		"NotificationSent.code": true, "NotificationSent.message": true,
		// One golden tells of a dismissal; an opened finding has no past, and one that is not found no size.
		"FindingOpened.before": true, "FindingResolved.now": true, "FindingDismissed.now": true,
		"FindingOpened.dismissal": true, "FindingWorsened.dismissal": true, "FindingImproved.dismissal": true,
		"FindingResolved.dismissal": true, "FindingReopened.dismissal": true,
		// The golden tells of a job that got slower.
		"Comparison.fixed": true,
	}
	all := schemas(t)
	for _, name := range goldens(t) {
		var doc map[string]any
		if err := json.Unmarshal([]byte(golden(t, name)), &doc); err != nil {
			t.Fatal(err)
		}
		file := name
		if payload, ok := doc["data"].(map[string]any); ok {
			mark(shown, all["event.json"], all["event.json"], "event", doc)
			doc = payload
		}
		if name == "request" {
			file = string(events.TypeProfileRequested)
		}
		s := all[file+".json"]
		mark(shown, s, s, typeName(file), doc)
	}
	for file, s := range all {
		if file != "request.json" && !slices.Contains(printed, file) {
			missing(t, shown, typeName(strings.TrimSuffix(file, ".json")), s)
		}
	}
}

func missing(t *testing.T, shown map[string]bool, name string, s *js.Schema) {
	t.Helper()
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		if !shown[name+"."+p.Key] {
			t.Errorf("no golden shows %s.%s", name, p.Key)
		}
	}
	for def, d := range s.Definitions {
		missing(t, shown, def, d)
	}
}

// typeName is the Go name of the type that a schema file describes.
func typeName(file string) string {
	for _, p := range payloads {
		if string(p.EventType()) == file {
			return strings.TrimPrefix(typeOf(p), "events.")
		}
	}
	return file
}

// mark notes which fields of a type a document has.
func mark(shown map[string]bool, top, s *js.Schema, name string, doc any) {
	if list, ok := doc.([]any); ok {
		for _, v := range list {
			mark(shown, top, s.Items, name, v)
		}
		return
	}
	if def, ok := strings.CutPrefix(s.Ref, "#/$defs/"); ok {
		name, s = def, top.Definitions[def]
	}
	object, ok := doc.(map[string]any)
	if !ok || s.Properties == nil {
		return
	}
	for key, v := range object {
		if p, ok := s.Properties.Get(key); ok {
			shown[name+"."+key] = true
			mark(shown, top, p, name, v)
		}
	}
}
