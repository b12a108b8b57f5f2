// Package diagnose turns the captures of a run, and what is known about the job, into an analysis: the limiting
// vertex or "not limited", the findings with their recommendations, and the numbered facts that carry each sentence.
//
// [Diagnose] is a pure function: the same input gives the same result. It knows no broker, no network, no clock and
// no language model; what it cannot see it reports as missing.
package diagnose

import (
	"errors"
	"slices"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/limits"
)

// Capture is one profile of one JVM.
type Capture struct {
	JVM       string            // id of the TaskManager
	Mode      events.Mode       // in which the profiler ran
	Requested events.Mode       // that was asked for; empty when it is Mode
	Seconds   float64           // duration of the profile; 0 is unknown
	Graph     *flamegraph.Graph // nil when the capture was lost
	Bytes     int64             // size of the page
	Status    string            // of the capture, as in the manifest; empty means stored
	Key       string            // of the artifact
	Code      events.Code       // why it was lost, or taken in another mode
	Note      string            // the same for people
	Hint      string            // what to do about it
	Notes     []string          // how it was read, in a few words each
}

// Input is all that a diagnosis rests on.
type Input struct {
	Captures         []Capture
	Context          *jobcontext.Context // nil: the pages alone
	PricePerCoreHour float64             // 0 is unknown: findings then have cores and no costs
	Currency         string              // of the price; empty is USD
	Without          []string            // rules that are left out
}

// Result is an analysis without its identity (run, job, time), which the caller fills in, and the condensed profiles
// that a prompt or a report shows.
type Result struct {
	Analysis events.Analysis
	Profiles []Profile // one for each mode, WALL first
	Around   []Around  // the frames of the first findings
	// FollowUps are the modes that were not captured and would explain more.
	FollowUps []events.Mode
	// Explain lays what the captures show of each operator over the plan.
	Explain func() Explanation `json:"-"`
	// Ground is what claims about the run are decided by. It is made when it is asked for the first time.
	Ground func() *Ground `json:"-"`
}

// Profile is the condensed profile of all JVMs in one mode, without idle frames.
type Profile struct {
	Mode       events.Mode
	JVMs       int
	Seconds    float64 // of one capture; 0 is unknown
	Samples    uint64  // all
	Active     uint64  // without idle frames: what the shares below refer to
	Tree       []Line  // in pre-order
	Categories []Category
	Packages   []Category // of the user's code, largest first
}

// Line is a line of the pruned call tree. Its ID is also that of a fact.
type Line struct {
	ID      string   // T1, T2 …
	Depth   int      // 0 for the topmost
	Frame   string   // normalised name
	Callers []string // that tell most of those between the line above and this one, the outermost first; at most four
	Share   float64  // of Active, with everything below
	Self    float64  // of Active, in the frame itself and the frames below that were left out
	TE      float64  // thread equivalents; 0 when unknown, as in every mode but WALL
	Worth   float64  // beside lines of all modes, 0 to 1: its share, more where it tells more; never more than that of the line above
	Samples uint64
}

// Category is a share of the work. Its ID is also that of a fact.
type Category struct {
	ID    string // C1, C2 …
	Name  string // user code, serialization …
	Share float64
}

// ErrNoCaptures is the error of [Diagnose] when no capture could be read, so that there is nothing to say.
var ErrNoCaptures = errors.New("no capture to diagnose")

// Diagnose finds what limits the job. Empty captures are a result (an idle or a lock-free JVM); none at all is
// ErrNoCaptures.
//
// It is a pipeline of values: the captures are read, their frames attributed to vertices and gathered in groups; problems
// are detected, ranked and put into words; and what they say is written, which is when facts get their numbers.
func Diagnose(in Input) (Result, error) {
	if !slices.ContainsFunc(in.Captures, func(c Capture) bool { return c.Graph != nil }) {
		return Result{}, ErrNoCaptures
	}
	r := read(&in)
	judged := limits.Of(r.ctx, r.loads, seen(r))
	a := attribute(r)
	v := &View{
		attribution: a, checked: check(a, judged.Limit), limit: limit(a, &judged), groups: gather(a), vertexFacts: vertexFacts(r),
	}
	t := conclude(v, rank(v, detect(v)), priceOf(in.PricePerCoreHour, in.Currency))
	return write(v, &t), nil
}
