package finding

import "squirrly.dev/pkg/events"

// place is where a run looked for a finding.
type place struct {
	Scope   string `json:"scope,omitempty"`
	JVMs    int    `json:"jvms,omitempty"`    // with a profile of the mode
	Samples int64  `json:"samples,omitempty"` // of the mode
	Load    bool   `json:"load,omitempty"`
}

const (
	// expected is how many samples of a finding a run must have been able to show, so that none means something.
	expected = 10
	// mostJVMs is how many TaskManagers a run of two modes holds; with as many, it may have looked at others.
	mostJVMs = events.MaxTaskManagers / 2
)

// family are the modes that show the same.
func family(m events.Mode) events.Mode {
	if m == events.ModeCPU {
		return events.ModeITimer
	}
	return m
}

// at is where a run looked for findings of a mode, and whether it did at all, and lost nothing.
func at(r *events.Looked, mode events.Mode) (place, bool) {
	if r == nil {
		return place{}, false
	}
	p := place{Scope: r.Scope.String(), Load: r.Load}
	if mode == "" { // by metrics alone
		return p, r.Load
	}
	whole := false
	for _, m := range r.Modes {
		if family(m.Mode) != family(mode) {
			continue
		}
		whole = m.Lost == 0 && m.Samples > 0
		p.JVMs, p.Samples = max(p.JVMs, m.JVMs), p.Samples+m.Samples
	}
	return p, whole
}

// looked reports whether a run would have shown the finding if it were still there as it was.
func (l *Life) looked(r Run) bool {
	p, whole := at(r.Looked, l.Mode)
	all := p.Scope == events.ScopeAll
	switch {
	case !whole, r.More, l.Proof == events.ProofSupported && !r.Model: // whoever was not asked says nothing
		return false
	case l.Place.Load && !p.Load:
		return false
	case l.Mode == "":
		return true
	case !all && p.Scope != l.Place.Scope:
		return false
	case p.JVMs < l.Place.JVMs && (!all || p.JVMs >= mostJVMs || l.Place.Scope != events.ScopeAll):
		return false
	case l.Samples == 0 || l.Place.Samples == 0:
		return p.Samples*2 >= l.Place.Samples
	}
	return float64(l.Samples)/float64(l.Place.Samples)*float64(p.Samples) >= expected
}
