package observe

import (
	"slices"
	"time"

	"squirrly.dev/internal/jobcontext"
)

// Kept is what one collector leaves to another that takes the run over: readings, and the windows that it had begun.
// Times of samples and windows are ms since Began.
type Kept struct {
	Began   int64               `json:"began"` // epoch ms by the JobManager's clock
	Windows []KeptWindow        `json:"windows,omitempty"`
	Samples []jobcontext.Sample `json:"samples,omitempty"`
	// Watermarks of the first reading, in one of the parts.
	Watermarks []jobcontext.WatermarkReading `json:"watermarks,omitempty"`
}

// KeptWindow is a window as far as it was known.
type KeptWindow struct {
	Mode    string `json:"mode"`
	Seconds int    `json:"seconds"`
	From    int64  `json:"from"`
	To      int64  `json:"to"`
	Open    bool   `json:"open"`
}

// Unkept returns what was read since the last call, for [Sampler.Keep] of another collector. It reports false when
// there is nothing new, or no clock by which another collector could tell when it was.
func (s *Sampler) Unkept() (Kept, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = min(s.kept, len(s.samples)) // the first one may have been dropped since
	k := Kept{Began: s.graph.clock(s.began), Samples: s.samples[s.kept:]}
	if len(k.Samples) == 0 || k.Began == 0 {
		return Kept{}, false
	}
	s.kept = len(s.samples)
	if !s.keptMarks && len(s.watermarks.readings) > 0 {
		k.Watermarks, s.keptMarks = slices.Clone(s.watermarks.readings[:1]), true
	}
	for _, w := range s.windows {
		k.Windows = append(k.Windows, KeptWindow{Mode: w.mode, Seconds: w.seconds, From: w.from, To: w.to, Open: w.open})
	}
	return k, true
}

// Keep takes over what another collector has read, in the order in which it was kept. It must be called before anything
// is read. Without a clock of the JobManager, since the job is gone, time begins where the other collector's did.
func (s *Sampler) Keep(all []Kept) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(all) == 0 {
		return
	}
	start := all[0].Began
	if now := s.graph.clock(s.began); now > start {
		s.began = s.began.Add(-time.Duration(now-start) * time.Millisecond)
	}
	for _, k := range all {
		shift := k.Began - start
		for _, sample := range k.Samples {
			sample.AtMillis += shift
			if n := len(s.samples); n == 0 || sample.AtMillis > s.samples[n-1].AtMillis {
				s.samples = append(s.samples, sample)
			}
		}
		if len(k.Watermarks) > 0 {
			first := k.Watermarks[0]
			first.AtMillis += shift
			s.watermarks.readings, s.keptMarks = []jobcontext.WatermarkReading{first}, true
		}
		s.windows = nil // those of the last one are the newest
		for _, w := range k.Windows {
			s.windows = append(s.windows, w.restore(s, shift))
		}
	}
	s.kept = len(s.samples)
}

// restore makes a window of it, which lasted as long as its profiles unless it goes on.
func (k KeptWindow) restore(s *Sampler, shift int64) *Window {
	w := &Window{sampler: s, mode: k.Mode, seconds: k.Seconds, from: k.From + shift, to: k.To + shift, open: k.Open}
	if w.open {
		w.to = max(w.to, w.from+int64(k.Seconds)*time.Second.Milliseconds())
	}
	return w
}
