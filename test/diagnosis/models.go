package diagnosis

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/llmtest"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

// Provider is a language model to measure.
type Provider struct {
	Name  string
	LLM   analyzer.LLMConfig
	Block string
	Lies  bool // it lies: the marks of its lies must not reach the result
	True  bool // it says nothing but the truth, which must survive
}

// LLM is a column of a language model, on the first capture of the bad variant.
type LLM struct {
	Name               string
	First              bool // it ranks the planted cause first, as far as the rules do
	Survived, Claims   int
	Lies               int // marks of lies that reached the result
	TokensIn, TokenOut int
	CostUSD            float64
	Degraded           string
}

// Scripted starts stand-ins for language models that are honest and that lie. Stop ends them.
func Scripted() (providers []Provider, stop func()) {
	honest, liar := llmtest.NewServer(llmtest.Honest()), llmtest.NewServer(llmtest.Lying())
	config := func(s *llmtest.Server) analyzer.LLMConfig {
		return analyzer.LLMConfig{
			Provider: analyzer.ProviderOpenAI, BaseURL: s.URL(), Model: llmtest.Model, Key: daemon.Secret(llmtest.Key),
		}
	}
	return []Provider{
		{Name: "honest", LLM: config(honest), True: true},
		{Name: "lying", LLM: config(liar), Lies: true},
	}, func() { honest.Close(); liar.Close() }
}

// ErrUnheard is the error of a scripted model that was not asked, or not heard: then nothing was measured.
var ErrUnheard = errors.New("the answer of the language model was not used")

// ask measures one provider.
func (r *Row) ask(ctx context.Context, run *Run, p Provider) error {
	first := run.Bad[0]
	a, err := analyze(ctx, first.Input, p.LLM, p.Block)
	if err != nil {
		return err
	}
	col := LLM{Name: strings.TrimSpace(p.Name + " " + p.Block), Degraded: strings.Join(a.DegradedWhy, "; ")}
	col.TokensIn, col.TokenOut, col.CostUSD = a.Provenance.TokensIn, a.Provenance.TokensOut, a.Provenance.CostUSD
	if c := a.Provenance.Claims; c != nil {
		col.Survived, col.Claims = c.Verified, c.Verified+c.Corrected+c.Dropped
	}
	rules, withLLM := Bad(&run.Case.Truth, first.Analysis), Bad(&run.Case.Truth, a)
	col.First = withLLM.First || !rules.First
	if !col.First || len(withLLM.Misses) > len(rules.Misses) {
		r.Misses = append(r.Misses, fmt.Sprintf("with the %s model: %s", p.Name, strings.Join(withLLM.Misses, "; ")))
	}
	if p.Lies {
		col.Lies = lies(a, first.Analysis) - lies(first.Analysis, first.Analysis) // a mark may be a word that the rules use too
		if col.Lies > 0 {
			r.Misses = append(r.Misses, fmt.Sprintf("%d marks of lies reached the result", col.Lies))
		}
	}
	const enough = 0.95
	if p.True && float64(col.Survived) < enough*float64(col.Claims) {
		r.Misses = append(r.Misses, fmt.Sprintf("only %d of %d true claims survived", col.Survived, col.Claims))
	}
	if (p.True || p.Lies) && col.TokenOut == 0 && len(first.Analysis.Findings) > 0 {
		return fmt.Errorf("%s: %w: %s", p.Name, ErrUnheard, col.Degraded)
	}
	r.LLM = append(r.LLM, col)
	return nil
}

// lies counts the marks of the lying stand-in in everything that is stated as a fact. What happens to be measured is no
// lie.
func lies(a, rules events.Analysis) int {
	text := fmt.Sprintf("%+v %+v %+v", a.Verdict, a.Findings, a.Observations)
	n := 0
	for _, mark := range llmtest.Marks {
		if mark == "twice" && doubles(rules) {
			continue
		}
		if x, err := strconv.ParseFloat(mark, 64); err != nil || !measured(a, x) {
			n += strings.Count(text, mark)
		}
	}
	return n
}

// twofold is a speed-up of about two in a text of the rules.
var twofold = regexp.MustCompile(`\b(?:1\.[89]|2\.[0-2])×`)

// doubles reports whether the rules themselves say that the job could be about twice as fast.
func doubles(a events.Analysis) bool {
	return twofold.MatchString(a.Verdict.Headline) || slices.ContainsFunc(a.Findings, func(f events.Finding) bool {
		return twofold.MatchString(f.Recommendation.Impact)
	})
}

// measured reports whether a fact or a finding is x percent, as rounding goes.
func measured(a events.Analysis, x float64) bool {
	const rounding = 0.5
	near := func(share float64) bool { return math.Abs(share*100-x) <= rounding }
	return slices.ContainsFunc(a.Evidence, func(f events.Fact) bool { return near(f.Value) }) ||
		slices.ContainsFunc(a.Findings, func(f events.Finding) bool { return near(f.P) || near(f.Share) })
}
