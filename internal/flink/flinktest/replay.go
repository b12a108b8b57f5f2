package flinktest

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"

	"squirrly.dev/internal/flink/testdata"
)

// Replay answers as a recorded Flink did. It is an [http.Handler] for httptest.NewServer, with one TaskManager, which is
// TaskManagerID(0), one job, which is RecordedJobID, and a scripted profiler. Counters advance to what was recorded
// after a profile when one finishes. It is safe for use by several goroutines.
type Replay struct {
	version string
	byName  map[string]Exchange
	byRoute map[string][]Exchange // method and unescaped path, without query; several are successive answers

	mu       sync.Mutex
	script   Script
	profiles []profile // newest first
	log      []string
}

// NewReplay loads the recordings of one Flink version: 1.20.5 or 2.3.0.
func NewReplay(version string) (*Replay, error) {
	r := &Replay{version: version, byName: map[string]Exchange{}, byRoute: map[string][]Exchange{}}
	files, err := fs.Glob(testdata.Recordings, version+"/*.json") // sorted: job.0, job.1 …
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no recordings of Flink %s", version)
	}
	for _, file := range files {
		text, err := fs.ReadFile(testdata.Recordings, file)
		if err != nil {
			return nil, fmt.Errorf("read recording: %w", err)
		}
		var e Exchange
		if err := json.Unmarshal(text, &e); err != nil {
			return nil, fmt.Errorf("read recording %s: %w", file, err)
		}
		name := strings.TrimSuffix(path.Base(file), ".json")
		r.byName[name] = e
		if kind, _, _ := strings.Cut(name, "-"); slices.Contains([]string{"error", "disabled", "happening", "settings"}, kind) {
			continue // of another cluster or job
		}
		route, err := routeOf(e)
		if err != nil {
			return nil, err
		}
		r.byRoute[route] = append(r.byRoute[route], e)
	}
	return r, nil
}

func routeOf(e Exchange) (string, error) {
	u, err := url.Parse(e.Path)
	if err != nil {
		return "", fmt.Errorf("read recording of %s: %w", e.Path, err)
	}
	return e.Method + " " + u.Path, nil
}

// Exchange returns a recording by its name, such as "error-busy": for tests that compare with what Flink said.
func (r *Replay) Exchange(name string) (Exchange, bool) {
	e, ok := r.byName[name]
	return e, ok
}

// Page returns the page that was recorded for a mode, ITIMER or WALL.
func Page(version, mode string) ([]byte, error) {
	page, err := fs.ReadFile(testdata.Recordings, version+"/profiles/"+mode+".html")
	if err != nil {
		return nil, fmt.Errorf("read recorded page: %w", err)
	}
	return page, nil
}

// Requests lists what was asked so far: "GET /overview".
func (r *Replay) Requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.log)
}

// ServeHTTP answers one request.
func (r *Replay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = append(r.log, req.Method+" "+req.URL.Path)
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, 64<<10))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	write(w, r.answer(req, body))
}

func (r *Replay) answer(req *http.Request, body []byte) Exchange {
	if tm, rest, ok := taskManagerRoute(req.URL.Path); ok {
		if r.script.Lost || tm != TaskManagerID(0) {
			return r.unknownTaskManager(req.Method, rest)
		}
		if rest == "profiler" || strings.HasPrefix(rest, "profiler/") {
			return r.profiler(req.Method, strings.TrimPrefix(rest[len("profiler"):], "/"), body)
		}
	}
	if req.URL.Path == "/jobmanager/config" && r.script.Disabled {
		return r.byName["disabled-jobmanager-config"]
	}
	answers := r.byRoute[req.Method+" "+req.URL.Path]
	if len(answers) == 0 {
		return r.byName[unknownRoute(req.URL.Path)]
	}
	answer := answers[min(r.finishedProfiles(), len(answers)-1)]
	if get := req.URL.Query().Get("get"); get != "" {
		answer.JSON = onlyMetrics(answer.JSON, strings.Split(get, ","))
	}
	return answer
}

// taskManagerRoute splits /taskmanagers/<id>/<rest>.
func taskManagerRoute(path string) (id, rest string, ok bool) {
	path, ok = strings.CutPrefix(path, "/taskmanagers/")
	id, rest, _ = strings.Cut(path, "/")
	return id, rest, ok
}

func (r *Replay) unknownTaskManager(method, rest string) Exchange {
	name := "error-taskmanager-unknown"
	switch {
	case rest == "profiler" && method == http.MethodPost:
		name += "-start"
	case rest == "profiler":
		name += "-list"
	case strings.HasPrefix(rest, "profiler/"):
		name += "-file"
	case rest != "":
		name += "-" + rest
	}
	return r.byName[name]
}

// unknownRoute names the recorded refusal that fits a path which was not recorded.
func unknownRoute(path string) string {
	switch {
	case strings.Contains(path, "/vertices/"):
		return "error-vertex-unknown"
	case strings.HasPrefix(path, "/jobs/"):
		return "error-job-unknown"
	default:
		return "error-route-unknown"
	}
}

// onlyMetrics keeps the metrics that were asked for, as Flink omits those that it does not know.
func onlyMetrics(all json.RawMessage, names []string) json.RawMessage {
	var metrics []struct {
		ID    string `json:"id"`
		Value string `json:"value"`
	}
	if json.Unmarshal(all, &metrics) != nil {
		return all
	}
	kept := metrics[:0]
	for _, m := range metrics {
		if slices.Contains(names, m.ID) {
			kept = append(kept, m)
		}
	}
	return mustJSON(kept)
}

func write(w http.ResponseWriter, e Exchange) {
	if e.Status == 0 {
		http.Error(w, "this was not recorded", http.StatusNotImplemented)
		return
	}
	w.Header().Set("Content-Type", e.ContentType)
	w.WriteHeader(e.Status)
	if e.JSON != nil {
		_, _ = w.Write(e.JSON) // the client may have hung up
		return
	}
	_, _ = io.WriteString(w, e.Text)
}

// mustJSON encodes values that always can be.
func mustJSON(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}
