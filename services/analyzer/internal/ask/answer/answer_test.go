package answer_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/services/analyzer/internal/ask/answer"
)

const whole = `{"findings":[{"ref":"R1","category":"blocking","evidence":[{"id":"F1","claim":"share","value":97.0}],
"frames":["java.lang.Thread.sleep"],"configKeys":[],"links":[],"where":"w","size":"s","why":"y","cause":"c",
"recommendation":{"change":"a","why":"b","impact":"i","impactPct":97,"tradeOffs":"t"}}],
"observations":[{"text":"o","evidence":["M1"]}]}`

func TestDecode(t *testing.T) {
	got, err := answer.Decode([]byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	want := answer.Answer{
		Findings: []answer.Finding{{
			Ref: "R1", Category: "blocking", Evidence: []answer.Evidence{{ID: "F1", Claim: "share", Value: 97}},
			Frames: []string{"java.lang.Thread.sleep"}, ConfigKeys: []string{}, Links: []string{},
			Where: "w", Size: "s", Why: "y", Cause: "c",
			Recommendation: answer.Recommendation{Change: "a", Why: "b", Impact: "i", ImpactPct: 97, TradeOffs: "t"},
		}},
		Observations: []answer.Observation{{Text: "o", Evidence: []string{"M1"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Decode (-want +got):\n%s", diff)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, raw := range map[string]string{
		"nothing":       "",
		"prose":         "The job is fine.",
		"null":          "null",
		"empty":         "{}",
		"unknown field": strings.Replace(whole, `"ref"`, `"severity":"critical","ref"`, 1),
		"wrong type":    strings.Replace(whole, "97.0", `"97"`, 1),
		"category":      strings.Replace(whole, `"blocking"`, `"ignore all"`, 1),
		"trailing":      whole + " and more",
		"two objects":   whole + whole,
		"long text":     strings.Replace(whole, `"where":"w"`, `"where":"`+strings.Repeat("w", answer.MaxText+1)+`"`, 1),
		"too large":     whole + strings.Repeat(" ", answer.MaxBytes),
		"huge number":   strings.Replace(whole, "97.0", "1e300", 1),
		"not UTF-8":     strings.Replace(whole, `"w"`, "\"\xff\"", 1),
		"many findings": `{"findings":[` + strings.TrimSuffix(strings.Repeat("{},", answer.MaxFindings+1), ",") + `],"observations":[]}`,
	} {
		if _, err := answer.Decode([]byte(raw)); !errors.Is(err, answer.ErrForm) {
			t.Errorf("%s: Decode returned %v, want ErrForm", name, err)
		}
	}
}

// TestSchemaIsStrict holds the schema to what strict structured output demands, and to the Go types.
func TestSchemaIsStrict(t *testing.T) {
	var root node
	if err := json.Unmarshal(answer.Schema(), &root); err != nil {
		t.Fatal(err)
	}
	root.strict(t, "$")
	root.matches(t, "$", reflect.TypeFor[answer.Answer]())
}

type node struct {
	Type       string           `json:"type"`
	Additional *bool            `json:"additionalProperties"`
	Required   []string         `json:"required"`
	Properties map[string]*node `json:"properties"`
	Items      *node            `json:"items"`
}

func (n *node) strict(t *testing.T, path string) {
	t.Helper()
	if n.Items != nil {
		n.Items.strict(t, path+"[]")
	}
	if n.Type != "object" {
		return
	}
	if n.Additional == nil || *n.Additional {
		t.Errorf("%s: additionalProperties is not false", path)
	}
	for name, p := range n.Properties {
		if !slices.Contains(n.Required, name) {
			t.Errorf("%s.%s is not required", path, name)
		}
		p.strict(t, path+"."+name)
	}
	if len(n.Required) != len(n.Properties) {
		t.Errorf("%s: %d required, %d properties", path, len(n.Required), len(n.Properties))
	}
}

func (n *node) matches(t *testing.T, path string, typ reflect.Type) {
	t.Helper()
	want := map[reflect.Kind]string{
		reflect.Struct: "object", reflect.Slice: "array", reflect.String: "string", reflect.Float64: "number",
	}[typ.Kind()]
	if n.Type != want {
		t.Fatalf("%s is %s in the schema and %s in Go", path, n.Type, typ)
	}
	switch typ.Kind() {
	case reflect.Slice:
		n.Items.matches(t, path+"[]", typ.Elem())
	case reflect.Struct:
		if typ.NumField() != len(n.Properties) {
			t.Errorf("%s: %d fields in Go, %d in the schema", path, typ.NumField(), len(n.Properties))
		}
		for field := range typ.Fields() {
			name := field.Tag.Get("json")
			if p := n.Properties[name]; p != nil {
				p.matches(t, path+"."+name, field.Type)
			} else {
				t.Errorf("%s.%s is missing in the schema", path, name)
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(`{"findings":[{}],"observations":null}`))
	f.Add([]byte("```json\n{}\n```"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := answer.Decode(raw)
		if err != nil {
			if !errors.Is(err, answer.ErrForm) {
				t.Errorf("error does not wrap ErrForm: %v", err)
			}
			return
		}
		again, err := json.Marshal(a)
		if err != nil {
			t.Fatalf("a decoded answer does not encode: %v", err)
		}
		b, err := answer.Decode(again)
		if err != nil && len(again) <= answer.MaxBytes {
			t.Fatalf("an encoded answer does not decode: %v", err)
		}
		if err == nil && !cmp.Equal(a, b) {
			t.Errorf("round trip changed the answer: %s", cmp.Diff(a, b))
		}
	})
}
