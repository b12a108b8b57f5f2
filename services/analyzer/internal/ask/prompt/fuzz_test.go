package prompt_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask/prompt"
	"squirrly.dev/services/analyzer/internal/diagnose"
)

// FuzzBuild: whatever stands in frames, texts and files, and however much of it, the profile keeps its budget, each fence
// is closed once, and no line of data looks like another one.
func FuzzBuild(f *testing.F) {
	f.Add("com.acme.Enrich.map", "a text", uint16(10))
	f.Add(poison, poison, uint16(400))
	f.Add(strings.Repeat("注", 300)+".map", strings.Repeat("🙂 ", 400), uint16(300))
	f.Add("a.B.c", "password: |\n  x\n", uint16(3))
	f.Fuzz(func(t *testing.T, frame, text string, n uint16) {
		in := sample()
		in.Files = append(in.Files, prompt.File{Name: frame, Text: text}, prompt.File{Name: frame + ".java", Text: text})
		for i := range int(n) % 60 {
			in.Trees[0].Lines = append(in.Trees[0].Lines, prompt.Line{
				ID: fmt.Sprintf("T%d", i+10), Depth: i, Frame: frame, Share: 0.5, Worth: 0.5, Callers: []string{text, frame}, Operator: text,
			})
			in.Analysis.Evidence = append(in.Analysis.Evidence, events.Fact{ID: fmt.Sprintf("F%d", i+10), Text: text, Frame: frame, Unit: "share"})
			possible := in.Operators[1].Possible[0]
			possible.Why, possible.Proves, possible.Mechanism, possible.Finding.Title = text, text, frame, text
			in.Operators = append(in.Operators, diagnose.Operator{ID: fmt.Sprintf("O%d", i+3), Name: text, Vertices: []string{frame, text}, Possible: []diagnose.Possible{possible}})
			in.Keys = append(in.Keys, prompt.Key{Name: frame, InForce: text})
			in.Settings = append(in.Settings, prompt.Setting{Key: frame, Value: text, From: "job"})
			finding := in.Analysis.Findings[0]
			finding.ID, finding.Frame, finding.Cause, finding.Title = fmt.Sprintf("R%d", i+10), frame, text, text
			in.Analysis.Findings = append(in.Analysis.Findings, finding)
		}
		p := build(t, in)
		if p.Tokens.Profile > prompt.MaxProfileTokens || p.Tokens.Context > prompt.DefaultContextTokens {
			t.Errorf("%d tokens of the profile, %d of the context", p.Tokens.Profile, p.Tokens.Context)
		}
		if !strings.Contains(frame+text, "<<<") {
			checkMap(t, p)
		}
		opened := strings.Count(p.User, "<<<DATA "+nonce)
		if opened != strings.Count(p.User, "<<<END "+nonce) || opened != strings.Count(p.User, "<<<DATA") || strings.Count(p.User, nonce) != 2*opened+1 {
			t.Errorf("%d fences are open in\n%s", opened, p.User)
		}
		for _, r := range p.User {
			if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
				t.Fatalf("character %U", r)
			}
		}
	})
}
