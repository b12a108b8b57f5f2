package report

import (
	"strconv"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// provenanceLines say how the result came about.
func (v view) provenanceLines() []pair {
	p := v.Provenance
	by, asked := "rules alone", ""
	if p.Provider != "" && p.Provider != "rules" {
		by, asked = "rules", strings.TrimSpace(p.Provider+" "+p.Model)
	}
	return filled(
		pair{Name: "Analysis", Text: by},
		pair{Name: "LLM asked", Text: asked},
		pair{Name: "Note", Text: p.Note},
		pair{Name: "Claims of the LLM", Text: claims(p)},
		pair{Name: "Tokens", Text: tokens(p)},
		pair{Name: "Prompt", Text: p.PromptHash, Code: true},
		pair{Name: "Squirrly", Text: p.Squirrly},
		pair{Name: "Rules", Text: p.RulesVersion},
		pair{Name: "Analyzed", Text: momentOrNone(v.CreatedAt)},
		pair{Name: "Job id", Text: v.JobID, Code: true},
		pair{Name: "Run", Text: v.Run, Code: true},
		pair{Name: "Follow-up of", Text: v.Parent, Code: true},
	)
}

func tokens(p events.Provenance) string {
	if p.TokensIn+p.TokensOut == 0 {
		return ""
	}
	text := wording.Count(p.TokensIn) + " in, " + wording.Count(p.TokensOut) + " out"
	if p.CostUSD <= 0 {
		return text + ", cost unknown"
	}
	return text + ", $" + strconv.FormatFloat(p.CostUSD, 'f', 4, 64)
}
