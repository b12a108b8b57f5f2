package compare_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/compare"
)

// run is a job of three vertices whose middle one does the work.
type run struct {
	records, busy, te, cores float64 // of the job, of the middle vertex, of the problem, of the JVM
	limited, listed          bool
	samples                  int64
	anchor                   string
	mode                     events.Mode
	cold                     bool
	modes                    []events.Mode
	costs                    bool // measured although not listed
}

const problem = "com.shop.Enrich.map"

func (r run) analysis() events.Analysis {
	if r.anchor == "" {
		r.anchor = problem
	}
	if r.mode == "" {
		r.mode = events.ModeITimer
	}
	if r.modes == nil {
		r.modes = []events.Mode{events.ModeITimer, events.ModeWall}
	}
	a := events.Analysis{
		Run: "r", JobName: "orders", CreatedAt: time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC),
		Verdict: events.Verdict{Limit: events.LimitNone, Busy: r.busy},
		Usage:   &events.Usage{Records: r.records, Spread: 0.02, Busy: r.busy + 0.1, Cores: r.cores, Cold: r.cold},
		Vertices: []events.VertexLoad{
			{Name: "source", Parallelism: 1, RecordsOut: r.records},
			{Name: "enrich", Parallelism: 1, Busy: r.busy, RecordsIn: r.records},
			{Name: "sink", Parallelism: 1, RecordsIn: r.records},
		},
		Costs: []events.Cost{{Rule: "U1", Anchor: "com.shop.Sink.write", Vertices: []string{"sink"}, TE: 0.1, Cores: 0.1, Samples: 60}},
	}
	for _, m := range r.modes {
		a.Captures = append(a.Captures, events.CaptureStats{Mode: m, Samples: 3000, Status: "stored"})
	}
	if r.limited {
		a.Verdict.Limit = events.LimitVertex
	}
	if r.listed || r.costs {
		a.Costs = append(a.Costs, events.Cost{
			Rule: "A6", Anchor: r.anchor, Vertices: []string{"enrich"}, Mode: r.mode, TE: r.te, Cores: r.te, Samples: r.samples,
		})
	}
	if r.listed {
		a.Findings = append(a.Findings, events.Finding{
			Fingerprint: "f-" + r.anchor, Rule: "A6", Title: "A pattern compiled for each record", Severity: events.SeverityWarning,
			Anchor: r.anchor, Frame: "java.util.regex.Pattern.compile", Vertices: []string{"enrich"}, Mode: r.mode,
			Samples: r.samples, TE: r.te, P: min(1, r.te/max(r.busy, 0.01)), OnPath: r.limited,
			Recommendation: events.Recommendation{Change: "Compile it once."},
		})
	}
	return a
}

var (
	bad  = run{records: 1000, busy: 0.99, te: 0.80, cores: 1.1, limited: true, listed: true, samples: 2400}
	good = run{records: 2000, busy: 0.41, cores: 0.8}
)

func TestCompare(t *testing.T) {
	with := func(r run, change func(*run)) run { change(&r); return r }
	for name, x := range map[string]struct {
		before, after run
		effect        events.Effect
		change        events.Change
		advice        events.Effect
		says          string
	}{
		"bad to good": {
			bad, good, events.EffectHelped, events.ChangeResolved, events.EffectHelped,
			"Fix helped: A6 in Enrich.map resolved; throughput 2.0×; thread time per 1,000 records −77 %; CPU per 1,000 records −64 %.",
		},
		"good to bad": {
			good, bad, events.EffectWorse, events.ChangeNew, "",
			"Worse: A6 in Enrich.map new; throughput −50 %; thread time per 1,000 records 4.3×; CPU per 1,000 records 2.8×.",
		},
		"the same": {
			bad, bad, events.EffectNone, events.ChangePersisting, events.EffectNone,
			"No effect: A6 in Enrich.map persisting; throughput as before (± 0 %).",
		},
		"the same, a little off": {
			bad,
			run{records: 1070, busy: 0.97, te: 0.76, cores: 1.2, limited: true, listed: true, samples: 2280},
			events.EffectNone, events.ChangePersisting, events.EffectNone, "throughput as before (+7 %)",
		},
		"good again": {good, good, events.EffectNone, "", "", "No change: no findings then and now; throughput as before (± 0 %)."},
		"half as expensive": {
			bad,
			run{records: 1700, busy: 0.98, te: 0.60, cores: 1.2, limited: true, listed: true, samples: 1800},
			events.EffectHelped, events.ChangeImproved, events.EffectHelped, "Fix helped: A6 in Enrich.map improved; throughput 1.7×",
		},
		"twice as expensive": {
			bad,
			run{records: 540, busy: 0.99, te: 0.91, cores: 1.1, limited: true, listed: true, samples: 2730},
			events.EffectWorse, events.ChangeWorse, events.EffectWorse, "Worse: A6 in Enrich.map worse; throughput −46 %",
		},
		// The share falls to a third because there is less to do, and not because the code is better.
		"less input": {
			bad,
			run{records: 330, busy: 0.33, te: 0.26, cores: 0.36, listed: true, samples: 790},
			events.EffectNone, events.ChangePersisting, events.EffectNone, "No effect",
		},
		"too little input to see it": {
			with(bad, func(r *run) { r.samples = 200 }),
			run{records: 40, busy: 0.04, cores: 0.1},
			events.EffectNone, events.ChangeUnknown, events.EffectUnknown, "",
		},
		// The share grows from 40 to 80 % because something else went away.
		"shares alone": {
			run{records: 1000, busy: 0.99, te: 0.40, cores: 1.1, limited: true, listed: true, samples: 1200},
			run{records: 1900, busy: 0.97, te: 0.77, cores: 1.1, limited: true, listed: true, samples: 2300},
			events.EffectHelped, events.ChangePersisting, events.EffectNone, "",
		},
		// A neighbour took the CPU: the threads are busy for longer, and do nothing more.
		"starved": {
			run{records: 1000, busy: 0.40, te: 0.20, cores: 0.4, listed: true, samples: 240},
			run{records: 1000, busy: 0.62, te: 0.20, cores: 0.41, listed: true, samples: 240},
			events.EffectNone, events.ChangePersisting, events.EffectNone, "",
		},
		"below a finding": {
			run{records: 1000, busy: 0.5, te: 0.105, cores: 0.6, listed: true, samples: 63},
			run{records: 1000, busy: 0.5, te: 0.095, cores: 0.6, costs: true, samples: 57},
			events.EffectNone, events.ChangePersisting, events.EffectNone, "",
		},
		"by CPU instead of ITIMER": {
			bad, with(bad, func(r *run) { r.mode, r.modes = events.ModeCPU, []events.Mode{events.ModeCPU, events.ModeWall} }),
			events.EffectNone, events.ChangePersisting, events.EffectNone, "",
		},
		"another build": {
			with(bad, func(r *run) { r.anchor = "com.shop.Job.lambda$main$3" }),
			with(bad, func(r *run) { r.anchor = "com.shop.Job.lambda$main$8f1c2a$1" }),
			events.EffectNone, events.ChangePersisting, events.EffectNone, "",
		},
		"another mode": {
			with(bad, func(r *run) { r.modes = []events.Mode{events.ModeITimer} }),
			with(good, func(r *run) { r.modes = []events.Mode{events.ModeWall} }),
			events.EffectUnknown, events.ChangeUnknown, events.EffectUnknown, "Cannot be compared: the two runs have no mode in common.",
		},
		"cold, a little faster": {
			with(bad, func(r *run) { r.cold = true }),
			run{records: 1300, busy: 0.97, te: 0.75, cores: 1.1, limited: true, listed: true, samples: 2250},
			events.EffectUnknown, events.ChangePersisting, events.EffectNone, "Not certain",
		},
		"cold, and twice as fast": {
			with(bad, func(r *run) { r.cold = true }), good, events.EffectHelped, events.ChangeResolved, events.EffectHelped, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := compare.Compare(x.before.analysis(), x.after.analysis())
			if got.Effect != x.effect || !strings.Contains(got.Summary, x.says) {
				t.Errorf("effect %s, want %s: %s", got.Effect, x.effect, got.Summary)
			}
			if x.change == "" {
				if len(got.Changes) > 0 {
					t.Errorf("changes %+v", got.Changes)
				}
				return
			}
			if len(got.Changes) != 1 || got.Changes[0].Change != x.change || got.Changes[0].Effect != x.advice {
				t.Errorf("changes %+v, want %s and %q", got.Changes, x.change, x.advice)
			}
		})
	}
}

// Nothing is set against the records of a job whose throughput is unknown, and no advice is said to have helped.
func TestCompare_WithoutThroughput(t *testing.T) {
	before, after := bad.analysis(), good.analysis()
	before.Usage, after.Usage = nil, nil
	got := compare.Compare(before, after)
	if got.Effect != events.EffectUnknown || got.Changes[0].Change != events.ChangeResolved || got.Changes[0].Effect != events.EffectUnknown {
		t.Errorf("%s: %+v", got.Effect, got.Changes)
	}
	after = bad.analysis()
	after.Findings[0].P, after.Costs[1].TE, after.Usage = 0.3, 0.3, nil
	if got = compare.Compare(before, after); got.Changes[0].Change != events.ChangePersisting {
		t.Errorf("judged by shares alone: %+v", got.Changes)
	}
}

func TestCompare_AnotherJob(t *testing.T) {
	before, after := bad.analysis(), good.analysis()
	for i := range after.Vertices {
		after.Vertices[i].Name += "-2"
	}
	got := compare.Compare(before, after)
	if got.Effect != events.EffectUnknown || got.Changes[0].Change != events.ChangeUnknown || !strings.HasPrefix(got.Summary, "Cannot be compared") {
		t.Errorf("%s: %s, %+v", got.Effect, got.Summary, got.Changes)
	}
}

// A fix that changes what the source writes: its records are other ones, and the limit that is gone tells.
func TestCompare_OtherRecords(t *testing.T) {
	before, after := bad.analysis(), good.analysis()
	after.Vertices[0].Name, after.Usage.Records = "source -> sum", 100
	got := compare.Compare(before, after)
	if got.Effect != events.EffectHelped || got.Changes[0].Change != events.ChangeResolved || got.Changes[0].Effect != events.EffectHelped {
		t.Errorf("%s: %s, %+v", got.Effect, got.Summary, got.Changes)
	}
	if got = compare.Compare(after, before); got.Effect != events.EffectWorse {
		t.Errorf("back: %s: %s", got.Effect, got.Summary)
	}
	after.Findings = before.Findings
	after.Costs = before.Costs
	if got = compare.Compare(before, after); got.Effect != events.EffectUnknown {
		t.Errorf("with the same findings: %s: %s", got.Effect, got.Summary)
	}
}

// The same function in two vertices stays two problems, whichever is the larger one.
func TestCompare_TwoVertices(t *testing.T) {
	two := func(first, second string) events.Analysis {
		a := bad.analysis()
		g := a.Findings[0]
		a.Findings = append(a.Findings, g)
		a.Findings[0].Vertices, a.Findings[1].Vertices = []string{first}, []string{second}
		a.Findings[1].Fingerprint = "other"
		for i, f := range a.Findings {
			a.Costs = append(a.Costs, events.Cost{Rule: "A6", Anchor: f.Anchor, Vertices: f.Vertices, TE: f.TE, Samples: 2400 - int64(i)})
		}
		return a
	}
	got := compare.Compare(two("enrich", "sink"), two("sink", "enrich"))
	for _, x := range got.Changes {
		if x.Change != events.ChangePersisting {
			t.Errorf("%+v", x)
		}
	}
	if len(got.Changes) != 2 {
		t.Errorf("%d changes", len(got.Changes))
	}
}

// What a language model does not say again is not resolved by that.
func TestCompare_ModelIsSilent(t *testing.T) {
	before := bad.analysis()
	before.Findings[0].Rule, before.Findings[0].Category, before.Costs = "", "cache", before.Costs[:1]
	got := compare.Compare(before, bad.analysis())
	for _, x := range got.Changes {
		if x.Rule == "" && (x.Change != events.ChangeUnknown || x.Effect != events.EffectUnknown) {
			t.Errorf("%+v", x)
		}
	}
}

func TestCompare_IsBounded(t *testing.T) {
	before := bad.analysis()
	for i := range 200 {
		f := before.Findings[0]
		f.Anchor = fmt.Sprintf("com.shop.F%c%c.map", 'a'+i/20, 'a'+i%20)
		f.Fingerprint = f.Anchor
		before.Findings = append(before.Findings, f)
	}
	got := compare.Compare(before, good.analysis())
	if len(got.Changes) > 50 || len(got.Summary) > 600 {
		t.Errorf("%d changes, %d bytes of summary", len(got.Changes), len(got.Summary))
	}
}
