package observe

import (
	"context"
	"sync"
	"time"

	"squirrly.dev/internal/jobcontext"
)

// Window announces the captures of one mode.
func (s *Sampler) Window(mode string, seconds int) *Window {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.since(time.Now())
	w := &Window{sampler: s, mode: mode, seconds: seconds, from: now, to: now}
	s.windows = append(s.windows, w)
	return w
}

// Began notes that a profile is about to start.
func (w *Window) Began() {
	w.sampler.mu.Lock()
	defer w.sampler.mu.Unlock()
	if !w.open {
		w.open, w.from = true, w.sampler.since(time.Now())
	}
	w.to = max(w.to, w.from)
}

// Ended notes that a profile has ended.
func (w *Window) Ended() {
	w.sampler.mu.Lock()
	defer w.sampler.mu.Unlock()
	w.to = w.sampler.since(time.Now())
}

// Windows returns every window with its samples: from the last one before it began to the first one after it ended,
// so that they span it. A window that another attempt held has none.
func (s *Sampler) Windows() []jobcontext.Window {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]jobcontext.Window, 0, len(s.windows))
	for _, w := range s.windows {
		out = append(out, jobcontext.Window{Mode: w.mode, Seconds: w.seconds, Samples: s.between(w.from, w.to)})
	}
	return out
}

func (s *Sampler) between(from, to int64) []jobcontext.Sample {
	first, last := 0, len(s.samples)
	for i, sample := range s.samples {
		if sample.AtMillis <= from {
			first = i
		}
		if sample.AtMillis >= to {
			last = i + 1
			break
		}
	}
	return append([]jobcontext.Sample{}, s.samples[first:last]...)
}

// parallel calls do for 0 to n-1, some at a time, and returns when all are done.
func parallel(n int, do func(i int)) {
	var all sync.WaitGroup
	room := make(chan struct{}, atOnce)
	for i := range n {
		room <- struct{}{}
		all.Go(func() {
			defer func() { <-room }()
			do(i)
		})
	}
	all.Wait()
}

// sleep reports false when ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
