//go:build realflink

package flink_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/flink/flinktest"
)

var record = flag.Bool("record", false, "write what Flink answers into testdata")

// recordedProfile is long enough for every rule to see its frames and short enough for a small page.
const recordedProfile = 8

// versions are the recorded Flinks; FLINK_VERSION narrows them to one.
func versions() []string {
	if v := os.Getenv("FLINK_VERSION"); v != "" {
		return []string{v}
	}
	return []string{"1.20.5", "2.3.0"}
}

// TestRecord asks a real Flink everything that the client asks, and everything that can go wrong. With -record it keeps
// the answers; always it fails when Flink answers with another status than expected, and logs what it measured.
func TestRecord(t *testing.T) {
	for _, version := range versions() {
		t.Run(version, func(t *testing.T) {
			t.Run("job", func(t *testing.T) { recordSampleJob(t, version) })
			t.Run("happenings", func(t *testing.T) { recordHappenings(t, version) })
			t.Run("settings", func(t *testing.T) { recordSettings(t, version) })
			t.Run("disabled", func(t *testing.T) {
				recordDisabled(t, "disabled", flinktest.Options{Version: version, TaskManagers: -1})
			})
			t.Run("disabled-no-ui", func(t *testing.T) {
				recordDisabled(t, "disabled-no-ui", flinktest.Options{Version: version, TaskManagers: -1, NoWebUI: true})
			})
			t.Run("jobmanager", func(t *testing.T) {
				r := startRecorder(t, flinktest.Options{Version: version, TaskManagers: -1, Profiling: true})
				r.get(t, "jobmanager-environment", "/jobmanager/environment", 200)
			})
		})
	}
}

func recordSampleJob(t *testing.T, version string) {
	r := startRecorder(t, flinktest.Options{Version: version, Profiling: true})
	t.Logf("start: %s until the TaskManager was registered", r.cluster.StartTime)
	r.runSampleJob(t)
	r.warmUp(t)
	recordContext(t, r)
	recordErrors(t, r)
	recordCounters(t, r, "0")
	for i, mode := range []flink.Mode{flink.ModeITIMER, flink.ModeWALL} {
		recordProfile(t, r, mode)
		recordCounters(t, r, strconv.Itoa(i+1))
	}
	for _, mode := range []flink.Mode{flink.ModeCPU, flink.ModeALLOC, flink.ModeLOCK} {
		tryMode(t, r, mode)
	}
	measureRefresh(t, r)
	recordLost(t, r)
}

// recordContext keeps what surrounds a profile.
func recordContext(t *testing.T, r *recorder) {
	tm := "/taskmanagers/" + flinktest.TaskManagerID(0)
	r.get(t, "overview", "/overview", 200)
	r.get(t, "jobmanager-config", "/jobmanager/config", 200)
	r.get(t, "jobs", "/jobs/overview", 200)
	r.get(t, "checkpoints", "/jobs/"+r.jobID+"/checkpoints", 200)
	r.get(t, "exceptions", "/jobs/"+r.jobID+"/exceptions?maxExceptions=5", 200)
	r.get(t, "taskmanagers", "/taskmanagers", 200)
	r.get(t, "taskmanager", tm, 200)
	dump := r.get(t, "thread-dump", tm+"/thread-dump", 200)
	t.Logf("thread dump: %d bytes", len(dump))
}

// recordCounters keeps the answers that a profile is measured against, at one edge of its window: the replay gives the
// next ones after each finished profile.
func recordCounters(t *testing.T, r *recorder, edge string) {
	r.waitForFreshCounters(t)
	r.get(t, "job."+edge, "/jobs/"+r.jobID, 200)
	for i, v := range r.vertices(t) {
		r.get(t, fmt.Sprintf("vertex-%d.%s", i, edge), "/jobs/"+r.jobID+"/vertices/"+v, 200)
	}
	tm := "/taskmanagers/" + flinktest.TaskManagerID(0)
	var names []struct{ ID string }
	decode(t, r.ask(t, "GET", tm+"/metrics", "").JSON, &names)
	var get []string
	for _, n := range names {
		if strings.HasPrefix(n.ID, "Status.JVM.") {
			get = append(get, n.ID)
		}
	}
	r.get(t, "taskmanager-metrics."+edge, tm+"/metrics?get="+url.QueryEscape(strings.Join(get, ",")), 200)
}

// recordErrors provokes every refusal that a running cluster with a profiler has.
func recordErrors(t *testing.T, r *recorder) {
	profiler := "/taskmanagers/" + flinktest.TaskManagerID(0) + "/profiler"
	unknown := "/taskmanagers/nobody:6122/profiler"
	r.get(t, "profiles-empty", profiler, 200)
	r.post(t, "error-duration-0", profiler, `{"mode":"ITIMER","duration":0}`, 500)
	r.post(t, "error-duration-100000", profiler, `{"mode":"ITIMER","duration":100000}`, 500)
	r.post(t, "error-mode-unknown", profiler, `{"mode":"NOISE","duration":1}`, 400)
	r.post(t, "error-mode-lower-case", profiler, `{"mode":"itimer","duration":1}`, 400)
	r.post(t, "error-body-empty", profiler, `{}`, 400)
	r.post(t, "error-mode-missing", profiler, `{"duration":1}`, 200)
	r.post(t, "error-taskmanager-unknown-start", unknown, `{"mode":"ITIMER","duration":1}`, 500)
	r.get(t, "error-taskmanager-unknown-list", unknown, 404)
	r.get(t, "error-taskmanager-unknown-file", unknown+"/nothing.html", 404)
	r.get(t, "error-file-missing", profiler+"/nothing.html", 500)
	r.get(t, "error-taskmanager-unknown", "/taskmanagers/nobody:6122", 500)
	r.get(t, "error-taskmanager-unknown-metrics", "/taskmanagers/nobody:6122/metrics?get=x", 200)
	r.get(t, "error-taskmanager-unknown-thread-dump", "/taskmanagers/nobody:6122/thread-dump", 500)
	r.get(t, "error-job-unknown", "/jobs/00000000000000000000000000000000", 404)
	r.get(t, "error-job-malformed", "/jobs/no-job", 400)
	r.get(t, "error-vertex-unknown", "/jobs/"+r.jobID+"/vertices/00000000000000000000000000000000", 404)
	r.get(t, "error-route-unknown", "/no/such/route", 404)

	var started flink.Profile // an unknown field is no error: Flink profiles
	decode(t, r.post(t, "field-unknown", profiler, `{"mode":"ITIMER","duration":1,"interval":1}`, 200), &started)
	r.waitFor(t, started)
}

// recordDisabled keeps what a Flink without a profiler answers on the profiler's routes.
func recordDisabled(t *testing.T, name string, o flinktest.Options) {
	r := startRecorder(t, o)
	profiler := "/taskmanagers/" + flinktest.TaskManagerID(0) + "/profiler"
	r.post(t, "error-"+name+"-start", profiler, `{"mode":"ITIMER","duration":1}`, 404)
	r.get(t, "error-"+name+"-list", profiler, 404)
	r.get(t, "error-"+name+"-file", profiler+"/nothing.html", 404)
	r.get(t, name+"-jobmanager-config", "/jobmanager/config", 200)
}

// recordProfile profiles once, asks for a second profile meanwhile, and measures how late FINISHED shows.
func recordProfile(t *testing.T, r *recorder, mode flink.Mode) {
	profiler := "/taskmanagers/" + flinktest.TaskManagerID(0) + "/profiler"
	body := fmt.Sprintf(`{"mode":%q,"duration":%d}`, mode, recordedProfile)
	var started flink.Profile
	decode(t, r.post(t, "profile-"+string(mode)+"-start", profiler, body, 200), &started)
	r.get(t, "profile-"+string(mode)+"-running", profiler, 200)
	r.post(t, "error-busy", profiler, body, 500)
	finished, polls := r.waitFor(t, started)
	lag := time.Now().UnixMilli() - started.TriggerTime - recordedProfile*1000
	t.Logf("%s: FINISHED visible %d ms after trigger + duration, finishedTime %d ms after it, %d polls", mode, lag,
		finished.FinishedTime-started.TriggerTime-recordedProfile*1000, polls)
	r.get(t, "profile-"+string(mode)+"-finished", profiler, 200)
	r.page(t, mode, profiler+"/"+finished.OutputFile)
}

// tryMode learns whether a mode works on this machine, and keeps a small page if it does.
func tryMode(t *testing.T, r *recorder, mode flink.Mode) {
	profiler := "/taskmanagers/" + flinktest.TaskManagerID(0) + "/profiler"
	var started flink.Profile
	decode(t, r.ask(t, "POST", profiler, fmt.Sprintf(`{"mode":%q,"duration":2}`, mode)).JSON, &started)
	if started.Status == flink.ProfileFailed {
		t.Logf("%s: refused: %s", mode, started.Message)
		return
	}
	finished, _ := r.waitFor(t, started)
	page := r.page(t, mode, profiler+"/"+finished.OutputFile)
	_, title, _ := strings.Cut(page, "<h1>")
	title, _, _ = strings.Cut(title, "</h1>")
	t.Logf("%s: works, titled %q", mode, title)
}

// measureRefresh logs how often the accumulated times change.
func measureRefresh(t *testing.T, r *recorder) {
	client, err := flink.New(r.cluster.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	last, changed := flink.Millis(0), time.Now()
	for deadline := time.Now().Add(35 * time.Second); time.Now().Before(deadline); time.Sleep(250 * time.Millisecond) {
		job, err := client.Job(t.Context(), r.jobID)
		if err != nil {
			t.Fatal(err)
		}
		if m := job.Vertices[2].Metrics; m.Busy != last {
			t.Logf("accumulated times changed after %s: busy %d ms, idle %d ms, back-pressured %d ms, %d records",
				time.Since(changed).Round(250*time.Millisecond), m.Busy, m.Idle, m.BackPressured, m.ReadRecords)
			last, changed = m.Busy, time.Now()
		}
	}
}

// recordLost keeps what Flink says of a TaskManager that died during its profile, before it notices, and logs when it does.
func recordLost(t *testing.T, r *recorder) {
	profiler := "/taskmanagers/" + flinktest.TaskManagerID(0) + "/profiler"
	r.ask(t, "POST", profiler, `{"mode":"ITIMER","duration":60}`)
	if err := r.cluster.KillTaskManager(0); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	r.keep(t, "error-taskmanager-lost-list", r.ask(t, "GET", profiler, ""), 500)
	r.keep(t, "error-taskmanager-lost-start", r.ask(t, "POST", profiler, `{"mode":"ITIMER","duration":1}`), 500)
	for time.Since(killed) < 2*time.Minute {
		if r.ask(t, "GET", profiler, "").Status == http.StatusNotFound {
			t.Logf("lost TaskManager: 404 after %s", time.Since(killed).Round(100*time.Millisecond))
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Error("Flink did not notice within 2 minutes that the TaskManager died")
}

// recorder asks one cluster and, with -record, keeps the answers.
type recorder struct {
	cluster *flinktest.Cluster
	dir     string // of this version in testdata
	jobID   string
	scrub   []string // pairs for strings.NewReplacer: what only this machine and moment have
}

func startRecorder(t *testing.T, o flinktest.Options) *recorder {
	o.Dir = t.TempDir()
	c, err := flinktest.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	lib, err := flinktest.EnsureLib(t.Context(), o.Version)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{cluster: c, dir: filepath.Join("testdata", o.Version), scrub: []string{o.Dir, "/flink", lib, "/flink/lib"}}
	return r
}

func (r *recorder) runSampleJob(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	jar, err := flinktest.SampleJar(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if r.jobID, err = r.cluster.RunJar(ctx, jar, flinktest.SampleClass); err != nil {
		t.Fatal(err)
	}
	if err := r.cluster.WaitRunning(ctx, r.jobID); err != nil {
		t.Fatal(err)
	}
	r.scrub = append(r.scrub, r.jobID, flinktest.RecordedJobID)
}

// warmUp waits until the stalling vertex has done enough for compiled code and full queues.
func (r *recorder) warmUp(t *testing.T) {
	client, err := flink.New(r.cluster.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); time.Sleep(time.Second) {
		job, err := client.Job(t.Context(), r.jobID)
		if err != nil {
			t.Fatal(err)
		}
		if job.Vertices[2].Metrics.ReadRecords > 120_000 {
			return
		}
	}
	t.Fatal("the sample job did not read 120,000 records within 3 minutes")
}

// waitForFreshCounters returns when Flink has fetched the counters anew, which it does on demand and every 10 s at most.
func (r *recorder) waitForFreshCounters(t *testing.T) {
	client, err := flink.New(r.cluster.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	first := flink.Unknown
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		job, err := client.Job(t.Context(), r.jobID)
		if err != nil {
			t.Fatal(err)
		}
		if busy := job.Vertices[2].Metrics.Busy; first == flink.Unknown {
			first = busy
		} else if busy != first {
			return
		}
	}
	t.Fatal("the counters did not change within 30 s")
}

func (r *recorder) vertices(t *testing.T) []string {
	var job flink.Job
	decode(t, r.ask(t, "GET", "/jobs/"+r.jobID, "").JSON, &job)
	var ids []string
	for _, v := range job.Vertices {
		ids = append(ids, v.ID)
	}
	return ids
}

// waitFor polls the list every 50 ms until the started profile is finished.
func (r *recorder) waitFor(t *testing.T, started flink.Profile) (finished flink.Profile, polls int) {
	client, err := flink.New(r.cluster.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		polls++
		profiles, err := client.ListProfiles(t.Context(), flinktest.TaskManagerID(0))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range profiles {
			if p.TriggerTime == started.TriggerTime && p.Status != flink.ProfileRunning {
				return p, polls
			}
		}
	}
	t.Fatal("the profile did not finish within a minute")
	return flink.Profile{}, 0
}

func (r *recorder) get(t *testing.T, name, path string, status int) []byte {
	return r.keep(t, name, r.ask(t, "GET", path, ""), status)
}

func (r *recorder) post(t *testing.T, name, path, body string, status int) []byte {
	return r.keep(t, name, r.ask(t, "POST", path, body), status)
}

// page keeps the page of a profile.
func (r *recorder) page(t *testing.T, mode flink.Mode, path string) string {
	e := r.ask(t, "GET", path, "")
	t.Logf("%s: page of %d bytes, Content-Type %q", mode, len(e.Text), e.ContentType)
	if e.Status != 200 || !strings.Contains(e.Text, "</html>") {
		t.Fatalf("GET %s: status %d, %d bytes", path, e.Status, len(e.Text))
	}
	r.write(t, filepath.Join("profiles", string(mode)+".html"), []byte(e.Text))
	return e.Text
}

func (r *recorder) keep(t *testing.T, name string, e flinktest.Exchange, status int) []byte {
	if e.Status != status {
		t.Errorf("%s: %s %s %s: status %d, want %d: %s%s", name, e.Method, e.Path, e.Request, e.Status, status, e.JSON, e.Text)
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(e); err != nil {
		t.Fatal(err)
	}
	r.write(t, name+".json", text.Bytes())
	return e.JSON
}

func (r *recorder) write(t *testing.T, name string, text []byte) {
	if !*record {
		return
	}
	file := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		t.Fatal(err)
	}
	clean := strings.NewReplacer(r.scrub...).Replace(string(text))
	if err := os.WriteFile(file, []byte(clean), 0o600); err != nil {
		t.Fatal(err)
	}
}

// ask makes one request without the client, which is what these answers will test.
func (r *recorder) ask(t *testing.T, method, path, body string) flinktest.Exchange {
	req, err := http.NewRequestWithContext(t.Context(), method, r.cluster.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	e := flinktest.Exchange{
		Method: method, Path: path, Request: json.RawMessage(body), Status: res.StatusCode,
		ContentType: res.Header.Get("Content-Type"),
	}
	if json.Valid(text) {
		e.JSON = text
	} else {
		e.Text = string(text)
	}
	return e
}

func decode(t *testing.T, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("decode %s: %v", text, err)
	}
}
