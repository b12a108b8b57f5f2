package diagnose

import (
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// View is everything that is known before problems are looked for: the captures and counters, where their frames belong,
// what limits the job, and the samples of the rules in groups. Detectors only read it.
type View struct {
	*attribution
	checked checked
	limit   limiting
	groups  []*group
	// vertexFacts state the load of each vertex.
	vertexFacts []fact
}

// Problem is one fault at one place, or a remark that is true and useful but nothing to fix. Frames and metrics give the
// same type, so that problems can be weighed against each other.
type Problem struct {
	Rule *mechanisms.Mechanism // nil for a remark of no rule

	Anchor, Frame string   // first user frame below an operator or between tasks, and what was matched below it
	Path          []string // of frames from the operator to Frame, shortened
	Vertices      []string // that it may belong to
	Mode          events.Mode
	Samples       int64
	TE            float64 // thread equivalents, or cores of a CPU profile; 0 is unknown

	OnPath     bool    // it takes the time of what limits the job
	Size       float64 // what the thresholds of the rule are compared with
	P, StdErr  float64 // share of the time of what limits, and its sampling error
	Share      float64 // of the profile that carries it, without idle
	Bound      float64 // of the speed-up; 0 is none
	Cores      float64 // CPU that it takes; 0 is none or unknown
	Severity   events.Severity
	Confidence events.Confidence

	CostPerHour float64 // of Cores, in Currency; 0 without a price
	Currency    string

	Where, Extent, Why, Cause, Impact string // texts of the finding
	Headline                          string // sentence of the verdict that this problem explains; empty is the usual one
	Remark                            string // text of an observation, for what is no finding
	Facts                             []fact // that prove it

	advice       events.Recommendation
	alternatives []events.Recommendation
	wider        bool // the first change spares more than P: there is no Bound

	group      *group    // nil without frames
	timed      bool      // its size is one of time
	open       bool      // it may be in a vertex that limits, or in another one
	sizeErr    float64   // sampling error of Size
	minor      bool      // it gains next to nothing beside the first finding
	garbage    float64   // share of the CPU that the collector takes for it
	beside     fact      // what other threads take that may be its work as well, as a share of the CPU; without a text there is none
	elsewhere  []Problem // the same cause where no vertex can be named
	also       []Problem // the same fault as other rules see it
	counts     measured
	times      map[mechanisms.Family]timed
	whole      float64  // thread equivalents that P is a share of
	proofs     []fact   // the first of Facts, which the verdict cites, too
	overlaps   []fact   // the same as sharedWith
	yields     bool     // another one may take them from it
	sharedWith []string // how many samples it shares with which other problem
}

// Detector looks for one kind of problem.
type Detector interface {
	// Rule is how the rules of the catalogue name the detector (`by`); it is empty for remarks of no rule.
	Rule() string
	// Detect returns the problems in the order in which they are told.
	Detect(*View) []Problem
}

// detectors are all that look at more than frames, in the order of their remarks. What frames show is found by the rules.
var detectors = []Detector{
	detector{"", sharedJobs},
	detector{"restarts", incidents},
	detector{"skew", skews},
	detector{"source-skew", sourceSkews},
	detector{"watermarks", watermarks},
	detector{"starvation", starvation},
	detector{"collections", collections},
	detector{"", limitReason},
	detector{"", rivals},
	detector{"backpressure", backpressured},
	detector{"", bufferWaits},
	detector{"", offCPU},
	detector{"", helperThreads},
	detector{"", idleWorkers},
	detector{"chaining", unchained},
	detector{"barriers", barriers},
	detector{"checkpoint-pace", checkpointPace},
	detector{"checkpoint-failures", checkpointFailures},
	detector{"names", unnamedFrames},
	detector{"", warmth},
}

// detector is a [Detector] of one function.
type detector struct {
	rule   string
	detect func(*View) []Problem
}

func (d detector) Rule() string             { return d.rule }
func (d detector) Detect(v *View) []Problem { return d.detect(v) }

// detect asks all detectors; about a job that did not run, only the one that says why.
func detect(v *View) []Problem {
	if v.limit.Incident != nil {
		return incidents(v)
	}
	var out []Problem
	for _, d := range detectors {
		out = append(out, d.Detect(v)...)
	}
	return out
}

// remark is a problem that needs no change. Without a text, only its facts are kept.
func remark(text string, facts ...fact) Problem { return Problem{Remark: text, Facts: facts} }

// finding is a problem of a rule without frames.
func finding(rule *mechanisms.Mechanism, anchor string) Problem {
	return Problem{Rule: rule, Anchor: anchor, Frame: anchor}
}
