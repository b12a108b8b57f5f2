package events_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
)

func typeOf(v any) string { return fmt.Sprintf("%T", v) }

// change is one thing done to a golden: a path, and what is put there (nil takes the field away).
type change struct {
	path  string
	value any
}

// spoilt breaks each golden in one place; the schema and the decoder have to see it.
var spoilt = map[events.Type][]change{
	events.TypeProfileRequested: {
		{"id", nil},
		{"source", ""},
		{"specversion", "0.3"},
		{"data", nil},
		{"data.target", nil},
		{"data.target.deployment", nil},
		{"data.target.url", "http://both:8081"},
		{"data.modes.0", "cpu"},
		{"data.duration", "soon"},
		{"data.duration", -1},
		{"data.scope.maxTaskManagers", -1},
		{"data.scope", "busiest 0"},
		{"data.scope", "named"},
		{"data.context.0.key", "uploads/x"},
		{"data.context.1.sha256", "x"},
		{"data.context.1.key", "prod/flink/orders/analysis"},
		{"data.prompt", strings.Repeat("x", events.MaxPromptBytes+1)},
		{"data.expires", "soon"},
		{"data.duraton", "10s"},
		{"data.scope.max", 1},
	},
	events.TypeRunCancel:           {{"data.run", "a.b"}, {"data.reason", 7}, {"data.force", true}},
	events.TypeProfilePlanned:      {{"data.plan.jobId", nil}, {"data.plan.modes", []any{}}, {"data.plan.deadline", "soon"}, {"data.plan.identity.job", ""}},
	events.TypeArtifactReady:       {{"data.manifest", nil}, {"data.captures", []any{}}, {"data.captures.0.sha256", ""}, {"data.captures.1.status", "running"}, {"data.context.0.size", -1}},
	events.TypeRecommendationReady: {{"data.verdict.headline", nil}, {"data.severity", nil}, {"data.analysis.sha256", "x"}, {"data.findings", "none"}},
	events.TypeRunRejected:         {{"data.code", nil}, {"type", "dev.squirrly.run.rejected"}, {"data.existing", "a.b"}},
	events.TypeRunFailed:           {{"data.message", ""}, {"data.run", nil}},
	events.TypeRunCancelled:        {{"data.code", nil}},
	events.TypeNotificationSent:    {{"data.channel", ""}, {"data.attempt", "once"}},
	events.TypeNotificationFailed:  {{"data.event", "dev.squirrly.unknown.v1"}},
	events.TypeFindingOpened:       {{"data.id", ""}},
	events.TypeFindingWorsened:     {{"data.number", "first"}},
	events.TypeFindingImproved:     {{"data.fingerprint", ""}},
	events.TypeFindingResolved:     {{"data.title", ""}},
	events.TypeFindingReopened:     {{"data.run", nil}},
	events.TypeFindingDismissed:    {{"data.state", ""}},
}

func TestSpoiltGoldens_AreRefused(t *testing.T) {
	for _, p := range payloads {
		typ := p.EventType()
		if len(spoilt[typ]) == 0 {
			t.Errorf("%s is never spoilt", typ)
		}
		for _, c := range spoilt[typ] {
			body := changed(t, golden(t, string(typ)), c)
			if err := validate(t, "event", body); err == nil {
				t.Errorf("%s: the schema takes %s = %v", typ, c.path, c.value)
			}
			err := decode(typ, body)
			if err == nil {
				t.Errorf("%s: the decoder takes %s = %v", typ, c.path, c.value)
			}
			if fe := (*events.FieldError)(nil); err != nil && !errors.As(err, &fe) && c.path != "data.plan.deadline" {
				t.Errorf("%s: %s: error %v names no field", typ, c.path, err)
			}
		}
	}
}

// The other bodies, spoilt in the same way.
func TestSpoiltBodies_AreRefused(t *testing.T) {
	for name, list := range map[string][]change{
		"analysis": {{"schema", "v2"}, {"verdict.limit", "disk"}, {"findings", nil}, {"evidence.0.mode", "PERF"}},
		"request":  {{"target", nil}, {"target.url", "http://user:secret@jm:8081"}, {"target.url", "file:///etc/passwd"}, {"mode", "WALL"}},
	} {
		for _, c := range list {
			body := changed(t, golden(t, name), c)
			if err := validate(t, name, body); err == nil {
				t.Errorf("%s: the schema takes %s = %v", name, c.path, c.value)
			}
			if _, _, err := events.DecodeRequest(nil, []byte(body)); name == "request" && err == nil {
				t.Errorf("the inbox takes %s = %v", c.path, c.value)
			}
		}
	}
}

// A newer service may add fields to facts and to the envelope; requests are typed by hand, and there they are typos.
func TestUnknownFields(t *testing.T) {
	for _, p := range payloads {
		typ := p.EventType()
		body := changed(t, golden(t, string(typ)), change{"data.added", map[string]any{"later": 1}})
		strict := typ == events.TypeProfileRequested || typ == events.TypeRunCancel
		if err := decode(typ, body); (err != nil) != strict {
			t.Errorf("%s: decoder: %v", typ, err)
		}
		if err := validate(t, "event", body); (err != nil) != strict {
			t.Errorf("%s: schema: %v", typ, err)
		}
		body = changed(t, golden(t, string(typ)), change{"added", true})
		if err := errors.Join(decode(typ, body), validate(t, "event", body)); err != nil {
			t.Errorf("%s: an attribute more: %v", typ, err)
		}
	}
}

// decode reads an event as its receiver does.
func decode(typ events.Type, body string) error {
	if typ == events.TypeProfileRequested {
		_, _, err := events.DecodeRequest(nil, []byte(body))
		return err
	}
	e, err := events.DecodeEvent([]byte(body))
	if err != nil {
		return err
	}
	switch typ {
	case events.TypeRunCancel:
		_, err = events.DecodeCancel(nil, events.SubjectCancel+"1e9b84ce-433c-529f-af1d-788d2d2f9cde", []byte(body))
	case events.TypeProfilePlanned:
		_, err = events.Data[events.ProfilePlanned](e)
	case events.TypeArtifactReady:
		_, err = events.Data[events.ArtifactReady](e)
	case events.TypeRecommendationReady:
		_, err = events.Data[events.RecommendationReady](e)
	case events.TypeRunRejected:
		_, err = events.Data[events.RunRejected](e)
	case events.TypeRunFailed:
		_, err = events.Data[events.RunFailed](e)
	case events.TypeRunCancelled:
		_, err = events.Data[events.RunCancelled](e)
	case events.TypeNotificationSent:
		_, err = events.Data[events.NotificationSent](e)
	case events.TypeNotificationFailed:
		_, err = events.Data[events.NotificationFailed](e)
	case events.TypeFindingOpened:
		_, err = events.Data[events.FindingOpened](e)
	case events.TypeFindingWorsened:
		_, err = events.Data[events.FindingWorsened](e)
	case events.TypeFindingImproved:
		_, err = events.Data[events.FindingImproved](e)
	case events.TypeFindingResolved:
		_, err = events.Data[events.FindingResolved](e)
	case events.TypeFindingReopened:
		_, err = events.Data[events.FindingReopened](e)
	case events.TypeFindingDismissed:
		_, err = events.Data[events.FindingDismissed](e)
	default:
		err = errors.New("no such event")
	}
	return err
}

// changed is a document with one thing changed.
func changed(t *testing.T, doc string, c change) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(doc), &v); err != nil {
		t.Fatal(err)
	}
	at := v
	names := strings.Split(c.path, ".")
	for _, n := range names[:len(names)-1] {
		at = inner(t, at, n)
	}
	last := names[len(names)-1]
	switch holder := at.(type) {
	case map[string]any:
		if c.value == nil {
			delete(holder, last)
		} else {
			holder[last] = c.value
		}
	case []any:
		i, err := strconv.Atoi(last)
		if err != nil {
			t.Fatal(err)
		}
		holder[i] = c.value
	default:
		t.Fatalf("there is no %s", c.path)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func inner(t *testing.T, v any, name string) any {
	t.Helper()
	switch holder := v.(type) {
	case map[string]any:
		return holder[name]
	case []any:
		i, err := strconv.Atoi(name)
		if err != nil {
			t.Fatal(err)
		}
		return holder[i]
	}
	t.Fatalf("there is no %s", name)
	return nil
}
