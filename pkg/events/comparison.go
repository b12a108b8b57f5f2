package events

import "time"

// Usage is what a job delivered in the capture windows and what it took for that. A zero is unknown.
type Usage struct {
	Records float64 `json:"records,omitempty"` // per second, written by all sources
	Spread  float64 `json:"spread,omitempty"`  // largest distance of a window's rate from Records, as a share of Records
	Busy    float64 `json:"busy,omitempty"`    // thread equivalents of busy time, all vertices but the sources
	Cores   float64 `json:"cores,omitempty"`   // CPU time of the TaskManagers over the time that passed
	Shared  bool    `json:"shared,omitempty"`  // the TaskManagers ran other jobs too: Cores is not the job's alone
	Cold    bool    `json:"cold,omitempty"`    // the JIT compiler was still at work
	Starved float64 `json:"starved,omitempty"` // share of the time ready to run that task threads got no CPU, 0 to 1
}

// Cost is what one known problem or one hot function takes, whether or not it is worth a finding: later runs are
// compared with it.
type Cost struct {
	Rule     string   `json:"rule"`
	Anchor   string   `json:"anchor"`
	Vertices []string `json:"vertices,omitempty"`
	Mode     Mode     `json:"mode"`            // of the capture that carries it
	TE       float64  `json:"te,omitempty"`    // thread equivalents by WALL
	Cores    float64  `json:"cores,omitempty"` // by a CPU profile
	Rate     float64  `json:"rate,omitempty"`  // samples per second, in modes that show no time
	Samples  int64    `json:"samples"`
}

// Change is what became of a finding since the baseline run.
type Change string

// The changes of a finding. ChangeUnknown means that the two runs do not let it be told.
const (
	ChangeNew        Change = "new"
	ChangePersisting Change = "persisting"
	ChangeImproved   Change = "improved"
	ChangeWorse      Change = "worse"
	ChangeResolved   Change = "resolved"
	ChangeUnknown    Change = "unknown"
)

// Effect is the verdict on what was done since the baseline run.
type Effect string

// The effects.
const (
	EffectHelped  Effect = "helped"
	EffectNone    Effect = "no_effect"
	EffectWorse   Effect = "worse"
	EffectUnknown Effect = "unknown"
)

// Speed is the verdict on two runs of one job: what it gets through when it can do no more, else what it takes for each
// record.
type Speed string

// The verdicts. Each is also said in the older words of [Effect]: faster is helped, slower is worse, same is no_effect and
// cannot_be_told is unknown.
const (
	SpeedFaster  Speed = "faster"
	SpeedSlower  Speed = "slower"
	SpeedSame    Speed = "same"
	SpeedUnknown Speed = "cannot_be_told"
)

// Effect is the verdict in the older words.
func (s Speed) Effect() Effect {
	switch s {
	case SpeedFaster:
		return EffectHelped
	case SpeedSlower:
		return EffectWorse
	case SpeedSame:
		return EffectNone
	case SpeedUnknown:
	}
	return EffectUnknown
}

// Comparison sets the result beside that of the baseline run.
type Comparison struct {
	BaselineRun string       `json:"baselineRun"`
	BaselineAt  time.Time    `json:"baselineAt,omitzero"` // when it was captured
	Summary     string       `json:"summary"`
	Speed       Speed        `json:"speed,omitempty"`    // faster, slower, same or cannot_be_told
	Fixed       bool         `json:"fixed,omitempty"`    // a finding of the baseline is gone or clearly smaller, and Speed moved with it
	Effect      Effect       `json:"effect,omitempty"`   // Speed in older words
	Caveats     []string     `json:"caveats,omitempty"`  // what makes the two runs less comparable
	Measures    []Measure    `json:"measures,omitempty"` // of the whole job, the decisive one first
	Changes     []Comparable `json:"changes,omitempty"`
	Graphs      []GraphRef   `json:"graphs,omitempty"` // differential flame graphs
}

// GraphRef is a stored flame graph of one mode.
type GraphRef struct {
	Mode Mode `json:"mode"`
	ObjectRef
}

// Measure is one figure of the whole job, before and after.
type Measure struct {
	Name        string  `json:"name"` // for example throughput, or CPU per 1,000 records
	Unit        string  `json:"unit"` // "records/s", "core-s" or "thread-s" per 1,000 records, "share"
	Before      float64 `json:"before"`
	After       float64 `json:"after"`
	Significant bool    `json:"significant"` // more than two runs of the same job differ by
}

// Comparable is what became of one finding since the baseline run.
type Comparable struct {
	Fingerprint string   `json:"fingerprint"`
	Title       string   `json:"title"`
	Change      Change   `json:"change"`
	Before      float64  `json:"before,omitempty"`   // share of the limiting vertex's time, or of the profile, 0 to 1
	After       float64  `json:"after,omitempty"`    // likewise
	Rule        string   `json:"rule,omitempty"`     //
	Where       string   `json:"where,omitempty"`    // anchor and what it does
	Severity    Severity `json:"severity,omitempty"` // now, or in the baseline when it is resolved
	Metric      string   `json:"metric,omitempty"`   // what the change was judged by
	Unit        string   `json:"unit,omitempty"`     // of CostBefore and CostAfter
	CostBefore  float64  `json:"costBefore,omitempty"`
	CostAfter   float64  `json:"costAfter,omitempty"`
	Z           float64  `json:"z,omitempty"`      // test statistic, positive when it grew; beyond 2 counts
	Advice      string   `json:"advice,omitempty"` // what was recommended in the baseline run
	Effect      Effect   `json:"effect,omitempty"` // of that advice; empty for a new finding
}
