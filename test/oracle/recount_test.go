package oracle

import (
	"encoding/json"
	"slices"
	"testing"
)

const (
	loop   = "java/lang/Thread.run_[j];org/flink/Task.run_[j];org/flink/processInput_[j];"
	wallTM = loop + "acme/Op.processElement_[j];acme/Walk.visit_[j];acme/Walk.visit_[j];java/util/HashMap.get_[j] 30\n" +
		loop + "acme/Op.processElement_[j];acme/Walk.visit_[j];java/lang/Thread.sleep_[j];nanosleep 20\n" +
		loop + "acme/Op.processElement_[j];org/flink/Output.collect_[j];acme/Sink.processElement_[j];acme/Sink.write_[j] 7\n" +
		loop + "acme/Op.processElement_[j];org/flink/Output.collect_[j];acme/Buffer.wait_[j];park 3\n" +
		"java/lang/Thread.run_[j];org/flink/Task.run_[j];org/flink/Mailbox.take_[j];park 100\n" +
		"java/lang/Thread.run_[j];acme/Pool.getTask_[j];park 500\nGC::run() 11\n"
	itimerTM = loop + "acme/Op.processElement_[j];acme/Walk.visit_[j];acme/Walk.visit_[j];java/util/HashMap.get_[j] 60\n" +
		loop + "acme/Op.processElement_[j];acme/Walk.visit_[j];java/util/TreeMap.get_[j];sys_read_[k] 5\n" +
		"java/lang/Thread.run_[j];acme/Pool.getTask_[j];park 40\nGC::run() 9\n"
)

// rulesOf are small, but have one of each.
func rulesOf() *counting {
	return &counting{
		TaskRoots: []string{"org.flink.Task.run"}, SourceRoots: []string{"org.flink.Legacy.run"},
		Operators: operatorRule{Entries: []string{"*.processElement"}, Except: []string{"org.flink.io.*"}, Gates: []string{"*processInput"}},
		Outputs:   []string{"org.flink.*Output.collect"}, Waits: []string{"java.lang.Thread.sleep*", "park"},
		Idle: []idlePath{
			{ID: "I1", Frames: []string{"org.flink.Mailbox.take > @wait"}},
			{ID: "I2", Frames: []string{"acme.Pool.getTask > @wait", "@wait"}, OutsideTasks: true},
		},
		Categories: []workCategory{{Name: "collections", Frames: []string{"java.util.*"}}, {Name: "user code", Frames: []string{"@user"}}},
		Libraries:  []string{"java.", "org.flink."},
	}
}

func onTM(mode string, n int64, c count) *count {
	c.Mode, c.JVMs, c.Samples = mode, []string{"tm"}, n
	return &c
}

// ask recounts one analysis over the two pages above.
func ask(t *testing.T, a *analysis) *Result {
	t.Helper()
	a.Captures = []capture{{JVM: "tm", Mode: "WALL"}, {JVM: "tm", Mode: "ITIMER"}}
	a.Counting = rulesOf()
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Recount(text, func(_, mode, _ string) (*Page, error) {
		return ParsePage(map[string]string{"WALL": wallTM, "ITIMER": itimerTM}[mode])
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCounts(t *testing.T) {
	for name, c := range map[string]*count{
		"active":                     onTM("WALL", 71, count{}), // neither the mailbox nor the pool
		"all":                        onTM("WALL", 671, count{Idle: "any"}),
		"idle":                       onTM("WALL", 600, count{Idle: "only"}),
		"by one path":                onTM("WALL", 100, count{Idle: "I1"}),
		"nothing is idle in ITIMER":  onTM("ITIMER", 114, count{}),
		"tasks":                      onTM("WALL", 60, count{Root: "tasks"}),
		"other threads":              onTM("WALL", 11, count{Root: "other"}),
		"waiting":                    onTM("WALL", 23, count{State: "waiting"}),
		"running":                    onTM("WALL", 48, count{State: "running"}),
		"recursion counts once":      onTM("WALL", 50, count{Match: []string{"acme.Walk.visit"}}),
		"twice on one path":          onTM("WALL", 30, count{Match: []string{"acme.Walk.visit > acme.Walk.visit"}}),
		"called":                     onTM("WALL", 20, count{Match: []string{"acme.Walk.visit -> java.lang.Thread.sleep"}}),
		"not called":                 onTM("WALL", 0, count{Match: []string{"acme.Op.processElement -> java.lang.Thread.sleep"}}),
		"one of two paths":           onTM("WALL", 57, count{Match: []string{"acme.Walk.visit", "acme.Sink.write"}}),
		"last frame":                 onTM("WALL", 30, count{Match: []string{"java.util.HashMap.* $"}}),
		"self, where it waits":       onTM("WALL", 20, count{Match: []string{"java.lang.Thread.sleep"}, Self: true}),
		"self, not above":            onTM("WALL", 0, count{Match: []string{"acme.Walk.visit"}, Self: true}),
		"in the last operator":       onTM("WALL", 7, count{Part: "operator", Match: []string{"acme.Sink.processElement"}}),
		"not in one above it":        onTM("WALL", 53, count{Part: "operator", Match: []string{"acme.Op.processElement"}}),
		"of its own":                 onTM("WALL", 50, count{Part: "own", Match: []string{"acme.Op.processElement"}}),
		"above the part":             onTM("WALL", 7, count{Part: "operator", Above: []string{"acme.Op.processElement > @output"}}),
		"without":                    onTM("WALL", 30, count{Match: []string{"acme.Walk.visit"}, Without: []string{"@wait"}}),
		"without an operator":        onTM("WALL", 11, count{Without: []string{"@operator"}}),
		"kind of work":               onTM("WALL", 30, count{Category: "collections"}),
		"the kernel":                 onTM("ITIMER", 5, count{Category: "kernel"}),
		"no kind":                    onTM("WALL", 11, count{Category: "other"}),
		"package":                    onTM("WALL", 60, count{Package: "acme"}),
		"the beginning of the stack": onTM("WALL", 60, count{Stack: []string{"java.lang.Thread.run", "org.flink.Task.run", "org.flink.processInput"}}),
	} {
		r := ask(t, &analysis{Evidence: []fact{{ID: "F1", Text: name, Samples: c.Samples, Count: c}}})
		for _, d := range r.Disagreements {
			t.Errorf("%s: %s", d.Kind, d.What)
		}
		if r.Facts != 1 {
			t.Errorf("%s: %d facts", name, r.Facts)
		}
	}
}

// honest is an analysis without a fault.
func honest() *analysis {
	return &analysis{
		Verdict:  verdict{Headline: "It looks things up: 30 of 60 samples.", Samples: 30, Evidence: []string{"F1"}},
		Findings: []finding{{ID: "R1", Size: "50 samples are in visit.", Samples: 50, Evidence: []string{"F2"}}},
		Evidence: []fact{
			{
				ID: "F1", Text: "HashMap.get has 30 of 60 samples of the tasks.", Unit: "share", Value: 0.5, Samples: 30,
				Count: onTM("WALL", 30, count{Match: []string{"java.util.HashMap.get"}}),
			},
			{
				ID: "F2", Text: "visit has 50 samples (50 of 60).", Unit: "samples", Value: 50, Samples: 50,
				Count: onTM("WALL", 50, count{Match: []string{"acme.Walk.visit"}}),
			},
			{
				ID: "F3", Text: "The collector has 9 of 114 samples (7.9 % ± 0.5).", Unit: "share", Value: 9.0 / 114, Samples: 9,
				Count: onTM("ITIMER", 9, count{Match: []string{"GC::*"}}),
			},
			{ID: "F4", Text: "The sink writes in 7 samples.", Samples: 7, Count: onTM("WALL", 7, count{Match: []string{"acme.Sink.write"}})},
			{ID: "T1", Text: "root", Samples: 71 - 11, Count: onTM("WALL", 60, count{Stack: []string{"java.lang.Thread.run"}})},
			{ID: "T2", Text: "below", Samples: 60, Count: onTM("WALL", 60, count{From: "T1", Stack: []string{"org.flink.Task.run"}})},
		},
	}
}

func finish(a *analysis) *analysis {
	a.Evidence[0].Count.Of = onTM("WALL", 60, count{Root: "tasks"})
	a.Evidence[1].Count.Of = onTM("WALL", 60, count{Root: "tasks"})
	a.Evidence[2].Count.Of = onTM("ITIMER", 114, count{})
	return a
}

func TestRecount(t *testing.T) {
	r := ask(t, finish(honest()))
	if len(r.Disagreements) > 0 || r.Facts != 6 || r.Sentences != 5 {
		t.Errorf("%+v, want 6 facts, 5 sentences and no disagreement", r)
	}
	faults := map[string]struct {
		kind string
		seed func(a *analysis)
	}{
		"a pooled count under its largest member": {Samples, func(a *analysis) {
			f := &a.Evidence[1]
			f.Samples, f.Count.Samples, f.Value, f.Text = 57, 57, 57, "visit has 57 samples."
		}},
		"a frame less what another rule took": {Samples, func(a *analysis) {
			f := &a.Evidence[1]
			f.Samples, f.Count.Samples, f.Value, f.Text = 20, 20, 20, "visit has 20 samples."
		}},
		"recursion counted twice": {Samples, func(a *analysis) {
			f := &a.Evidence[1]
			f.Samples, f.Count.Samples, f.Value, f.Text = 80, 80, 80, "visit has 80 samples."
		}},
		"a wrong denominator": {Whole, func(a *analysis) {
			f := &a.Evidence[0]
			f.Count.Of.Samples, f.Value, f.Text = 671, 30.0/671, "HashMap.get has 30 of 671 samples of the tasks."
		}},
		"idle excluded in a CPU mode": {Whole, func(a *analysis) {
			f := &a.Evidence[2]
			f.Count.Of.Samples, f.Value, f.Text = 74, 9.0/74, "The collector has 9 of 74 samples."
		}},
		"a value that is no quotient": {Value, func(a *analysis) { a.Evidence[0].Value = 0.6 }},
		"another number in the text":  {Text, func(a *analysis) { a.Evidence[0].Text = "HashMap.get has 31 of 60 samples." }},
		"a group counted as one of its frames": {Named, func(a *analysis) {
			f := &a.Evidence[1]
			f.Frame, f.Samples, f.Count.Samples, f.Value, f.Text = "acme.Walk.visit", 57, 57, 57, "visit has 57 samples."
			f.Count.Match = []string{"acme.Walk.visit", "acme.Sink.write"}
		}},
		"another percentage in the text": {Text, func(a *analysis) { a.Evidence[2].Text = "The collector has 8.8 % ± 0.5 of the samples." }},
		"a headline of its own":          {Sentence, func(a *analysis) { a.Verdict.Headline = "45 samples look things up." }},
		"a finding of its own":           {Sentence, func(a *analysis) { a.Findings[0].Samples = 51 }},
		"samples of nothing":             {Uncounted, func(a *analysis) { a.Evidence[3].Count = nil }},
		"a JVM that is not there":        {Uncountable, func(a *analysis) { a.Evidence[3].Count.JVMs = []string{"tm2"} }},
	}
	for name, fault := range faults {
		a := finish(honest())
		fault.seed(a)
		r := ask(t, a)
		if !slices.ContainsFunc(r.Disagreements, func(d Disagreement) bool { return d.Kind == fault.kind }) {
			t.Errorf("%s: %v, want one of kind %q", name, r.Disagreements, fault.kind)
		}
	}
}
