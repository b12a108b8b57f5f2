package memory_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/flink/flinktest"
)

// flood is what a hostile Flink has in its lists: so many of an element.
type flood struct {
	element string
	count   int
	job     bool // also in what it says of the job; else that is as recorded, and the run goes on to its vertices
}

// flooding is a recorded Flink whose lists are floods.
func (w *world) flooding(f flood) (url string) {
	w.t.Helper()
	r, err := flinktest.NewReplay("1.20.5")
	if err != nil {
		w.t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		list := ""
		switch p := req.URL.Path; {
		case strings.Contains(p, "/profiler"), p == "/overview", p == "/jobmanager/config":
		case strings.Contains(p, "/vertices/"):
			list = `{"id":"x","subtasks":[{}`
		case strings.HasPrefix(p, "/jobs/") && f.job:
			list = `{"jid":"x","vertices":[{}`
		case strings.HasPrefix(p, "/taskmanagers/"):
			list = `{"threadInfos":[{}`
		}
		if list == "" {
			r.ServeHTTP(rw, req)
			return
		}
		rw.Header().Set("Content-Type", "application/json")
		out := bufio.NewWriter(rw)
		defer func() { _ = out.Flush() }()
		_, err := out.WriteString(list)
		for range f.count {
			if err != nil {
				return // it is not read any further
			}
			_, err = out.WriteString(f.element)
		}
		_, _ = out.WriteString("]}")
	}))
	w.t.Cleanup(server.Close)
	return server.URL
}

// Four targets whose answers are full of nothing, or of one long text, take no memory from the runs beside them.
func TestCollector_FloodingAnswers(t *testing.T) {
	for name, f := range map[string]flood{
		"without end":             {element: ",{}", count: 10 << 20, job: true},
		"as many as may be":       {element: ",{}", count: 49_000},
		"texts as long as may be": {element: `,{"host":"` + strings.Repeat("x", 15<<20) + `"}`, count: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of the time a job is waited for whose tasks make no sense
			w := newWorld(t, artifact.S3Config{})
			p := w.start("collector")
			for _, rec := range w.besideOrdinary(func() string { return w.flooding(f) }) {
				if rec.Outcome == nil || rec.Outcome.Message == "" {
					t.Errorf("a flood ended as %s, %+v", rec.State, rec.Outcome)
				}
			}
			p.holds(name)
		})
	}
}
