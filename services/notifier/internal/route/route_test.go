package route_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"squirrly.dev/services/notifier/internal/route"
)

const example = `
channels:
- {name: fraud, type: webhook, url: "https://hooks.example/x", secret_file: /etc/secret}
route:
  channels: [log]
  routes:
  - matchers: ['severity="critical"', 'team=~"fraud|risk"']
    channels: [fraud]
    continue: true
  - matchers: ['change="failed"']
    channels: []
  - matchers: ['team="night"']
    mute_time_intervals: [night]
    tell: everything
time_intervals:
- name: night
  time_intervals:
  - times: [{start_time: "20:00", end_time: "24:00"}]
    weekdays: ["monday:friday"]
  - times: [{start_time: "00:00", end_time: "06:00"}]
silences:
- matchers: [job="legacy"]
  ends_at: 2026-12-01T00:00:00Z
  comment: it goes
`

var known = []string{"log", "webhook"}

func TestMatch(t *testing.T) {
	cfg, err := route.Read([]byte(example), known)
	if err != nil {
		t.Fatal(err)
	}
	for set, want := range map[[4]string]string{
		{"severity", "critical", "team", "risk"}: "route.routes[0] [fraud]",
		{"severity", "warning", "team", "risk"}:  "route [log]",
		{"change", "failed", "team", "risk"}:     "route.routes[1] []",
		{"change", "opened", "team", "night"}:    "route.routes[2] [log] everything",
	} {
		var got []string
		for _, r := range cfg.Match(map[string]string{set[0]: set[1], set[2]: set[3]}) {
			text := r.Path + " " + fmt.Sprint(r.Channels)
			if r.Tell == route.TellAll {
				text += " everything"
			}
			got = append(got, text)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%v: %s, want %s", set, strings.Join(got, ", "), want)
		}
	}
	night := cfg.Root.Routes[2]
	at := time.Date(2026, 11, 24, 21, 30, 0, 0, time.UTC) // a Tuesday
	if got := cfg.Mute(night, at); got != 8*time.Hour+30*time.Minute {
		t.Errorf("mute for %s", got)
	}
	if got := cfg.Mute(night, at.Add(-2*time.Hour)); got != 0 || cfg.Mute(cfg.Root, at) != 0 {
		t.Errorf("mute for %s by day", got)
	}
	legacy := map[string]string{"job": "legacy"}
	if cfg.Silenced(legacy, at) == nil || cfg.Silenced(legacy, at.AddDate(0, 1, 0)) != nil || cfg.Silenced(map[string]string{"job": "x"}, at) != nil {
		t.Error("the silence is of legacy alone, until December")
	}
}

// Groups are inherited as a whole, and each word may be said anew. Without any of them nothing waits.
func TestGroup(t *testing.T) {
	cfg, err := route.Read([]byte(`
route:
  channels: [log]
  routes:
  - matchers: [team=a]
    group_by: [job, team]
    group_wait: 30s
    group_interval: 5m
    repeat_interval: 7d
    tell_dismissals: true
    routes:
    - {matchers: [job=x], group_by: [], repeat_interval: 0s}
    - {matchers: [job=y], group_by: [...]}
  - {matchers: [team=b], repeat_interval: 1d}
`), known)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ team, job, want string }{
		{"c", "x", "off"},
		{"b", "x", "map[] 0s 0s 24h0m0s"},
		{"a", "z", "map[job:z team:a] 30s 5m0s 168h0m0s dismissals"},
		{"a", "x", "map[] 30s 5m0s 0s dismissals"},
		{"a", "y", "map[change:opened job:y team:a] 30s 5m0s 168h0m0s dismissals"},
	} {
		set := map[string]string{"team": c.team, "job": c.job, "change": "opened"}
		r := cfg.Match(set)[0]
		got := "off"
		if g := r.Group; g.On() {
			got = fmt.Sprint(g.Labels(set), g.Wait, g.Interval, g.Repeat)
		}
		if r.Dismissals {
			got += " dismissals"
		}
		if got != c.want {
			t.Errorf("team %s, job %s: %s, want %s", c.team, c.job, got, c.want)
		}
		if cfg.Find(r.Path) != r {
			t.Errorf("another route stands at %s", r.Path)
		}
	}
	if cfg.Find("route.routes[7]") != nil {
		t.Error("a route that is not there is found")
	}
}

// Every mistake has its line, and a hint where there is one.
func TestRead_Mistakes(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no route":        {"channels: []", "line 1: the field route is missing"},
		"no channels":     {"route: {}", "line 1: route: the field channels is missing"},
		"one channel":     {"route: {channel: log}", "line 1: route.channel: there is no such field: did you mean channels?"},
		"unknown channel": {"route:\n  channels: [slak]", `line 2: route.channels[0]: no channel is called "slak", choose among log, webhook`},
		"unknown type":    {"route: {channels: []}\nchannels:\n- {name: x, type: pager}", "line 3: channels[0].type: expected one of log, webhook, "},
		"a field of another type": {
			"route: {channels: []}\nchannels:\n- {name: x, type: nats, url: y}", "line 3: channels[0].url: there is no such field",
		},
		"twice":        {"route: {channels: []}\nchannels:\n- {name: log, type: log}", `line 3: channels[0].name: another channel is called "log"`},
		"bad matcher":  {"route:\n  channels: []\n  routes:\n  - matchers: [severity]", `line 4: route.routes[0].matchers[0]: expected a matcher such as severity="critical"`},
		"bad regexp":   {"route:\n  channels: []\n  routes:\n  - matchers: ['a=~\"(\"']", "line 4: route.routes[0].matchers[0]: expected a matcher"},
		"no interval":  {"route:\n  channels: []\n  routes:\n  - mute_time_intervals: [x]", `line 4: route.routes[0].mute_time_intervals[0]: no time interval is called "x"`},
		"bad interval": {"route: {channels: []}\ntime_intervals:\n- name: x\n  time_intervals:\n  - weekdays: [someday]", "line 5: time_intervals[0].time_intervals[0].weekdays: not as Alertmanager writes it"},
		"no matchers":  {"route: {channels: []}\nsilences:\n- matchers: []\n  ends_at: 2026-12-01T00:00:00Z", "line 3: silences[0]: a silence without matchers"},
		"bad time":     {"route: {channels: []}\nsilences:\n- matchers: [a=b]\n  ends_at: tomorrow", "line 4: silences[0].ends_at: expected a time such as"},
		"bad tell":     {"route: {channels: [], tell: more}", "line 1: route.tell: expected changes or everything"},
		"bad continue": {"route:\n  channels: []\n  routes:\n  - continue: maybe", "line 4: route.routes[0].continue: expected true or false"},
		"bad wait":     {"route: {channels: [], group_wait: soon}", "line 1: route.group_wait: expected a duration such as 30s, 5m, 12h or 7d, at most 1d"},
		"long repeat":  {"route: {channels: [], repeat_interval: 1y}", "line 1: route.repeat_interval: expected a duration such as 30s, 5m, 12h or 7d, at most 30d"},
		"no label":     {"route: {channels: [], group_by: ['']}", "line 1: route.group_by[0]: expected the name of a label, or ..."},
		"bad decision": {"route: {channels: [], tell_dismissals: some}", "line 1: route.tell_dismissals: expected true or false"},
		"too deep":     {"route: {channels: [], routes: " + strings.Repeat("[{routes: ", 12) + "[]" + strings.Repeat("}]", 12) + "}", "expected at most 10 routes below each other"},
	} {
		_, err := route.Read([]byte(c.text), known)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// Whatever a file holds, reading it ends with routes or with lines of mistakes, and routes route.
func FuzzRead(f *testing.F) {
	f.Add(example)
	f.Add("route: {channels: [log], routes: [{matchers: [a=b], continue: true}]}")
	f.Add("route: {channels: []}\ntime_intervals: [{name: x, time_intervals: [{years: ['2026'], days_of_month: ['-1'], months: [may], location: UTC}]}]")
	f.Fuzz(func(t *testing.T, text string) {
		cfg, err := route.Read([]byte(text), known)
		if err != nil {
			if err.Error() == "" {
				t.Error("a mistake without a word")
			}
			return
		}
		for _, r := range cfg.Match(map[string]string{"severity": "critical", "job": "x"}) {
			cfg.Mute(r, time.Date(2026, 11, 24, 21, 30, 0, 0, time.UTC))
		}
		cfg.Silenced(map[string]string{"job": "x"}, time.Now())
	})
}
