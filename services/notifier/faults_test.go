package notifier_test

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/pkg/events"
)

var deliveries = flag.Int("deliveries", 200, "messages of TestDeliveries")

// faulty is a receiver that fails in every way at times, before or after it took a message. It knows messages by their ids.
type faulty struct {
	mu    sync.Mutex
	rng   *rand.Rand
	none  bool // never fails
	taken map[string]int
	took  []time.Duration // from the event until it was taken
}

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	e, bad := events.DecodeEvent(body)
	if err != nil || bad != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	fault := f.rng.IntN(20)
	lost := f.rng.IntN(2) == 0 // it is taken, and the answer is not
	if f.none {
		fault, lost = -1, true
	}
	if fault < 0 || fault > 6 || lost {
		if f.taken[e.RunID]++; f.taken[e.RunID] == 1 {
			f.took = append(f.took, time.Since(e.Time))
		}
	}
	f.mu.Unlock()
	switch fault {
	case 0:
		w.WriteHeader(http.StatusInternalServerError)
	case 1:
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	case 2:
		w.WriteHeader(http.StatusServiceUnavailable)
	case 3:
		panic(http.ErrAbortHandler) // the connection is cut
	case 4:
		w.Header().Set("Location", "http://169.254.169.254/")
		w.WriteHeader(http.StatusFound)
	case 5:
		w.WriteHeader(http.StatusNotFound)
	case 6:
		w.Header().Set("Retry-After", "garbage")
		w.WriteHeader(http.StatusTooManyRequests)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func (f *faulty) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.taken)
}

// Two notifiers tell every run to a receiver that fails one time in three: nothing is lost, nothing is given up, and a
// receiver that knows ids has nothing twice. One that never fails is told once, by itself and in groups.
func TestDeliveries(t *testing.T) {
	for name, c := range map[string]struct {
		routes string
		none   bool
	}{
		"with faults, by itself": {"route: {channels: [webhook]}", false},
		"with faults, in groups": {"route: {channels: [webhook], group_by: [job]}", false},
		"by itself":              {"route: {channels: [webhook]}", true},
		"in groups":              {"route: {channels: [webhook], group_by: [job]}", true},
	} {
		t.Run(name, func(t *testing.T) {
			b := bustest.Start(t, "webhook")
			f := &faulty{rng: rand.New(rand.NewPCG(1, 2)), none: c.none, taken: map[string]int{}}
			srv := httptest.NewServer(f)
			t.Cleanup(srv.Close)
			routes := filepath.Join(t.TempDir(), "routes.yaml")
			if err := os.WriteFile(routes, []byte(c.routes), 0o600); err != nil {
				t.Fatal(err)
			}
			takeOver(t, b, srv.URL, routes)
			began := time.Now()
			for i := range *deliveries {
				publishFailedOf(t, b, fmt.Sprintf("job-%d", i), fmt.Sprintf("run-%d", i))
			}
			for deadline := time.Now().Add(3 * time.Minute); f.count() < *deliveries && time.Now().Before(deadline); {
				time.Sleep(20 * time.Millisecond)
			}
			past := time.Since(began)
			until(t, "facts", func() bool { return sent(t, b) >= uint64(*deliveries) })
			f.mu.Lock()
			defer f.mu.Unlock()
			messages := 0
			for _, n := range f.taken {
				messages += n
			}
			slices.Sort(f.took)
			t.Logf("%d runs, %d taken, %d messages in %s; event to webhook p50 %s, p99 %s", *deliveries, len(f.taken), messages,
				past.Round(time.Millisecond), f.took[len(f.took)/2].Round(time.Millisecond), f.took[len(f.took)*99/100].Round(time.Millisecond))
			if len(f.taken) != *deliveries || c.none && messages != *deliveries {
				t.Errorf("%d of %d runs were taken, in %d messages", len(f.taken), *deliveries, messages)
			}
			if letters, err := b.DeadLetters(t.Context(), 1); err != nil || len(letters) > 0 {
				t.Errorf("dead letters: %+v, %v", letters, err)
			}
		})
	}
}
