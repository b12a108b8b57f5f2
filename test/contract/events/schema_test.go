package events_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	js "github.com/invopop/jsonschema"

	"squirrly.dev/internal/report"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
	"squirrly.dev/test/contract/published"
)

// payloads are the data of every event.
var payloads = []events.Payload{
	events.ProfileRequested{},
	events.RunCancel{},
	events.ProfilePlanned{},
	events.ArtifactReady{},
	events.RecommendationReady{},
	events.RunRejected{},
	events.RunFailed{},
	events.RunCancelled{},
	events.NotificationSent{},
	events.NotificationFailed{},
	events.FindingOpened{},
	events.FindingWorsened{},
	events.FindingImproved{},
	events.FindingResolved{},
	events.FindingReopened{},
	events.FindingDismissed{},
}

// inbox are the types that anybody may send; they are decoded strictly.
var inbox = []events.Type{events.TypeProfileRequested, events.TypeRunCancel}

// printed are the schemas of what commands print.
var printed = []string{"explanation.json", "difference.json", "checked.json"}

func TestPayloads_AreAll(t *testing.T) {
	var have []string
	for _, p := range payloads {
		have = append(have, string(p.EventType()))
	}
	if diff := cmp.Diff(values(t, "Type"), have); diff != "" {
		t.Errorf("types (-declared +tested):\n%s", diff)
	}
}

func TestSchemas_AreThoseOfTheTypes(t *testing.T) {
	want := schemas(t)
	for name, s := range want {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(s); err != nil {
			t.Fatal(err)
		}
		sameFile(t, filepath.Join(contract, "schemas", name), b.String())
	}
	files, err := os.ReadDir(filepath.Join(contract, "schemas"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if want[f.Name()] == nil {
			t.Errorf("%s belongs to no type", f.Name())
		}
	}
}

// schemas are all documents by file name.
func schemas(t testing.TB) map[string]*js.Schema {
	t.Helper()
	m := maker{t: t, used: map[string]bool{}}
	all := map[string]*js.Schema{
		"event.json":       m.event(),
		"analysis.json":    m.schema(events.Analysis{}, "analysis.json", "analysis.json of a run", false),
		"request.json":     request(),
		"explanation.json": m.schema(analyzer.Explanation{}, "explanation.json", "what `squirrly explain -o json` prints", false),
		"difference.json":  m.schema(report.Difference{}, "difference.json", "what `squirrly diff -o json` prints", false),
		"checked.json":     m.schema(analyzer.Checked{}, "checked.json", "what `squirrly check -o json` prints", false),
	}
	for _, p := range payloads {
		typ := p.EventType()
		all[string(typ)+".json"] = m.schema(p, string(typ)+".json", string(typ), slices.Contains(inbox, typ))
	}
	for name := range limits {
		if !m.used[name] {
			t.Errorf("there are limits for %s, which no schema has", name)
		}
	}
	return all
}

// maker makes schemas by reflection.
type maker struct {
	t    testing.TB
	used map[string]bool
}

func (m maker) schema(v any, file, title string, strict bool) *js.Schema {
	m.t.Helper()
	r := &js.Reflector{Anonymous: true, ExpandedStruct: true, AllowAdditionalProperties: !strict, Mapper: m.mapper(strict)}
	// The path is relative to this package, and so is the import path that it is joined to.
	for _, folder := range []string{
		contract, filepath.Join(root, "internal", "report"), filepath.Join(root, "services", "analyzer"),
		filepath.Join(root, "services", "analyzer", "internal", "diagnose"),
	} {
		if err := r.AddGoComments("squirrly.dev/test/contract/events", folder); err != nil {
			m.t.Fatal(err)
		}
	}
	s := r.Reflect(v)
	m.limit(reflect.TypeOf(v).Name(), s)
	for _, name := range slices.Sorted(maps.Keys(s.Definitions)) {
		m.limit(name, s.Definitions[name])
	}
	s.ID, s.Title = js.ID(published.Base+file), title
	return s
}

// mapper gives the types their own schemas that are not what reflection sees.
func (m maker) mapper(strict bool) func(reflect.Type) *js.Schema {
	return func(typ reflect.Type) *js.Schema {
		if typ == reflect.TypeFor[events.Duration]() {
			return duration(strict)
		}
		if typ.Kind() != reflect.String || typ.PkgPath() == "" {
			return nil
		}
		s := &js.Schema{Type: "string"}
		for _, v := range values(m.t, typ.Name()) {
			s.Enum = append(s.Enum, v)
		}
		if len(s.Enum) == 0 {
			m.t.Errorf("type %s has no constants", typ)
		}
		return s
	}
}

// duration is a Go duration; in a request it may be a number of seconds too.
func duration(request bool) *js.Schema {
	text := &js.Schema{Type: "string", Pattern: `^(0|([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+)$`}
	if !request {
		return text
	}
	seconds := &js.Schema{Type: "number", Minimum: "0", Maximum: "1000000"}
	return &js.Schema{AnyOf: []*js.Schema{text, seconds}}
}

func (m maker) limit(name string, s *js.Schema) {
	m.t.Helper()
	m.used[name] = true
	for field, narrow := range limits[name] {
		if field == "" {
			narrow(s)
			continue
		}
		p, ok := s.Properties.Get(field)
		if !ok {
			m.t.Fatalf("there are limits for %s.%s, which is no field", name, field)
		}
		narrow(p)
	}
}

// event is the envelope; the type of an event tells the schema of its data.
func (m maker) event() *js.Schema {
	s := m.schema(events.Event{}, "event.json", "CloudEvents 1.0 envelope of an event", false)
	for _, p := range payloads {
		s.AllOf = append(s.AllOf, dataOf(p.EventType()))
	}
	return s
}

func dataOf(typ events.Type) *js.Schema {
	when := &js.Schema{Properties: js.NewProperties()}
	when.Properties.Set("type", &js.Schema{Const: typ})
	then := &js.Schema{Properties: js.NewProperties()}
	then.Properties.Set("data", &js.Schema{Ref: string(typ) + ".json"})
	if typ != events.TypeRunCancel {
		then.Required = []string{"data"}
	}
	return &js.Schema{If: when, Then: then}
}

// request is what the inbox takes as a body: a structured event, or the data alone.
func request() *js.Schema {
	isEvent := &js.Schema{Properties: js.NewProperties()}
	isEvent.Properties.Set("type", &js.Schema{Const: events.TypeProfileRequested})
	return &js.Schema{
		Version: js.Version, ID: published.Base + "request.json", Title: "body of a request for a profile",
		Description: "A CloudEvent in structured mode, or the plain data of one (also the body in binary mode).",
		Type:        "object",
		If:          &js.Schema{Required: []string{"specversion"}},
		Then:        &js.Schema{AllOf: []*js.Schema{{Ref: "event.json"}, isEvent}},
		Else:        &js.Schema{Ref: string(events.TypeProfileRequested) + ".json"},
	}
}
