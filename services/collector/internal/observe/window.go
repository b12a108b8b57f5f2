package observe

import (
	"time"

	"squirrly.dev/internal/jobcontext"
)

// Window is the time in which the captures of one mode run. It is safe for concurrent use.
type Window struct {
	sampler  *Sampler
	mode     string
	seconds  int
	from, to int64 // ms since the start
	open     bool  // a profile has begun
}

// Window announces the captures of one mode. One that another collector has begun goes on.
func (s *Sampler) Window(mode string, seconds int) *Window {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.windows {
		if w.mode == mode {
			return w
		}
	}
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
// so that they span it.
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
