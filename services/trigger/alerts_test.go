package trigger_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger"
)

// taken is the answer of a trigger.
type taken struct {
	Offers, Matched, Requests, Refused, OwnDoing int
	Runs                                         []string
	Code, Message                                string
}

// tell posts a body to a trigger as soon as the API listens.
func tell(t *testing.T, addr, name string, header http.Header, body []byte) (int, taken) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+addr+"/v1/triggers/"+name, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = header.Clone()
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			continue
		}
		var answer taken
		err = json.NewDecoder(res.Body).Decode(&answer)
		_ = res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, answer
	}
	t.Fatal("the API does not listen after 20 s")
	return 0, taken{}
}

var asJSON = http.Header{"Content-Type": {"application/json"}}

// storm is a message with alerts for n subtasks of each of some jobs.
func storm(version string, jobs []string, n int, change func(map[string]any)) []byte {
	var alerts []map[string]any
	for _, job := range jobs {
		for i := range n {
			a := map[string]any{
				"status": "firing", "startsAt": time.Now().UTC().Format(time.RFC3339Nano), "endsAt": "0001-01-01T00:00:00Z",
				"labels":      map[string]string{"alertname": "FlinkBackpressured", "job_name": job, "subtask": fmt.Sprint(i), "severity": "critical"},
				"annotations": map[string]string{"summary": "busy"}, "generatorURL": "http://prometheus/graph", "fingerprint": fmt.Sprintf("%s%d", job, i),
			}
			if change != nil {
				change(a)
			}
			alerts = append(alerts, a)
		}
	}
	b, err := json.Marshal(map[string]any{
		"version": version, "groupKey": "{}:{}", "status": "firing", "receiver": "squirrly", "alerts": alerts, "truncatedAlerts": 0,
		"fieldOfLater": map[string]any{"x": 1},
	})
	if err != nil {
		panic(err)
	}
	return b
}

// watchingAlerts starts two replicas with two jobs under watch.
func watchingAlerts(t *testing.T, cooldown string) (*bus.Bus, []string) {
	t.Helper()
	b := bustest.Start(t)
	path := policyFile(t, `
policies:
- name: alerts
  targets:
    urls:
    - {name: orders, url: "`+flink(t, "2.3.0")+`"}
    - {name: carts, url: "`+flink(t, "1.20.5")+`"}
  on:
    alert:
    - match: ['alertname=~"Flink.*"', severity=critical]
      by: {name: job_name}
    event:
    - match: [type=com.example.deployed, 'data.stage!="test"']
      by: {name: subject}
  cooldown: `+cooldown+`
`)
	addrs := []string{freeAddr(t), freeAddr(t)}
	for _, addr := range addrs {
		start(t, b, access.Config{Local: true}, trigger.Config{HTTPAddr: addr, Policy: path})
	}
	return b, addrs
}

// A storm of 1,000 alerts, told by two Alertmanagers to two replicas and told again, makes one request for each target
// and cooldown.
func TestAlerts_Storm(t *testing.T) {
	b, addrs := watchingAlerts(t, "1h")
	requests := 0
	for round := range 3 {
		for i, addr := range addrs {
			began := time.Now()
			status, got := tell(t, addr, "alertmanager", asJSON, storm("4", []string{"orders", "carts", "unknown"}, 334, nil))
			if status != http.StatusAccepted || got.Offers != 1002 || got.Matched != 2 || got.Refused+got.Requests != 2 {
				t.Fatalf("HTTP %d %+v", status, got)
			}
			requests += got.Requests
			t.Logf("round %d, replica %d: 1,002 alerts in %s, %d requests", round, i, time.Since(began), got.Requests)
		}
	}
	runs := all(t, b, 2, 20*time.Second)
	if requests != 2 || len(runs) != 2 {
		t.Errorf("%d requests, %d runs, want 2", requests, len(runs))
	}
	for _, r := range runs {
		if !strings.Contains(r.Plan.Reason, "alert FlinkBackpressured fires") {
			t.Error(r.Plan.Reason)
		}
	}
}

// A rule that matches everything makes one request for each target and cooldown all the same, and nothing of what descends
// from a run; a policy with one target and no names takes every alert there is for it.
func TestAlerts_MatchEverything(t *testing.T) {
	b := bustest.Start(t)
	path := policyFile(t, `
policies:
- name: everything
  targets: {urls: [{name: orders, url: "`+flink(t, "2.3.0")+`"}]}
  on: {alert: [{match: ['alertname=~".*"']}]}
  cooldown: 1h
`)
	addr := freeAddr(t)
	start(t, b, access.Config{Local: true}, trigger.Config{HTTPAddr: addr, Policy: path})
	if _, got := tell(t, addr, "alertmanager", asJSON, storm("4", []string{"orders"}, 50, func(a map[string]any) {
		a["labels"].(map[string]string)["squirrly_run"] = "x"
	})); got.Requests != 0 || got.OwnDoing != 50 {
		t.Errorf("our own: %+v", got)
	}
	requests := 0
	for round := range 3 {
		status, got := tell(t, addr, "alertmanager", asJSON, storm("4", []string{"orders", "KafkaLag", "Watchdog"}, 334, func(a map[string]any) {
			a["labels"].(map[string]string)["alertname"] = fmt.Sprint("Alert", round)
		}))
		if status != http.StatusAccepted || got.Offers != 1002 || got.Matched != 1 {
			t.Errorf("round %d: HTTP %d %+v", round, status, got)
		}
		requests += got.Requests
		all(t, b, 1, 20*time.Second) // until it has its record, the same request goes out again, and is the same run
	}
	if runs := all(t, b, 1, 20*time.Second); requests != 1 || len(runs) != 1 {
		t.Errorf("%d requests, %d runs, want 1", requests, len(runs))
	}
}

// What Alertmanager 0.34.2 sent (testdata/alertmanager.json; its own address is changed) is understood, and when it sends the same again, nothing
// more comes of it, with no cooldown at all.
func TestAlerts_RealMessage(t *testing.T) {
	b, addrs := watchingAlerts(t, "0s")
	body, err := os.ReadFile("testdata/alertmanager.json")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		status, got := tell(t, addrs[i%2], "alertmanager", asJSON, body)
		if want := map[bool]int{true: 1}[i == 0]; status != http.StatusAccepted || got.Requests != want || got.Matched != 1 {
			t.Errorf("%d: HTTP %d %+v", i, status, got)
		}
		all(t, b, 1, 20*time.Second)
	}
	if runs := all(t, b, 1, time.Second); len(runs) != 1 {
		t.Errorf("%d runs", len(runs))
	}
}

// Nothing that descends from a run makes one, and neither does what matches nothing or is over.
func TestAlerts_Nothing(t *testing.T) {
	b, addrs := watchingAlerts(t, "0s")
	const id = "1e9b84ce-433c-529f-af1d-788d2d2f9cde"
	if _, err := run.New(b).Create(t.Context(), run.Record{Run: id, State: events.StateAnalyzed}); err != nil {
		t.Fatal(err)
	}
	label := func(part, name, value string) func(map[string]any) {
		return func(a map[string]any) { a[part].(map[string]string)[name] = value }
	}
	for name, c := range map[string]struct {
		change func(map[string]any)
		own    int
	}{
		"our label":         {label("labels", "squirrly_run", "x"), 2},
		"our annotation":    {label("annotations", "squirrly_run", "x"), 2},
		"our report":        {label("annotations", "report", "https://squirrly/runs/"+id+"/report"), 2},
		"resolved":          {func(a map[string]any) { a["status"] = "resolved" }, 0},
		"another alert":     {label("labels", "alertname", "KafkaLag"), 0},
		"another severity":  {label("labels", "severity", "warning"), 0},
		"no name of a job":  {label("labels", "job_name", ""), 0},
		"an unknown target": {label("labels", "job_name", "payments"), 0},
	} {
		status, got := tell(t, addrs[0], "alertmanager", asJSON, storm("4", []string{"orders"}, 2, c.change))
		if status != http.StatusAccepted || got.Requests != 0 || got.OwnDoing != c.own {
			t.Errorf("%s: HTTP %d %+v", name, status, got)
		}
	}
	// A run that is not ours to know is none that an alert could descend from.
	other := label("annotations", "trace", "2f9b84ce-433c-529f-af1d-788d2d2f9cde")
	if _, got := tell(t, addrs[0], "alertmanager", asJSON, storm("4", []string{"orders"}, 1, other)); got.Requests != 1 {
		t.Errorf("an id of somebody else's: %+v", got)
	}
}

// What begins while a run profiles its target, or shortly after, may be the profile's own doing.
func TestAlerts_WhileProfiled(t *testing.T) {
	b, addrs := watchingAlerts(t, "0s")
	_, got := tell(t, addrs[0], "alertmanager", asJSON, storm("4", []string{"orders"}, 1, nil))
	if got.Requests != 1 {
		t.Fatalf("%+v", got)
	}
	await(t, b, got.Runs[0], is(events.StatePlanned))
	later := func(d time.Duration) func(map[string]any) {
		return func(a map[string]any) {
			a["startsAt"], a["fingerprint"] = time.Now().Add(d).UTC().Format(time.RFC3339Nano), "busy"
		}
	}
	if _, got = tell(t, addrs[1], "alertmanager", asJSON, storm("4", []string{"orders"}, 1, later(0))); got.Requests != 0 || got.Refused != 1 {
		t.Errorf("while it profiles: %+v", got)
	}
	if _, err := run.New(b).Update(t.Context(), got0(t, b), func(r *run.Record) error { r.State = events.StateAnalyzed; return nil }); err != nil {
		t.Fatal(err)
	}
	if _, got = tell(t, addrs[1], "alertmanager", asJSON, storm("4", []string{"orders"}, 1, later(4*time.Minute))); got.Requests != 0 || got.Refused != 1 {
		t.Errorf("shortly after: %+v", got)
	}
	if _, got = tell(t, addrs[1], "alertmanager", asJSON, storm("4", []string{"orders"}, 1, later(6*time.Minute))); got.Requests != 1 {
		t.Errorf("later: %+v", got)
	}
	// Alertmanager repeats what fires: an alert of the first run is no reason after the second one either.
	if _, got = tell(t, addrs[0], "alertmanager", asJSON, storm("4", []string{"orders"}, 1, later(0))); got.Requests != 0 || got.Refused != 1 {
		t.Errorf("after another run: %+v", got)
	}
}

func got0(t *testing.T, b *bus.Bus) string { t.Helper(); return all(t, b, 1, time.Second)[0].Run }

func TestAlerts_BadBodies(t *testing.T) {
	_, addrs := watchingAlerts(t, "0s")
	for name, c := range map[string]struct {
		body   []byte
		status int
	}{
		"empty":       {nil, 400},
		"no JSON":     {[]byte("alerts!"), 400},
		"a list":      {[]byte("[]"), 400},
		"no alerts":   {[]byte(`{"version":"4","alerts":[]}`), 400},
		"version 3":   {storm("3", []string{"orders"}, 1, nil), 400},
		"odd status":  {storm("4", []string{"orders"}, 1, func(a map[string]any) { a["status"] = "maybe" }), 400},
		"no labels":   {storm("4", []string{"orders"}, 1, func(a map[string]any) { delete(a, "labels") }), 400},
		"no time":     {storm("4", []string{"orders"}, 1, func(a map[string]any) { delete(a, "startsAt") }), 400},
		"an odd time": {storm("4", []string{"orders"}, 1, func(a map[string]any) { a["startsAt"] = "soon" }), 400},
		"10 MB":       {append(storm("4", []string{"orders"}, 1, nil), bytes.Repeat([]byte(" "), 10<<20)...), 413},
		"nested":      {[]byte(strings.Repeat("[", 100_000)), 400},
	} {
		if status, got := tell(t, addrs[0], "alertmanager", asJSON, c.body); status != c.status || got.Code != "invalid_request" {
			t.Errorf("%s: HTTP %d %+v", name, status, got)
		}
	}
	if status, got := tell(t, addrs[0], "nagios", asJSON, nil); status != 404 {
		t.Errorf("HTTP %d %+v", status, got)
	}
}
