package events_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
)

func TestParseScope(t *testing.T) {
	for text, want := range map[string]events.Scope{
		"all":                    {},
		" all ":                  {},
		"busiest 3":              {MaxTaskManagers: 3},
		"named a":                {TaskManagers: []string{"a"}},
		"named 10.0.0.7:6122, b": {TaskManagers: []string{"10.0.0.7:6122", "b"}},
	} {
		got, err := events.ParseScope(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
		if again, err := events.ParseScope(got.String()); err != nil || !reflect.DeepEqual(again, want) {
			t.Errorf("%q: %q does not come back: %+v, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"", " ", "none", "all 3", "busiest", "busiest 0", "busiest -1", "busiest x", "busiest 1 2", "named", "named a a"} {
		if got, err := events.ParseScope(text); err == nil {
			t.Errorf("%q is taken as %+v", text, got)
		}
	}
}

// A request may say its scope in either form, and is strict about both.
func TestDecodeRequest_Scope(t *testing.T) {
	const request = `{"target":{"url":"http://f:8081"},"scope":%}`
	for text, want := range map[string]events.Scope{
		`"all"`:                                 {},
		`"busiest 2"`:                           {MaxTaskManagers: 2},
		`{}`:                                    {},
		`null`:                                  {},
		`{"maxTaskManagers":2}`:                 {MaxTaskManagers: 2},
		`{"taskManagers":["a","with a blank"]}`: {TaskManagers: []string{"a", "with a blank"}},
	} {
		r, _, err := events.DecodeRequest(nil, []byte(strings.Replace(request, "%", text, 1)))
		if err != nil || !reflect.DeepEqual(r.Scope, want) {
			t.Errorf("%s: %+v, %v", text, r.Scope, err)
		}
	}
	many, _ := json.Marshal(events.Scope{TaskManagers: strings.Split(strings.Repeat("x,", 80)+"x", ",")})
	for text, want := range map[string]string{
		`"some"`:                     `field scope: expected "all"`,
		`7`:                          `field scope: expected "all"`,
		`{"maxTaskManager":2}`:       "field scope.maxTaskManager: expected nothing",
		`{"maxTaskManagers":"two"}`:  "field scope.maxTaskManagers: expected a int",
		`{"maxTaskManagers":-1}`:     "field scope.maxTaskManagers: expected 0 or more",
		`{"taskManagers":[""]}`:      "field scope.taskManagers[0]: expected an id",
		`{"taskManagers":["a","a"]}`: "field scope.taskManagers[1]: expected each id once",
		string(many):                 "field scope.taskManagers: expected at most 80 ids",
	} {
		_, _, err := events.DecodeRequest(nil, []byte(strings.Replace(request, "%", text, 1)))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// Facts stay open: a newer service may put more into a scope.
func TestScope_FactsIgnoreUnknownFields(t *testing.T) {
	var p events.Plan
	if err := json.Unmarshal([]byte(`{"scope":{"maxTaskManagers":2,"new":true}}`), &p); err != nil || p.Scope.MaxTaskManagers != 2 {
		t.Errorf("%+v, %v", p.Scope, err)
	}
}

func TestRunRejected_Existing(t *testing.T) {
	o := events.RunRejected{Outcome: events.Outcome{Run: "r", Code: events.CodeCoalesced, Message: "m"}, Existing: "other"}
	if err := o.Validate(); err != nil {
		t.Error(err)
	}
	o.Existing = "a.b"
	if err := o.Validate(); err == nil {
		t.Error("a run id with a dot is taken")
	}
}
