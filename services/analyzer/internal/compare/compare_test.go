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
		a.Verdict.Limit, a.Verdict.VertexName = events.LimitVertex, "enrich"
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
			"Faster, and the fix is seen: A6 in Enrich.map resolved; throughput at enrich 2.0×; thread time per 1,000 records −79 %; the job is not limited any more.",
		},
		"good to bad": {
			good, bad, events.EffectWorse, events.ChangeNew, "",
			"Slower: A6 in Enrich.map new; throughput at enrich −50 %; thread time per 1,000 records 4.8×; the job is limited now.",
		},
		"the same": {
			bad, bad, events.EffectNone, events.ChangePersisting, events.EffectNone,
			"The same: A6 in Enrich.map persisting; throughput at enrich as before (± 0 %).",
		},
		"the same, a little off": {
			bad,
			run{records: 1070, busy: 0.97, te: 0.76, cores: 1.2, limited: true, listed: true, samples: 2280},
			events.EffectNone, events.ChangePersisting, events.EffectNone, "throughput at enrich as before (+7 %)",
		},
		"good again": {good, good, events.EffectNone, "", "", "The same: no findings then and now; input as before (± 0 %)."},
		"half as expensive": {
			bad,
			run{records: 1700, busy: 0.98, te: 0.60, cores: 1.2, limited: true, listed: true, samples: 1800},
			events.EffectHelped, events.ChangeImproved, events.EffectHelped, "Faster, and the fix is seen: A6 in Enrich.map improved; throughput at enrich 1.7×",
		},
		"twice as expensive": {
			bad,
			run{records: 540, busy: 0.99, te: 0.91, cores: 1.1, limited: true, listed: true, samples: 2730},
			events.EffectWorse, events.ChangeWorse, events.EffectWorse, "Slower: A6 in Enrich.map worse; throughput at enrich −46 %",
		},
		// The share falls to a third because there is less to do, and not because the code is better.
		"less input": {
			bad,
			run{records: 330, busy: 0.33, te: 0.26, cores: 0.36, listed: true, samples: 790},
			events.EffectNone, events.ChangePersisting, events.EffectNone, "The same",
		},
		// A job that paces itself is never busy: what it could do before is not known.
		"a limit of its own is gone": {
			run{records: 1000, busy: 0.35, cores: 0.9},
			run{records: 150_000, busy: 0.99, cores: 1.2, limited: true},
			events.EffectUnknown, "", "", "Cannot be told",
		},
		// Threads that queue for a lock wait less by more than the load, and no code changed.
		"less input, and no queue any more": {
			with(bad, func(r *run) { r.mode, r.cores = events.ModeWall, 0.9 }),
			run{records: 760, busy: 0.45, te: 0.15, cores: 0.60, mode: events.ModeWall, costs: true, samples: 450},
			events.EffectUnknown, events.ChangeResolved, events.EffectUnknown, "Cannot be told: A6 in Enrich.map resolved",
		},
		"less input, and less CPU for it than before": {
			with(bad, func(r *run) { r.mode, r.cores = events.ModeWall, 0.9 }),
			run{records: 760, busy: 0.20, te: 0.15, cores: 0.25, mode: events.ModeWall, costs: true, samples: 450},
			events.EffectHelped, events.ChangeResolved, events.EffectHelped, "Faster, and the fix is seen",
		},
		"another native function is ahead": {
			with(bad, func(r *run) { r.anchor = "G1EvacuateRegionsBaseTask::work" }),
			with(bad, func(r *run) { r.anchor = "G1CMConcurrentMarkingTask::work" }),
			events.EffectNone, events.ChangePersisting, events.EffectNone, "The same: A6 in G1CMConcurrentMarkingTask::work persisting",
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
			run{records: 1450, busy: 0.99, te: 0.75, cores: 1.1, limited: true, listed: true, samples: 2250},
			events.EffectUnknown, events.ChangePersisting, events.EffectNone, "Cannot be told",
		},
		"cold, and twice as fast": {
			with(bad, func(r *run) { r.cold = true }), good, events.EffectHelped, events.ChangeResolved, events.EffectHelped, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := compare.Compare(x.before.analysis(), x.after.analysis())
			if got.Effect != x.effect || got.Speed.Effect() != x.effect || !strings.Contains(got.Summary, x.says) {
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
	for _, a := range []*events.Analysis{&before, &after} {
		for i := range a.Vertices {
			a.Vertices[i].RecordsIn, a.Vertices[i].RecordsOut = -1, -1
		}
	}
	got := compare.Compare(before, after)
	if got.Effect != events.EffectUnknown || got.Changes[0].Change != events.ChangeResolved || got.Changes[0].Effect != events.EffectUnknown {
		t.Errorf("%s: %+v", got.Effect, got.Changes)
	}
	after = bad.analysis()
	after.Findings[0].P, after.Costs[1].TE, after.Usage = 0.3, 0.3, nil
	after.Vertices[1].RecordsIn = -1
	if got = compare.Compare(before, after); got.Changes[0].Change != events.ChangePersisting {
		t.Errorf("judged by shares alone: %+v", got.Changes)
	}
}

func TestCompare_AnotherJob(t *testing.T) {
	before, after := bad.analysis(), good.analysis()
	after.JobName = "invoices"
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

// The same query by another plan, or another plan of the same query: by the operators, else by the limit.
func TestCompare_OtherPlan(t *testing.T) {
	plan := func(a events.Analysis, names ...string) events.Analysis {
		for i := range a.Vertices {
			a.Vertices[i].Name = names[i]
			if a.Verdict.VertexName == "enrich" && i == 1 {
				a.Verdict.VertexName = names[i]
			}
		}
		for i := range a.Findings {
			a.Findings[i].Vertices = []string{names[1]}
		}
		a.Costs = nil
		return a
	}
	before := plan(bad.analysis(), "Source: bid[1]", "Join[10] -> Calc[11]", "out[12]: Writer")
	for name, names := range map[string][]string{
		"numbers":   {"Source: bid[3]", "Join[12] -> Calc[13]", "out[14]: Writer"},
		"arguments": {"Source: bid[3]", "Join(select=[a, b]) -> Calc(select=[a])", "out[14]: Writer"},
		"operators": {"Source: bid[3] -> Calc[4]", "Rank[12]", "out[14]: Writer"},
		"nothing":   {"Source: offers[3] -> Calc[4]", "Rank[12]", "in[14]: Writer"},
	} {
		got := compare.Compare(before, plan(good.analysis(), names...))
		if got.Speed != events.SpeedFaster || !got.Fixed || got.Changes[0].Change != events.ChangeResolved {
			t.Errorf("%s: %s", name, got.Summary)
		}
		back := compare.Compare(plan(bad.analysis(), names...), before)
		if back.Speed == events.SpeedFaster || back.Speed == events.SpeedSlower {
			t.Errorf("%s, the same: %s", name, back.Summary)
		}
	}
}

// An upgrade neither resolves nor reopens: what is not found again by rule and anchor cannot be told.
func TestCompare_OtherVersion(t *testing.T) {
	after := bad.analysis()
	after.Findings[0].FingerprintVersion, after.Findings[0].Fingerprint = 2, "other"
	got := compare.Compare(bad.analysis(), after)
	if len(got.Changes) != 1 || got.Changes[0].Change != events.ChangePersisting || len(got.Caveats) == 0 {
		t.Errorf("by rule and anchor: %+v", got.Changes)
	}
	after.Findings[0].Anchor, after.Costs = "com.shop.Enrich.open", nil
	for _, x := range compare.Compare(bad.analysis(), after).Changes {
		if x.Change != events.ChangeUnknown || x.Effect == events.EffectHelped {
			t.Errorf("under another name: %+v", x)
		}
	}
	after = good.analysis()
	after.Provenance.RulesVersion = "next"
	if got = compare.Compare(bad.analysis(), after); got.Changes[0].Change != events.ChangeUnknown || got.Fixed {
		t.Errorf("gone: %+v", got.Changes)
	}
}

// Readings that scatter make the margin wider, and readings that do not make it narrower.
func TestCompare_Readings(t *testing.T) {
	run := func(rate float64, readings ...float64) events.Analysis {
		r := bad
		r.records = rate
		a := r.analysis()
		for _, x := range readings {
			a.Vertices[1].Windows = append(a.Vertices[1].Windows, events.LoadWindow{Busy: 1, RecordsIn: x})
		}
		return a
	}
	for name, x := range map[string]struct {
		before, after events.Analysis
		want          events.Speed
	}{
		"steady": {run(1000, 1000, 1001, 999, 1000), run(1420, 1420, 1421, 1419, 1420), events.SpeedFaster},
		"wild":   {run(1000, 500, 1500, 700, 1300), run(1350, 2100, 700, 1600, 1000), events.SpeedUnknown},
		"alike":  {run(1000, 1000, 1010, 990, 1000), run(1060, 1060, 1050, 1070, 1060), events.SpeedSame},
	} {
		if got := compare.Compare(x.before, x.after); got.Speed != x.want {
			t.Errorf("%s: %s: %s", name, got.Speed, got.Summary)
		}
	}
}

// What the machine took from a job is neither its fault nor its merit.
func TestCompare_Starved(t *testing.T) {
	before := bad.analysis()
	before.Usage.Starved = 0.6
	after := bad
	after.records, after.cores, after.te = 1900, 2.1, 1.5
	if got := compare.Compare(before, after.analysis()); got.Speed == events.SpeedFaster {
		t.Errorf("more CPU: %s", got.Summary)
	}
	if got := compare.Compare(after.analysis(), before); got.Speed == events.SpeedSlower {
		t.Errorf("less CPU: %s", got.Summary)
	}
	lacks, more := run{records: 1000, busy: 0.96, cores: 0.5}.analysis(), run{records: 1700, busy: 0.81, cores: 0.7}.analysis()
	lacks.Verdict.Limit, more.Verdict.Limit = events.LimitCPU, events.LimitCPU
	lacks.Usage.Starved, more.Usage.Starved = 0.49, 0.39
	if got := compare.Compare(lacks, more); got.Speed != events.SpeedUnknown {
		t.Errorf("more records, or more CPU: %s", got.Summary)
	}
	if got := compare.Compare(lacks, lacks); got.Speed != events.SpeedSame {
		t.Errorf("nothing changed: %s", got.Summary)
	}
}

// The times are those of the captures.
func TestCompare_Times(t *testing.T) {
	before := bad.analysis()
	before.CapturedAt = before.CreatedAt.Add(-time.Hour)
	if got := compare.Compare(before, bad.analysis()); !got.BaselineAt.Equal(before.CapturedAt) {
		t.Errorf("baseline of %s", got.BaselineAt)
	}
}

// A job that lacks the CPU to do more, and gets no more through than before, is not faster, however much less its busy vertex takes for
// a record: bursts of windows fall into one run and not into the other. The other way round, it is not slower.
func TestCompare_Full(t *testing.T) {
	burst, full := run{records: 1060, busy: 0.6, te: 0.5, cores: 1.5, listed: true, samples: 2400}.analysis(), run{records: 1000, busy: 0.1, cores: 0.8}.analysis()
	full.Verdict.Limit = events.LimitCPU
	if c := compare.Compare(burst, full); c.Speed != events.SpeedUnknown {
		t.Errorf("to full: %s: %s", c.Speed, c.Summary)
	}
	if c := compare.Compare(full, burst); c.Speed != events.SpeedUnknown {
		t.Errorf("from full: %s: %s", c.Speed, c.Summary)
	}
	free := run{records: 1000, busy: 0.1, cores: 0.8}.analysis()
	if c := compare.Compare(burst, free); c.Speed != events.SpeedFaster {
		t.Errorf("to a job that could do more: %s: %s", c.Speed, c.Summary)
	}
}
