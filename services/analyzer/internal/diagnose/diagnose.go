// Package diagnose turns the captures of a run, and what is known about the job, into an analysis: the limiting
// vertex or "not limited", the findings with their recommendations, and the numbered facts that carry each sentence.
//
// [Diagnose] is a pure function: the same input gives the same result. It knows no broker, no network, no clock and
// no language model; what it cannot see it reports as missing.
package diagnose

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/limits"
	"squirrly.dev/services/analyzer/internal/rules"
	"squirrly.dev/services/analyzer/internal/scan"
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
}

// Profile is the condensed profile of all JVMs in one mode, without idle frames.
type Profile struct {
	Mode       events.Mode
	JVMs       int
	Seconds    float64 // of one capture; 0 is unknown
	Samples    uint64  // all
	Active     uint64  // without idle frames: what the shares below refer to
	Threshold  float64 // share below which frames are left out of Tree
	Tree       []Line  // in pre-order
	TopSelf    []Top   // most samples first
	Categories []Category
	Packages   []Category // of the user's code, largest first
}

// Line is a line of the pruned call tree. Its ID is also that of a fact.
type Line struct {
	ID      string   // T1, T2 …
	Depth   int      // 0 for the topmost
	Frame   string   // normalised name
	Through []string // callers between the line above and this one that add nothing of their own
	Share   float64  // of Active, with everything below
	Self    float64  // of Active, in the frame itself and the frames below that were left out
	TE      float64  // thread equivalents; 0 when unknown, as in every mode but WALL
	Samples uint64
}

// Top is a frame with many samples of its own. Its ID is also that of a fact.
type Top struct {
	ID      string // F1, F2 …
	Frame   string
	Self    float64 // share of Active
	TE      float64 // as in Line
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

var defaultScanner = sync.OnceValue(func() *scan.Scanner { return scan.NewScanner(rules.Default()) })

// Diagnose finds what holds the job back. Empty captures are a result (an idle or a locked-free JVM); none at all is
// ErrNoCaptures.
func Diagnose(in Input) (Result, error) {
	d := diagnosis{ctx: in.Context, catalogue: rules.Default(), scanner: defaultScanner()}
	if len(in.Without) > 0 {
		d.catalogue = d.catalogue.Without(in.Without...)
		d.scanner = scan.NewScanner(d.catalogue)
	}
	if !slices.ContainsFunc(in.Captures, func(c Capture) bool { return c.Graph != nil }) {
		return Result{}, ErrNoCaptures
	}
	d.setPrice(in.PricePerCoreHour, in.Currency)
	if d.ctx != nil {
		d.loads = limits.Loads(d.ctx)
		d.missing = append(d.missing, d.ctx.Missing...)
	}
	d.judged = limits.Judge(d.loads)
	d.vertices = newVertexMap(&d)
	d.scan(in.Captures)
	d.whatIsMissing()
	d.rates()
	d.check()
	d.splitJobs()
	d.vertexFacts()
	d.gather()
	d.measureStarvation()
	return d.result(), nil
}

// diagnosis is the work on one input.
type diagnosis struct {
	ctx       *jobcontext.Context // nil: the pages alone
	catalogue *rules.Catalogue
	scanner   *scan.Scanner
	loads     []limits.Load // empty without a context
	judged    limits.Judgement
	modes     []*modeScans // WALL first
	stats     []events.CaptureStats
	facts     ledger
	trust     trust
	unnamed   string // fact of frames without a name; empty when there are few
	vertices  *vertexMap
	places    map[chainAt]placed
	vertexTE  []float64 // by vertex: thread equivalents that are surely its own
	groups    []*group
	starved   starved
	corePrice float64 // of an hour; 0 is unknown
	currency  string

	vertexFact   []string // by vertex: the id of its fact
	victimTE     float64  // in D1
	victimN      uint64
	observations []events.Observation
	missing      []string
	degraded     []string
}

func (d *diagnosis) result() Result {
	findings, chosen := d.findings()
	d.price(findings, chosen)
	d.join(findings)
	v := d.verdict(findings, chosen)
	d.observe()
	profiles := d.profiles()
	around := d.around(findings)
	a := events.Analysis{
		Schema: events.AnalysisSchema, Verdict: v, Severity: events.SeverityNone, Findings: findings,
		Observations: d.observations, Vertices: d.vertexLoads(), Usage: d.usage(), Costs: d.costs(),
		Captures: d.stats, Evidence: d.facts.facts, Missing: d.missing, DegradedWhy: d.degraded, Degraded: len(d.degraded) > 0,
		Provenance: events.Provenance{RulesVersion: d.catalogue.Version, Provider: "rules"},
	}
	if d.ctx != nil {
		a.JobID, a.JobName, a.FlinkVersion = d.ctx.Job.ID, d.ctx.Job.Name, d.ctx.FlinkVersion
	}
	for _, f := range findings {
		if f.Severity.AtLeast(a.Severity) {
			a.Severity = f.Severity
		}
	}
	return Result{Analysis: a, Profiles: profiles, Around: around, FollowUps: d.followUps()}
}

func (d *diagnosis) miss(format string, args ...any) {
	d.missing = append(d.missing, fmt.Sprintf(format, args...))
}

func (d *diagnosis) degrade(format string, args ...any) {
	d.degraded = append(d.degraded, fmt.Sprintf(format, args...))
}

// note writes a remark beside a capture.
func (d *diagnosis) note(s *jvmScan, format string, args ...any) {
	for i := range d.stats {
		if d.stats[i].JVM == s.JVM && d.stats[i].Mode == s.Mode {
			d.stats[i].Notes = append(d.stats[i].Notes, fmt.Sprintf(format, args...))
			return
		}
	}
}

func (d *diagnosis) categoryIndex(name string) int {
	return slices.IndexFunc(d.catalogue.Frames.Categories, func(c rules.Category) bool { return c.Name == name })
}

// whatIsMissing says what would have told more.
func (d *diagnosis) whatIsMissing() {
	if d.ctx == nil {
		d.miss("The metrics of the job: without them nobody can tell which vertex limits it.")
	} else if d.judged.Limit == events.LimitUnknown {
		d.miss("The busy and back-pressured times of the job's subtasks: they would show which vertex limits it.")
	}
	if d.ctx != nil && len(d.ctx.Threads) == 0 && len(d.loads) > 1 {
		d.miss("Thread dumps: they would tell for sure to which vertex a function belongs.")
	}
	if len(d.family(rules.FamilyWall)) == 0 {
		d.miss("A WALL capture: it would show sleeping and blocking functions, and thread equivalents.")
	}
	if len(d.family(rules.FamilyCPU)) == 0 {
		d.miss("An ITIMER capture: it would show CPU work in more detail, and CPU starvation.")
	}
}
