package ask_test

import (
	"regexp"
	"strings"
	"testing"

	"squirrly.dev/internal/llmtest"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask"
	"squirrly.dev/services/analyzer/internal/ask/prompt"
	"squirrly.dev/services/analyzer/internal/claim"
	"squirrly.dev/services/analyzer/internal/diagnose"
)

// private is the sample with names of the user's in every place, and privacy on.
func private(t *testing.T) ask.Input {
	t.Helper()
	in := sample()
	in.Mask = true
	rename := strings.NewReplacer("demo.", "com.globex.pricing.", "EvenStallingFunction", "GlobexStall")
	a := &in.Prompt.Analysis
	for i := range a.Findings {
		f := &a.Findings[i]
		f.Anchor, f.Where = rename.Replace(f.Anchor), rename.Replace(f.Where)
		f.Path = []string{f.Anchor, "com.globex.util.GlobexPath.step"}
	}
	for i := range in.Prompt.Trees[0].Lines {
		l := &in.Prompt.Trees[0].Lines[i]
		l.Frame = rename.Replace(l.Frame)
	}
	a.JobName = "globex pricing"
	a.Vertices[0].Name, a.Vertices[1].Name = "Source: globex-orders", "globex-stall"
	a.Verdict.VertexName = "globex-stall"
	a.Verdict.Headline = "globex-stall (2 of 2 subtasks) limits the job: 98.0 % busy in GlobexStall.map → Thread.sleep."
	a.Captures[0].JVM = "globex-host-1:4711"
	a.Missing = []string{"com.globex.unseen.GlobexOther could not be read"}
	a.Evidence = append(a.Evidence, events.Fact{
		ID: "F4", Text: "Java_com_globex_Native_read below com/globex/io/GlobexReader.read takes 10.0 %", Value: 0.1, Unit: "share",
		Frame: "com.globex.io.GlobexReader.read", JVM: "globex-host-1:4711",
	})
	in.Prompt.Files = []prompt.File{{Name: "Globex.java", Text: "class GlobexStall { int map() { return 1; } }"}}
	in.Prompt.Settings = []prompt.Setting{
		{Key: "pipeline.name", Value: "globex"},
		{Key: "state.backend.type", Value: "rocksdb", From: "job"},
		{Key: "taskmanager.network.memory.fraction", Value: "0.2"},
		{Key: "env.java.opts.taskmanager", Value: "-Dglobex=1"},
		{Key: "state.backend.incremental", Value: "true"},
	}
	in.Prompt.Failures = []string{"globex failed"}
	in.Prompt.Keys = []prompt.Key{{Name: "env.java.opts.taskmanager", InForce: "-Dglobex=1", Turn: "raise", Mechanisms: []string{"A1"}}}
	in.Prompt.Operators = []diagnose.Operator{
		{ID: "O1", Name: "Source: globex-orders", Vertex: "Source: globex-orders", Vertices: []string{"Source: globex-orders"}},
		{
			ID: "O2", Name: "GlobexJoin[3]", Vertex: "globex-stall", Vertices: []string{"globex-stall"}, Findings: []string{"R1"}, Limiting: true,
			Possible: []diagnose.Possible{{
				Mechanism: "A2", Why: "GlobexOnly.call is not in the profile of globex-stall.", Proves: "Samples below com.globex.GlobexOnly.call.",
				Finding: events.Finding{
					Title: "Waits in GlobexOnly.call", Anchor: "com.globex.GlobexOnly.call", Frame: "com.globex.GlobexOnly.call", Evidence: []string{"F9"},
					Recommendation: events.Recommendation{Change: "Make com.globex.GlobexOnly.call asynchronous."},
				},
				Facts: []events.Fact{{ID: "F9", Text: "GlobexOnly.call takes 1 %", Frame: "com.globex.GlobexOnly.call", Unit: "share", Samples: 1}},
			}},
		},
	}
	in.Prompt.Edges = []prompt.Edge{{From: "Source: globex-orders", To: "globex-stall", Ship: "HASH"}}
	in.Prompt.Windows = []prompt.Window{{Vertex: "globex-stall", Kind: "tumbling"}, {Node: "GlobexJoin[3]", Kind: "sliding"}}
	in.Prompt.Trees[0].Lines[2].Callers = []string{"com.globex.GlobexCaller.run"}
	var err error
	in.Prompt.Template, err = prompt.Parse("Explain GlobexStall of globex pricing.\n{{ .Job }} {{ metric \"globex-stall\" \"busy\" }}")
	if err != nil {
		t.Fatal(err)
	}
	return in
}

var secretName = regexp.MustCompile(`(?i)[^\n]*globex[^\n]*`)

// TestMaskedPrompt: with privacy on, no name of the user's leaves.
func TestMaskedPrompt(t *testing.T) {
	in := private(t)
	p, err := ask.Prompt(in)
	if err != nil {
		t.Fatal(err)
	}
	if found := secretName.FindAllString(p.Markdown(), -1); found != nil {
		t.Errorf("names in the prompt: %q", found)
	}
	for _, want := range []string{
		"u1.C1.m1", "job1", "| name2 |", "java.lang.Thread.sleep", "state.backend.type | rocksdb | job", "jvm1", "98.0 %", "| Source: name1 |", "HASH",
		"O2 | name3[3] |",
		"Waits in u3.C4.m3",
	} {
		if !strings.Contains(p.User, want) {
			t.Errorf("%s is missing in\n%s", want, p.User)
		}
	}
	if strings.Join(p.Left, " ") != "Globex.java (privacy)" || len(p.Notes) != 0 {
		t.Errorf("left %q, notes %q", p.Left, p.Notes)
	}
}

// TestMaskedAnswer: what a model says of masked names is checked by the real ones, and a reader sees these.
func TestMaskedAnswer(t *testing.T) {
	said := "u2.C2.m2 waits."
	none := ""
	cl := claim.Claim{Operator: "O1", Mechanism: "A1", Share: "F1", Because: []claim.Relation{{Kind: claim.CalledBy, A: "F1", B: &none}}, Reading: &said}
	in := private(t)
	s, p := provider(t, llmtest.Fixed(saying(t, cl)))
	a, err := explain(t.Context(), p, in)
	if err != nil {
		t.Fatal(err)
	}
	unchanged(t, in.Prompt.Analysis, a)
	for _, m := range s.Requests()[0].Messages {
		if found := secretName.FindAllString(m.Content, -1); found != nil {
			t.Errorf("names in a message of %s: %q", m.Role, found)
		}
	}
	if len(a.Readings) != 1 || !strings.Contains(a.Readings[0].Text, "com.globex.") {
		t.Errorf("readings %+v", a.Readings)
	}
}

// TestMaskedRealPages: no package of the sample job leaves with pages of real Flinks.
func TestMaskedRealPages(t *testing.T) {
	for _, dir := range dirs(t) {
		in, _ := real(t, dir)
		plain, err := ask.Prompt(in)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(plain.User, "EvenStalling") {
			t.Fatalf("%s: the prompt names no class of the job", dir)
		}
		in.Mask = true
		p, err := ask.Prompt(in)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(p.User, "EvenStalling") || !strings.Contains(p.User, "Thread.sleep") {
			t.Errorf("%s: the masked prompt names a class of the job, or no sleep:\n%s", dir, p.User)
		}
	}
}
