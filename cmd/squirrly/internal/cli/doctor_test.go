package cli_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/llmtest"
	"squirrly.dev/pkg/events"
)

type found struct{ Area, State, Says, WhatToDo string }

// examine runs the doctor and returns what it found.
func examine(t *testing.T, args ...string) (int, []found) {
	t.Helper()
	code, out, errs := runCLI(t, t.Context(), "", append([]string{"doctor", "-o", "json"}, args...)...)
	var all []found
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		t.Fatalf("exit %d, %v; stdout %q, stderr %q", code, err, out, errs)
	}
	return code, all
}

func has(all []found, area, state, says string) bool {
	for _, f := range all {
		if strings.HasPrefix(f.Area, area) && f.State == state && strings.Contains(f.Says, says) && (state != "fail" || f.WhatToDo != "") {
			return true
		}
	}
	return false
}

// recordedNow is the clock of a recorded JobManager.
var recordedNow = regexp.MustCompile(`"now":\s*\d+`)

// flinkWith plays a recorded Flink whose clock is right, and of which one answer is another.
func flinkWith(t *testing.T, path, body string) string {
	t.Helper()
	replay, err := flinktest.NewReplay("2.3.0")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path != "" && strings.HasSuffix(r.URL.Path, path) {
			_, _ = w.Write([]byte(body))
			return
		}
		rec := httptest.NewRecorder()
		replay.ServeHTTP(rec, r)
		w.WriteHeader(rec.Code)
		_, _ = w.Write(recordedNow.ReplaceAll(rec.Body.Bytes(), fmt.Appendf(nil, `"now":%d`, time.Now().UnixMilli())))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// Where all is well nothing fails, and nothing of it is silent.
func TestDoctor_Well(t *testing.T) {
	clean(t)
	url, _ := server(t)
	model := llmtest.NewServer()
	t.Cleanup(model.Close)
	t.Setenv("SQUIRRLY_LLM_KEY", "key-of-nobody")
	flink := flinkWith(t, "", "")
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	code, all := examine(t, flink, "--nats", url, "--llm-url", model.URL())
	for _, want := range []found{
		{"NATS", "ok", "nats-server 2.", ""},
		{"NATS", "ok", "streams and buckets are as they should be", ""},
		{"NATS", "ok", "5 consumers of the services", ""},
		{"NATS", "ok", "the clock of NATS", ""},
		{"Artifact store", "ok", "answers", ""},
		{"Kubernetes", "off", "no Kubernetes cluster", ""},
		{"Flink " + flink, "ok", "its profiler is on", ""},
		{"Flink", "ok", "1 running job", ""},
		{"Flink", "ok", "the profiler answers on 1 of 1 TaskManager", ""},
		{"Flink", "ok", "the clock of the JobManager", ""},
		{"Language model", "ok", "openai gpt", ""},
	} {
		if !has(all, want.Area, want.State, want.Says) {
			t.Errorf("lacks %+v: %+v", want, all)
		}
	}
	if code != 0 {
		t.Errorf("exit %d, %+v", code, all)
	}
	if len(model.Requests()) > 0 {
		t.Error("the model was asked")
	}
}

// What is broken is named, each by itself, with what to do.
func TestDoctor_Broken(t *testing.T) {
	clean(t)
	url, b := server(t)
	if err := bustest.JetStream(b).DeleteConsumer(t.Context(), events.StreamEvents, events.DurableCollector); err != nil {
		t.Fatal(err)
	}
	late := flinkWith(t, "/jobs/"+flinktest.RecordedJobID, `{"jid":"`+flinktest.RecordedJobID+`","name":"x","state":"RUNNING","now":1000,"vertices":[]}`)
	off := flinkWith(t, "/jobmanager/config", `[{"key":"rest.profiling.enabled","value":"false"}]`)
	none := flinkWith(t, "/jobs/overview", `{"jobs":[]}`)
	page := flinkWith(t, "/overview", `<html><form><input type=password></form>`)
	code, all := examine(t, off, none, page, late, "--nats", url)
	for _, want := range []found{
		{"NATS", "fail", "collector: it is not there", ""},
		{"Flink " + off, "fail", "its profiler is off", ""},
		{"Flink " + none, "note", "no job is running", ""},
		{"Flink " + page, "fail", "overview", ""},
		{"Flink " + late, "fail", "the JobManager differs", ""},
	} {
		if !has(all, want.Area, want.State, want.Says) {
			t.Errorf("lacks %+v: %+v", want, all)
		}
	}
	if has(all, "Flink "+off, "ok", "the profiler answers") || has(all, "Flink "+off, "fail", "the profiler answers") {
		t.Error("a profiler that is off was asked")
	}
	if code != 1 {
		t.Errorf("exit %d", code)
	}
	code, out, _ := runCLI(t, t.Context(), "", "doctor", off, "--nats", url)
	for line := range strings.Lines(out) {
		if len([]rune(strings.TrimSuffix(line, "\n"))) > 80 {
			t.Errorf("wider than 80 columns: %s", line)
		}
	}
	if code != 1 || !strings.Contains(out, "  fail  collector: it is not there\n        → Run `squirrly provision`") {
		t.Errorf("exit %d\n%s", code, out)
	}
}

// Without a server there is nothing to look at, unless one is named; the model is asked only on request, and no key is told.
func TestDoctor_NoServer(t *testing.T) {
	clean(t)
	if code, all := examine(t, "--nats", "nats://127.0.0.1:1"); code != 1 || !has(all, "NATS", "fail", "connect to NATS") {
		t.Errorf("exit %d, %+v", code, all)
	}
	model := llmtest.NewServer(llmtest.WrongKey())
	t.Cleanup(model.Close)
	t.Setenv("SQUIRRLY_LLM_KEY", "key-of-nobody")
	code, all := examine(t, "--nats", "nats://127.0.0.1:1", "--ask-llm", "--llm-url", model.URL())
	if code != 1 || !has(all, "Language model", "fail", "refused the key") {
		t.Errorf("exit %d, %+v", code, all)
	}
	for _, f := range all {
		if strings.Contains(f.Says+f.WhatToDo, "key-of-nobody") {
			t.Errorf("the key is told: %+v", f)
		}
	}
	for _, wrong := range [][]string{{"--deep"}, {"--store", "http://x"}, {"flink/orders"}, {"http://u:p@x"}} {
		if code, _, errs := runCLI(t, t.Context(), "", append([]string{"doctor"}, wrong...)...); code != 2 || errs == "" {
			t.Errorf("%v: exit %d, %s", wrong, code, errs)
		}
	}
}
