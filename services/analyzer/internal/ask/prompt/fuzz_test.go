package prompt_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask/prompt"
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
			in.Trees[0].Lines = append(in.Trees[0].Lines, prompt.Line{ID: fmt.Sprintf("T%d", i+10), Depth: i, Frame: frame, Share: 0.5})
			in.Analysis.Evidence = append(in.Analysis.Evidence, events.Fact{ID: fmt.Sprintf("F%d", i+10), Text: text, Frame: frame, Unit: "share"})
			finding := in.Analysis.Findings[0]
			finding.ID, finding.Frame, finding.Cause, finding.Title = fmt.Sprintf("R%d", i+10), frame, text, text
			in.Analysis.Findings = append(in.Analysis.Findings, finding)
		}
		p := build(t, in)
		if p.Tokens.Profile > prompt.MaxProfileTokens || p.Tokens.Context > prompt.DefaultContextTokens {
			t.Errorf("%d tokens of the profile, %d of the context", p.Tokens.Profile, p.Tokens.Context)
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
