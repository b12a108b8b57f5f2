package policy_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/strictyaml"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/policy"
)

const usual = 30 * time.Second

const whole = `
policies:
  - name: nightly
    zone: Europe/Berlin
    targets:
      urls:
        - {name: orders, url: "http://flink-orders:8081/", job: Orders}
        - {name: carts, url: "https://proxy/flink/carts"}
      deployments:
        - {namespace: shop, labels: {team: checkout}}
        - {cluster: prod, namespace: pay, job: Payments}
    on:
      schedule: {cron: "0 2 * * mon-fri", jitter: 30m}
      rollout: true
      alert:
        - match: ['alertname=~"Flink.*"', severity="critical"]
          by: {name: job_name}
      event:
        - match: [type=com.example.deployed, source!~".*/test"]
          by: {namespace: namespace, deployment: subject}
    delay: 10m
    cooldown: 6h
    budget: 5m
    modes: [cpu, ALLOC]
    duration: 60s
    scope: busiest 3
    baseline: release
    labels: {team: checkout}
    quiet:
      - {days: [sat, sun], from: "00:00", to: "24:00"}
      - {from: "08:00", to: "20:00"}
`

func TestRead(t *testing.T) {
	all, err := policy.Read([]byte(whole), usual)
	if err != nil {
		t.Fatal(err)
	}
	p := all[0]
	want := []policy.Target{
		{Name: "orders", Target: events.Target{URL: "http://flink-orders:8081", Job: "Orders"}},
		{Name: "carts", Target: events.Target{URL: "https://proxy/flink/carts"}},
	}
	if diff := cmp.Diff(want, p.URLs); diff != "" {
		t.Error(diff)
	}
	if p.Delay != 10*time.Minute || p.Cooldown != 6*time.Hour || p.Budget != 5*time.Minute || p.Profiled(usual) != 2*time.Minute ||
		p.Scope.MaxTaskManagers != 3 || p.Baseline != "release" || !p.On.Rollout || len(p.Deployments) != 2 || len(p.Quiet) != 2 {
		t.Errorf("%+v", p)
	}
	if got := p.On.Schedule.Next(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)); !got.Equal(time.Date(2026, 1, 5, 1, 0, 0, 0, time.UTC)) {
		t.Errorf("the next slot is %s", got)
	}
}

// small is the least that a policy needs.
const small = "policies:\n- name: a\n  targets: {urls: [{name: u, url: 'http://f:8081'}]}\n  on: {schedule: {cron: '0 2 * * *'}}\n"

func TestRead_Defaults(t *testing.T) {
	all, err := policy.Read([]byte(small), usual)
	if err != nil {
		t.Fatal(err)
	}
	if p := all[0]; p.Delay != 5*time.Minute || p.Cooldown != 10*time.Minute || p.Budget != 0 || p.Zone != time.UTC || p.Profiled(usual) != time.Minute {
		t.Errorf("%+v", p)
	}
}

// Every mistake has its line, its field and what was expected; what is fine is not spoken of.
func TestRead_Mistakes(t *testing.T) {
	head := "policies:\n- name: a\n  targets: {urls: [{name: u, url: 'http://f:8081'}]}\n  on: {schedule: {cron: '0 2 * * *'}}\n"
	for _, c := range []struct{ file, want string }{
		{"", "line 1: the document is empty"},
		{"# nothing\n", "line 1: the document is empty"},
		{"policies", "line 1: expected fields (policies)"},
		{"policies: {}\n", "line 1: policies: expected a list, got fields"},
		{"policies:\n", "line 1: policies: expected a list, got nothing"},
		{"policies: []\npolicies: []\n", "there twice"},
		{"kind: ConfigMap\n", "line 1: kind: there is no such field; expected policies"},
		{"policies: []\n---\npolicies: []\n", "a second one"},
		{"a: &x [1]\nb: *x\n", "anchors and aliases"},
		{"policies: [\n", "did not find expected"},
		{"policies:\n\t- name: a\n", "cannot start any token"},
		{"\x00\x01\x02", "control characters"},
		{head + "  on: {rollout: true}\n", "line 5: policies[0].on: it is there twice"},
		{head + "  cooldwon: 5m\n", "line 5: policies[0].cooldwon: there is no such field"},
		{head + "  cooldown: 5\n", `line 5: policies[0].cooldown: expected a duration from 0s to 168h, such as 90s or 1h30m, got "5"`},
		{head + "  cooldown: -5m\n", `got "-5m"`},
		{head + "  cooldown: [5m]\n", "got a list"},
		{head + "  cooldown:\n", "got nothing"},
		{head + "  cooldown: 25h\n", "the slots of the schedule are only 24h0m0s apart"},
		{head + "  duration: 2h\n", "line 5: policies[0].duration"},
		{head + "  budget: 30s\n", "one run profiles for 1m0s, which is more than the budget of 30s a day"},
		{head + "  modes: [CPU, TURBO]\n", `line 5: policies[0].modes[1]: expected CPU, ITIMER, WALL, ALLOC or LOCK, got "TURBO"`},
		{head + "  modes: [CPU, cpu]\n", "there already"},
		{head + "  scope: {maxTaskManagers: 0}\n", `policies[0].scope.maxTaskManagers: expected a number from 1 to 10000, got "0"`},
		{head + "  scope: {maxTaskManagers: many}\n", `got "many"`},
		{head + "  scope: busiest none\n", `policies[0].scope: expected all, busiest N, named ID…, or fields, got "busiest none"`},
		{head + "  baseline: yesterday\n", `expected last, release or none, got "yesterday"`},
		{head + "  labels: {release: v1}\n", "the label release is set by Squirrly"},
		{head + "  labels: [a]\n", "expected names with texts, got a list"},
		{head + "  zone: Mars/Olympus\n", `expected the name of a time zone such as Europe/Berlin, got "Mars/Olympus"`},
		{head + "  zone: Local\n", "expected the name of a time zone"},
		{head + "  quiet: [{from: 8pm, to: '06:00'}]\n", `policies[0].quiet[0].from: expected a time of the day such as "22:00", got "8pm"`},
		{head + "  quiet: [{from: '06:00'}]\n", "the field to is missing"},
		{head + "  quiet: [{days: [lundi], from: '06:00', to: '07:00'}]\n", `got "lundi"`},
		{head + "  quiet: [{from: '00:00', to: '24:00'}]\n", "the quiet hours leave no time to profile"},
		{head + "  quiet: [{from: '01:00', to: '03:00'}]\n", "every slot of the schedule is in the quiet hours"},
		{head + "- name: a\n  targets: {urls: [{name: u, url: 'http://f:8081'}]}\n  on: {rollout: true}\n", "line 5: policies[1]: a policy of the name a is there already"},
		{"policies:\n- {}\n", "the field name is missing"},
		{"policies:\n- name: a\n  targets: {}\n  on: {}\n", "line 4: policies[0].on: expected at least one of schedule, rollout, alert and event"},
		{"policies:\n- name: a\n  targets: {}\n  on: {}\n", "line 3: policies[0].targets: expected 1 to 10000 urls and deployments, got 0"},
		{"policies:\n- name: 'a b'\n", "expected at most 100 letters, digits, dots and dashes"},
		{in("urls: [{name: u, url: 'ftp://f'}]"), "policies[0].targets.urls[0].url: expected the REST URL of a JobManager"},
		{in("urls: [{name: u, url: 'f:8081'}]"), "expected the REST URL"},
		{in("urls: [{name: u, url: 'http://f'}, {name: u, url: 'http://g'}]"), "the target u is there already"},
		{in("urls: [{name: u, url: 'http://f'}, {name: v, url: 'http://f/'}]"), "the target v is there already"},
		{in("deployments: [{labels: {a: b}}]"), "the field namespace is missing"},
		{in("deployments: [{namespace: n, labels: {'a,b': c}}]"), "expected labels as Kubernetes has them"},
		{on("schedule: {cron: '0 0 2 * * *'}"), "line 4: policies[0].on.schedule.cron: not a cron line of five fields"},
		{on("schedule: {cron: '0 0 31 2 *'}"), "there is no such date"},
		{on("schedule: {cron: '@every 1h'}"), "@every has no fixed times"},
		{on("schedule: '0 2 * * *'"), "expected fields (cron, jitter)"},
		{on("schedule: {jitter: 5m}"), "the field cron is missing"},
		{on("rollout: maybe"), "expected true; leave the field out otherwise"},
		{on("alert: [{}]"), "the field match is missing"},
		{on("alert: [{match: []}]"), "expected at least one matcher"},
		{on("alert: [{match: ['severity']}]"), "expected a matcher such as"},
		{on(`alert: [{match: ['a=~"("']}]`), "the pattern of a is no regular expression"},
		{on(`alert: [{match: ['a="b']}]`), "the quotes of"},
		{on("event: [{match: [type=x], by: {pod: y}}]"), "a target has no pod; expected cluster, deployment, job, name, namespace, url"},
		{on("threshold: {}"), "policies[0].on.threshold: there is no such field; expected alert, event, rollout, schedule"},
		{"policies:\n- name: a\n  targets: {deployments: [{namespace: n}]}\n  on: {alert: [{match: [a=b]}]}\n", "the field by has to say which label names one"},
	} {
		_, err := policy.Read([]byte(c.file), usual)
		var problems strictyaml.Problems
		if !errors.As(err, &problems) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\n got: %v\nwant: %s", c.file, err, c.want)
		}
	}
}

func in(targets string) string {
	return "policies:\n- name: a\n  targets: {" + targets + "}\n  on: {rollout: true}\n"
}

func on(reason string) string {
	return "policies:\n- name: a\n  targets: {urls: [{name: u, url: 'http://f:8081'}]}\n  on: {" + reason + "}\n"
}

// All mistakes are told at once, in the order of their lines, and a password in a URL is not among them.
func TestRead_AllAtOnce(t *testing.T) {
	_, err := policy.Read([]byte(`policies:
- name: a
  targets:
    urls: [{name: u, url: "http://admin:hunter2@f:8081"}]
  on: {schedule: {cron: "99 2 * * *"}}
  cooldown: soon
  budgte: 1m
`), usual)
	var problems strictyaml.Problems
	if !errors.As(err, &problems) || len(problems) != 4 || strings.Contains(err.Error(), "hunter2") {
		t.Fatal(err)
	}
	for i, line := range []int{4, 5, 6, 7} {
		if problems[i].Line != line {
			t.Errorf("%s, want line %d", problems[i], line)
		}
	}
}

func TestRead_Large(t *testing.T) {
	var b strings.Builder
	b.WriteString("policies:\n- name: a\n  on: {rollout: true}\n  targets:\n    urls:\n")
	for i := range 2000 {
		fmt.Fprintf(&b, "    - {name: j%d, url: 'http://flink-%d:8081'}\n", i, i)
	}
	all, err := policy.Read([]byte(b.String()), usual)
	if err != nil || len(all[0].URLs) != 2000 {
		t.Fatal(err)
	}
	wrong := strings.ReplaceAll(b.String(), "http:", "gopher:")
	if _, err := policy.Read([]byte(wrong), usual); err == nil || strings.Count(err.Error(), "\n") > 50 || !strings.Contains(err.Error(), "more") {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(small))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := policy.Read(b, usual)
		for _, p := range all {
			if err == nil && (p.Name == "" || len(p.URLs)+len(p.Deployments) == 0) {
				t.Errorf("%q is taken: %+v", b, p)
			}
		}
	})
}
