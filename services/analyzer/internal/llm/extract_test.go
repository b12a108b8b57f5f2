package llm

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestExtract(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":1}`:                                  `{"a":1}`,
		"```json\n{\"a\":{\"b\":\"}\"}}\n```":      `{"a":{"b":"}"}}`,
		`<think>{"x":1}</think> so: {"a":1} {"b"}`: `{"a":1}`,
		`a {set} of {"a":1}`:                       `{"a":1}`,
		`no object`:                                "",
		`{"open": `:                                "",
		"":                                         "",
		strings.Repeat("{", 5000) + "}":            "",
	} {
		if got := string(extract(text)); got != want {
			t.Errorf("extract(%.40q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzExtract(f *testing.F) {
	f.Add("a {b} {\"c\": [1, {}]} d")
	f.Add("<think>{</think>{\"a\":\"\\\"}\"}")
	f.Fuzz(func(t *testing.T, text string) {
		object := extract(text)
		if object == nil {
			return
		}
		var m map[string]any
		if err := json.Unmarshal(object, &m); err != nil {
			t.Errorf("extract(%q) = %q: %v", text, object, err)
		}
	})
}

func TestHeaderWait(t *testing.T) {
	for _, c := range []struct {
		name, value string
		want        time.Duration
		ok          bool
	}{
		{"Retry-After", "2", 2 * time.Second, true},
		{"Retry-After", "0.5", 500 * time.Millisecond, true},
		{"Retry-After-Ms", "1500", 1500 * time.Millisecond, true},
		{"Retry-After", "Mon, 02 Jan 2006 15:04:05 GMT", 0, true},
		{"Retry-After", "-1", 0, false},
		{"Retry-After", "1e30", 0, false},
		{"Retry-After", "soon", 0, false},
		{"X-Other", "2", 0, false},
	} {
		got, ok := headerWait(http.Header{http.CanonicalHeaderKey(c.name): {c.value}})
		if got != c.want || ok != c.ok {
			t.Errorf("%s: %s: %v %t, want %v %t", c.name, c.value, got, ok, c.want, c.ok)
		}
	}
}
