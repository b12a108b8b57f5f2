package chain_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// watchedJobs is how many jobs each of two policies has under watch, to measure how soon a collector has a run.
const watchedJobs = 40

// A policy on real parts: an alert leads to a run of the real job, which is analyzed and told; what descends from the run leads to
// no other. Of alerts and of a slot of the schedule it is measured how soon a collector has the run.
func TestPolicy(t *testing.T) {
	const toStart = 25 * time.Second // for the services to be there before the slot
	slot := time.Now().UTC().Add(toStart).Truncate(time.Minute).Add(time.Minute)
	rest := mocks(t)
	text := "policies:\n- name: slots\n  cooldown: 0s\n  on: {schedule: {cron: '" + slot.Format("4 15") + " * * *'}}\n" + jobsAt(rest, "slot") +
		"- name: alerts\n  cooldown: 0s\n  on: {alert: [{match: [alertname=Measured], by: {name: job_name}}]}\n" + jobsAt(rest, "alert")
	policies := filepath.Join(t.TempDir(), "policies.yaml")
	write(t, policies, text)
	addr := freeAddr(t)
	s := newStack(t, "SQUIRRLY_POLICY="+policies, "SQUIRRLY_HTTP_ADDR="+addr, "SQUIRRLY_SLOTS=64", "SQUIRRLY_PROFILES_AT_A_TIME=0")
	claims := s.claims(t)
	c := startFlink(t, flinktest.Options{Profiling: true})
	job := runSample(t, c)
	claims.delays(t, "a slot of the schedule for all", func(string) time.Time { return slot }, "slot")

	write(t, policies, text+"- name: react\n  targets: {urls: [{name: real, url: '"+c.URL+"'}]}\n  cooldown: 0s\n  duration: 3s\n"+
		"  on: {alert: [{match: ['alertname=~\"Flink.*\"']}]}\n")
	until(t, 40*time.Second, "the changed file holds", func() bool {
		out, err := s.squirrly("policy", "ls")
		return err == nil && strings.Contains(out, "react")
	})
	s.makesNoLoop(t, addr, s.reacts(t, addr, job))

	sent := map[string]time.Time{}
	for i := range watchedJobs {
		name := fmt.Sprintf("alert-%d", i)
		sent[name] = time.Now()
		if got := tell(t, addr, map[string]string{"alertname": "Measured", "job_name": name}, sent[name]); got.Requests != 1 {
			t.Fatalf("%s: %+v", name, got)
		}
	}
	claims.delays(t, "alerts one by one", func(name string) time.Time { return sent[name] }, "alert")
}

// reacts tells an alert, and returns the run that it leads to, whose result everybody can read.
func (s *stack) reacts(t *testing.T, addr, job string) run.Record {
	t.Helper()
	got := tell(t, addr, map[string]string{"alertname": "FlinkBackpressured"}, time.Now())
	if got.Requests != 1 || len(got.Runs) != 1 {
		t.Fatalf("%+v", got)
	}
	r := s.recommendation(t, time.Minute)
	rec, _ := s.record(got.Runs[0])
	if r.Run != rec.Run || rec.State != events.StateAnalyzed || rec.Plan.JobID != job || rec.Plan.Labels["policy"] != "react" ||
		rec.Plan.Reason != "policy react: alert FlinkBackpressured fires" || r.Verdict.Headline == "" {
		s.explain(t)
		t.Errorf("%+v of %+v", r, rec)
	}
	return rec
}

// makesNoLoop tells alerts that descend from a run, or that its profiles may have caused.
func (s *stack) makesNoLoop(t *testing.T, addr string, of run.Record) {
	t.Helper()
	for what, labels := range map[string]map[string]string{
		"our label": {"squirrly_run": of.Run}, "a link to the report": {"report": "https://squirrly/runs/" + of.Run + "/report"},
	} {
		labels["alertname"] = "FlinkSlow"
		if got := tell(t, addr, labels, time.Now()); got.Requests != 0 || got.OwnDoing != 1 {
			t.Errorf("%s: %+v", what, got)
		}
	}
	if got := tell(t, addr, map[string]string{"alertname": "FlinkTaskManagerLost"}, of.Created.Add(time.Second)); got.Requests != 0 || got.Refused != 1 {
		t.Errorf("what began while the run profiled: %+v", got)
	}
}

// answer is what a trigger says to a webhook.
type answer struct {
	Matched, Requests, Refused, OwnDoing int
	Runs                                 []string
}

// tell sends what Alertmanager would of one alert.
func tell(t *testing.T, addr string, labels map[string]string, since time.Time) answer {
	t.Helper()
	body, err := json.Marshal(map[string]any{"version": "4", "status": "firing", "alerts": []any{map[string]any{
		"status": "firing", "startsAt": since.UTC().Format(time.RFC3339Nano), "labels": labels, "fingerprint": fmt.Sprint(labels),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+addr+"/v1/triggers/alertmanager", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var a answer
	if err := json.NewDecoder(res.Body).Decode(&a); err != nil || res.StatusCode != http.StatusAccepted {
		t.Fatalf("HTTP %d: %v", res.StatusCode, err)
	}
	return a
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// jobsAt are the targets of a policy: mocked jobs of a kind.
func jobsAt(rest, kind string) string {
	var text strings.Builder
	text.WriteString("  targets:\n    urls:\n")
	for i := range watchedJobs {
		fmt.Fprintf(&text, "    - {name: %s-%d, url: '%s/%s-%d'}\n", kind, i, rest, kind, i)
	}
	return text.String()
}

// mocks are many Flinks behind one address, each below a path that names its job. They can be planned for; a profile fails.
func mocks(t *testing.T) string {
	t.Helper()
	recorded, err := flinktest.NewReplay(newest)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		job, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		for _, name := range []string{"overview", "jobs", "jobmanager-config"} {
			if e, ok := recorded.Exchange(name); ok && e.Path == "/"+path {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write(bytes.ReplaceAll(e.JSON, []byte("squirrly-sample"), []byte(job)))
				return
			}
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// claims are when a collector was first seen to have a run, by the name of the job.
type claims struct {
	mu sync.Mutex
	at map[string]time.Time
}

func (s *stack) claims(t *testing.T) *claims {
	t.Helper()
	c := &claims{at: map[string]time.Time{}}
	ctx, stop := context.WithCancel(context.Background())
	changes, err := run.New(s.bus).WatchAll(ctx)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for rec := range changes {
			c.mu.Lock()
			if _, known := c.at[rec.Plan.JobName]; !known && rec.Owner != "" && rec.OwnerStep == "collector" {
				c.at[rec.Plan.JobName] = time.Now()
			}
			c.mu.Unlock()
		}
	}()
	t.Cleanup(func() { stop(); <-done })
	return c
}

// delays waits until all jobs of a kind were claimed, and tells how long after the decision that was.
func (c *claims) delays(t *testing.T, what string, decided func(job string) time.Time, kind string) {
	t.Helper()
	var all []time.Duration
	until(t, 2*time.Minute, "a collector has all runs of "+what, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		all = nil
		for i := range watchedJobs {
			name := fmt.Sprintf("%s-%d", kind, i)
			if at, ok := c.at[name]; ok {
				all = append(all, at.Sub(decided(name)))
			}
		}
		return len(all) == watchedJobs
	})
	slices.Sort(all)
	p50, p95 := all[len(all)/2], all[len(all)*95/100]
	t.Logf("decision to claim, %s: p50 %s, p95 %s of %d", what, p50.Round(time.Millisecond), p95.Round(time.Millisecond), len(all))
}
