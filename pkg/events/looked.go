package events

import "slices"

// Looked is what a run looked at. A finding that it does not have is gone only if it looked where the finding was.
type Looked struct {
	Scope Scope      `json:"scope,omitzero"` // which TaskManagers were to be profiled; zero is all
	Modes []LookedAt `json:"modes"`
	Load  bool       `json:"load"` // how busy the vertices were is known, and the job ran whole
}

// LookedAt is what the captures of one mode are worth together.
type LookedAt struct {
	Mode    Mode  `json:"mode"`
	JVMs    int   `json:"jvms"`           // TaskManagers with a profile
	Lost    int   `json:"lost,omitempty"` // TaskManagers whose profile was lost
	Samples int64 `json:"samples"`
}

// Brief is a finding in the fewest words: those that did not fit are told by it, so that nobody takes them for gone.
type Brief struct {
	Fingerprint string   `json:"fingerprint"`
	Rule        string   `json:"rule,omitempty"`
	Category    string   `json:"category"`
	Title       string   `json:"title"`
	Severity    Severity `json:"severity"`
	Anchor      string   `json:"anchor,omitempty"`
	Mode        Mode     `json:"mode,omitempty"`
	Gain        Gain     `json:"gain"`
}

// MaxBriefs bounds the findings that are told in the fewest words.
const MaxBriefs = 20

func brief(f Finding) Brief {
	return Brief{
		Fingerprint: f.Fingerprint, Rule: f.Rule, Category: f.Category, Title: atMost(maxBriefTitle, f.Title),
		Severity: f.Severity, Anchor: atMost(maxBriefTitle, f.Anchor), Mode: f.Mode, Gain: f.Gain(),
	}
}

const maxBriefTitle = 120 // characters

// looked sums up what an analysis rests on.
func looked(a Analysis) *Looked {
	l := Looked{Modes: []LookedAt{}}
	jvms := map[Mode][]string{}
	for _, c := range a.Captures {
		i := slices.IndexFunc(l.Modes, func(x LookedAt) bool { return x.Mode == c.Mode })
		if i < 0 {
			i = len(l.Modes)
			l.Modes = append(l.Modes, LookedAt{Mode: c.Mode})
		}
		m := &l.Modes[i]
		switch {
		case c.Status != string(CaptureStored):
			m.Lost++
		case !slices.Contains(jvms[c.Mode], c.JVM):
			jvms[c.Mode] = append(jvms[c.Mode], c.JVM)
			m.JVMs++
		}
		m.Samples += c.Samples
	}
	switch a.Verdict.Limit { //nolint:exhaustive // all others know the load.
	case LimitUnknown, LimitRestarting, LimitStarting:
	default:
		l.Load = true
	}
	return &l
}
