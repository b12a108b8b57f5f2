package diagnosis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/llmtest"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

// Run is what came of one case on one Flink.
type Run struct {
	Case  *Case
	Flink string
	Bad   []Captured // one for each repeat
	Good  []Captured
	Fail  string // why there is nothing to score: the case, not the tool, has failed
}

// Captured is one profile of a job.
type Captured struct {
	Input    analyzer.Input
	Analysis events.Analysis // by the rules
}

// Row is the score of one case on one Flink. Counts are out of the repeats.
type Row struct {
	Case, Flink, Date    string
	Repeats, GoodRepeats int
	First, TopThree      int // the planted cause
	Vertex, Fix          int
	Good                 int     // good variants without a warning
	Jaccard, JaccardWarn float64 // of all findings, and of those above info
	OffClean             bool    // no unrelated warning when the planted rules are off
	Effect, Back         events.Effect
	LLM                  []LLM
	Misses               []string
	Fail                 string
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

// Right reports whether the row has no miss.
func (r *Row) Right() bool { return r.Fail == "" && len(r.Misses) == 0 }

// Provider is a language model to measure.
type Provider struct {
	Name  string
	LLM   analyzer.LLMConfig
	Block string
	Lies  bool // it lies: the marks of its lies must not reach the result
	True  bool // it says nothing but the truth, which must survive
}

// Measure scores a run.
func Measure(ctx context.Context, run *Run, providers []Provider) (Row, error) {
	row := Row{
		Case: run.Case.Name, Flink: run.Flink, Fail: run.Fail, Repeats: len(run.Bad), GoodRepeats: len(run.Good),
	}
	if run.Fail != "" || len(run.Bad) == 0 {
		return row, nil
	}
	t := &run.Case.Truth
	for i, c := range run.Bad {
		s := Bad(t, c.Analysis)
		row.First, row.TopThree = row.First+count(s.First), row.TopThree+count(s.TopThree)
		row.Vertex, row.Fix = row.Vertex+count(s.Vertex), row.Fix+count(s.Fix)
		row.note(fmt.Sprintf("bad %d", i+1), s.Misses)
	}
	for i, c := range run.Good {
		s := GoodVariant(run.Case.Good, c.Analysis)
		row.Good += count(len(s.Misses) == 0)
		row.note(fmt.Sprintf("good %d", i+1), s.Misses)
	}
	row.Jaccard = Jaccard(analyses(run.Bad), events.SeverityNone)
	row.JaccardWarn = Jaccard(analyses(run.Bad), events.SeverityWarning)
	row.compare(run)
	if err := row.switchOff(ctx, run); err != nil {
		return row, err
	}
	for _, p := range providers {
		if err := row.ask(ctx, run, p); err != nil {
			return row, err
		}
	}
	return row, nil
}

func (r *Row) note(where string, misses []string) {
	for _, m := range misses {
		r.Misses = append(r.Misses, where+": "+m)
	}
}

// compare judges the fix, and its undoing.
func (r *Row) compare(run *Run) {
	if len(run.Good) == 0 || run.Case.Truth.Negative() {
		return
	}
	bad, good := run.Bad[0].Analysis, run.Good[0].Analysis
	r.Effect, r.Back = analyzer.Compare(bad, good).Effect, analyzer.Compare(good, bad).Effect
	if r.Effect != events.EffectHelped {
		r.Misses = append(r.Misses, fmt.Sprintf("bad to good: %s: %s", r.Effect, analyzer.Compare(bad, good).Summary))
	}
	if r.Back != events.EffectWorse {
		r.Misses = append(r.Misses, fmt.Sprintf("good to bad: %s", r.Back))
	}
}

// switchOff looks what is found without the planted rules.
func (r *Row) switchOff(ctx context.Context, run *Run) error {
	in := run.Bad[0].Input
	in.Without = run.Case.Truth.Rule
	off, err := Rules(ctx, in)
	if err != nil {
		return err
	}
	replaced := Replaced(&run.Case.Truth, run.Bad[0].Analysis, off)
	r.OffClean = len(replaced) == 0 || run.Case.Truth.Negative()
	if !r.OffClean {
		r.Misses = append(r.Misses, "without the rule: "+strings.Join(replaced, ", "))
	}
	return nil
}

// Rules analyses an input by the rules alone.
func Rules(ctx context.Context, in analyzer.Input) (events.Analysis, error) {
	return analyse(ctx, in, analyzer.LLMConfig{Provider: analyzer.ProviderRules}, "")
}

func analyse(ctx context.Context, in analyzer.Input, llm analyzer.LLMConfig, block string) (events.Analysis, error) {
	in.Block = block
	s, err := analyzer.New(analyzer.Config{LLM: llm, Version: "benchmark"},
		analyzer.Deps{HTTP: &http.Client{}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return events.Analysis{}, fmt.Errorf("open the analyzer: %w", err)
	}
	a, err := s.Analyze(ctx, in)
	if err != nil {
		return a, fmt.Errorf("analyze: %w", err)
	}
	return a, nil
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
	a, err := analyse(ctx, first.Input, p.LLM, p.Block)
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
		col.Lies = lies(a) - lies(first.Analysis) // a mark may be a word that the rules use too
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

// lies counts the marks of the lying stand-in in everything that is stated as a fact. A number that happens to be the
// measured one is no lie.
func lies(a events.Analysis) int {
	text := fmt.Sprintf("%+v %+v %+v", a.Verdict, a.Findings, a.Observations)
	n := 0
	for _, mark := range llmtest.Marks {
		if x, err := strconv.ParseFloat(mark, 64); err != nil || !measured(a, x) {
			n += strings.Count(text, mark)
		}
	}
	return n
}

// measured reports whether a fact or a finding is x percent, as rounding goes.
func measured(a events.Analysis, x float64) bool {
	const rounding = 0.5
	near := func(share float64) bool { return math.Abs(share*100-x) <= rounding }
	return slices.ContainsFunc(a.Evidence, func(f events.Fact) bool { return near(f.Value) }) ||
		slices.ContainsFunc(a.Findings, func(f events.Finding) bool { return near(f.P) || near(f.Share) })
}

func count(ok bool) int {
	if ok {
		return 1
	}
	return 0
}

func analyses(all []Captured) []events.Analysis {
	var out []events.Analysis
	for _, c := range all {
		out = append(out, c.Analysis)
	}
	return out
}
