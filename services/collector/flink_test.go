package collector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"squirrly.dev/internal/flink/flinktest"
)

// flinks replays a Flink with several TaskManagers, each with a profiler of its own: subtask i runs on TaskManager
// i modulo their number.
type flinks struct {
	url string

	mu      sync.Mutex
	tms     []*flinktest.Replay
	scripts []flinktest.Script
	started map[string]int    // profiles, by "<TaskManager> <mode>"
	posts   []time.Time       // of the starts that were accepted
	ends    map[int]time.Time // when the running profile of a TaskManager ends
	flips   []time.Time       // when profiles ended
	lag     time.Duration     // until an end shows in the list
	inTime  bool              // profiles take their time
	answer  http.HandlerFunc  // answers instead, unless nil
}

// startFlinks serves the recordings of one version with n TaskManagers.
func startFlinks(t *testing.T, version string, n int) *flinks {
	t.Helper()
	f := &flinks{started: map[string]int{}, ends: map[int]time.Time{}, scripts: make([]flinktest.Script, n)}
	for range n {
		r, err := flinktest.NewReplay(version)
		if err != nil {
			t.Fatal(err)
		}
		f.tms = append(f.tms, r)
	}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

// play changes what the profiler of one TaskManager does.
func (f *flinks) play(tm int, s flinktest.Script) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.scripts[tm] = s
	f.tms[tm].Play(s)
}

// instead lets h answer everything; nil ends that.
func (f *flinks) instead(h http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = h
}

// starts returns how many profiles ran, by TaskManager and mode.
func (f *flinks) starts() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.started)
}

// ServeHTTP implements http.Handler.
func (f *flinks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.answer != nil {
		f.answer(w, r)
		return
	}
	f.serve(w, r)
}

// serve answers as the recorded Flink does; f is locked.
func (f *flinks) serve(w http.ResponseWriter, r *http.Request) {
	for i := range f.tms {
		prefix := "/taskmanagers/" + flinktest.TaskManagerID(i)
		if rest, ok := strings.CutPrefix(r.URL.Path, prefix); ok && (rest == "" || rest[0] == '/') {
			f.taskManager(w, r, i, rest)
			return
		}
	}
	res := forward(f.tms[0], r, r.URL.Path)
	if r.URL.Path == "/jobmanager/config" && res.Code == http.StatusOK {
		hurry(res.Body)
	}
	if strings.Contains(r.URL.Path, "/vertices/") && res.Code == http.StatusOK {
		f.spread(res.Body)
	}
	reply(w, res)
}

// taskManager lets the replay of one TaskManager answer, for which it is the only one.
func (f *flinks) taskManager(w http.ResponseWriter, r *http.Request, i int, rest string) {
	isStart := rest == "/profiler" && r.Method == http.MethodPost
	if rest == "/profiler" && !isStart && f.inTime {
		s := f.scripts[i]
		s.Polls = -1
		if time.Now().Before(f.ends[i].Add(f.lag)) {
			s.Polls = 1 << 30
		}
		f.tms[i].Play(s)
	}
	res := forward(f.tms[i], r, "/taskmanagers/"+flinktest.TaskManagerID(0)+rest)
	if isStart && res.Code == http.StatusOK {
		var p struct {
			Status, Mode string
			Duration     int64
		}
		if json.Unmarshal(res.Body.Bytes(), &p) == nil && p.Status == "RUNNING" {
			f.started[fmt.Sprintf("%s %s", flinktest.TaskManagerID(i), p.Mode)]++
			f.posts = append(f.posts, time.Now())
			f.ends[i] = time.Now().Add(time.Duration(p.Duration) * time.Second)
			f.flips = append(f.flips, f.ends[i].Add(f.lag))
		}
	}
	reply(w, res)
}

// hurry sets the interval at which Flink renews its metrics.
func hurry(body *bytes.Buffer) {
	text := strings.Replace(body.String(), "[", `[{"key":"metrics.fetcher.update-interval","value":"300 ms"},`, 1)
	body.Reset()
	body.WriteString(text)
}

// spread moves the subtasks to the TaskManagers.
func (f *flinks) spread(body *bytes.Buffer) {
	var v map[string]any
	if json.Unmarshal(body.Bytes(), &v) != nil {
		return
	}
	subtasks, _ := v["subtasks"].([]any)
	for i, s := range subtasks {
		if s, ok := s.(map[string]any); ok {
			s["taskmanager-id"] = flinktest.TaskManagerID(i % len(f.tms))
		}
	}
	text, err := json.Marshal(v)
	if err == nil {
		body.Reset()
		body.Write(text)
	}
}

func forward(r *flinktest.Replay, req *http.Request, path string) *httptest.ResponseRecorder {
	again := req.Clone(req.Context())
	again.URL.Path, again.URL.RawPath = path, ""
	res := httptest.NewRecorder()
	r.ServeHTTP(res, again)
	return res
}

func reply(w http.ResponseWriter, res *httptest.ResponseRecorder) {
	maps.Copy(w.Header(), res.Header())
	w.Header().Set("Content-Length", strconv.Itoa(res.Body.Len()))
	w.WriteHeader(res.Code)
	_, _ = io.Copy(w, res.Body)
}
