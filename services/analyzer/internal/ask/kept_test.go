package ask_test

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/llmtest"
	"squirrly.dev/services/analyzer/internal/claim"
	"squirrly.dev/services/analyzer/internal/llm"
	"squirrly.dev/services/analyzer/internal/llm/cache"
)

// TestKeptAnswer: an identical analysis costs nothing, comes to the same result, and says so. The answer that was
// kept is checked anew.
func TestKeptAnswer(t *testing.T) {
	s, p := provider(t, llmtest.Fixed(saying(t, claim.Claim{Operator: "O1", Mechanism: "A1", Share: "F1"})))
	p = cache.Provider(llm.Priced(p, prices(), llmtest.Model), cache.Options{
		Store: &cache.Memory{}, TTL: time.Hour, Keep: func(json.RawMessage) bool { return true }, Logger: slog.New(slog.DiscardHandler),
	})
	first, err := explain(t.Context(), p, sample())
	if err != nil {
		t.Fatal(err)
	}
	second, err := explain(t.Context(), p, sample())
	if err != nil {
		t.Fatal(err)
	}
	if n := len(s.Requests()); n != 1 {
		t.Errorf("asked %d times", n)
	}
	a, b := first.Provenance, second.Provenance
	if a.CostUSD == 0 || a.Note != "" || b.CostUSD != 0 || b.TokensIn+b.TokensOut != 0 || !strings.Contains(b.Note, "identical question") {
		t.Errorf("first %+v\nsecond %+v", a, b)
	}
	if a.PromptHash == b.PromptHash {
		t.Error("two prompts have the same nonce")
	}
	if a.Model != b.Model || b.Grounding == nil || *a.Grounding != *b.Grounding {
		t.Errorf("the kept answer was not checked: %+v", b)
	}
	second.Provenance = first.Provenance
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the kept answer leads to another result (-first +second):\n%s", diff)
	}
	changed := sample()
	changed.Prompt.Analysis.Evidence[0].Text += "."
	changed.Prompt.Analysis.Findings[0].P = 0.61
	if _, err := explain(t.Context(), p, changed); err != nil || len(s.Requests()) != 2 {
		t.Errorf("another analysis got the kept answer: %d requests, %v", len(s.Requests()), err)
	}
}
