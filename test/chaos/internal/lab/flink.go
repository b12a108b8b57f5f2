package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"squirrly.dev/internal/flink/flinktest"
)

// Flink answers as a recorded Flink did, for one run, and counts the profiles that were started on it.
type Flink struct {
	URL  string // by its line
	Line *Link

	replay *flinktest.Replay
	server *httptest.Server

	mu     sync.Mutex
	starts map[string]int // by JVM and mode
}

// NewFlink serves the recordings of one version: 1.20.5 or 2.3.0.
func NewFlink(ctx context.Context, version string) (*Flink, error) {
	replay, err := flinktest.NewReplay(version)
	if err != nil {
		return nil, err
	}
	f := &Flink{replay: replay, starts: map[string]int{}}
	f.server = httptest.NewServer(f)
	if f.Line, err = NewLink(ctx, f.server.Listener.Addr().String()); err != nil {
		f.server.Close()
		return nil, err
	}
	f.URL = "http://" + f.Line.Addr
	return f, nil
}

// Close ends the server.
func (f *Flink) Close() {
	f.Line.Close()
	f.server.Close()
}

// Starts are the profiles that were started, by JVM and mode.
func (f *Flink) Starts() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.starts)
}

// ServeHTTP answers one request.
func (f *Flink) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	jvm, ok := strings.CutSuffix(req.URL.Path, "/profiler")
	if !ok || req.Method != http.MethodPost {
		f.replay.ServeHTTP(w, req)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, 64<<10))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	f.replay.ServeHTTP(seen, req)
	var start struct {
		Mode string `json:"mode"`
	}
	if seen.status == http.StatusOK && json.Unmarshal(body, &start) == nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.starts[jvm[strings.LastIndex(jvm, "/")+1:]+" "+start.Mode]++
	}
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter

	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}
