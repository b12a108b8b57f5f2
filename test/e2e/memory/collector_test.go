package memory_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/flamegraph/flamegraphtest"
	"squirrly.dev/pkg/events"
	"squirrly.dev/test/e2e/parts"
)

// abreast holds the first n callers back until all are there, or until it is clear that they do not come at the same time.
func abreast(n int) (wait func()) {
	var mu sync.Mutex
	all := make(chan struct{})
	came := 0
	return func() {
		mu.Lock()
		if came++; came == n {
			close(all)
		}
		mu.Unlock()
		select {
		case <-all:
		case <-time.After(3 * time.Second):
		}
	}
}

// Four targets whose pages never end are told so, and the runs beside them end well.
func TestCollector_EndlessPages(t *testing.T) {
	w := newWorld(t, artifact.S3Config{})
	p := w.start("collector")
	together := abreast(4)
	endless := func(rw http.ResponseWriter) { together(); _ = flamegraphtest.Endless(rw) }
	for _, rec := range w.besideOrdinary(func() string { return w.flink(endless) }) {
		if rec.Outcome == nil || rec.Outcome.Code != events.CodeBadProfile {
			t.Errorf("a page without end: %s, %+v", rec.State, rec.Outcome)
		}
	}
	p.holds("four pages without end")
}

// Four of the largest pages come at once, of both dialects, and are stored; so are those of the runs beside them.
func TestCollector_LargestPages(t *testing.T) {
	t.Run("JetStream", func(t *testing.T) { largestPages(t, artifact.S3Config{}) })
	t.Run("S3", func(t *testing.T) { largestPages(t, minIO(t)) })
}

// minIO runs a MinIO until the test ends.
func minIO(t *testing.T) artifact.S3Config {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background()) // that of the test ends before its services
	s, err := parts.StartMinIO(ctx, t.TempDir())
	t.Cleanup(cancel)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return artifact.S3Config{
		Endpoint: s.Endpoint, Bucket: "squirrly", Region: "us-east-1", AccessKey: s.AccessKey, SecretKey: daemon.Secret(s.SecretKey),
	}
}

func largestPages(t *testing.T, s3 artifact.S3Config) {
	t.Helper()
	w := newWorld(t, s3)
	p := w.start("collector")
	pages := [][]byte{
		flamegraphtest.Real(flamegraph.HTML2, flamegraphtest.MaxBytes, 1), flamegraphtest.Real(flamegraph.HTML3, flamegraphtest.MaxBytes, 1),
	}
	var runs []string
	together := abreast(4)
	for i := range 4 {
		large := func(rw http.ResponseWriter) { together(); _, _ = rw.Write(pages[i%2]) }
		runs = append(runs, w.request(fmt.Sprint("large-", i), w.flink(large)), w.request(fmt.Sprint("ordinary-", i), w.flink(nil)))
	}
	for _, id := range runs {
		w.until(id, events.StateCaptured)
	}
	p.holds("four of the largest pages")
}
