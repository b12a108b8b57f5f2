package diagnosis

import (
	"context"
	"fmt"
	"strings"

	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/llmtest"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

// Trial puts stand-ins for language models to one run, over their real protocol.
type Trial struct {
	Input  analyzer.Input
	Rules  events.Analysis // without a model
	Prompt string          // what a model is asked: the instructions, an empty line and the question
	Asked  llmtest.Request // the same

	server *llmtest.Server
	llm    analyzer.LLMConfig
}

// NewTrial analyzes an input by the rules alone, and by a model that says next to nothing. Close ends it.
func NewTrial(ctx context.Context, in analyzer.Input) (*Trial, error) {
	t := &Trial{Input: in, server: llmtest.NewServer(llmtest.Honest())}
	t.llm = analyzer.LLMConfig{
		Provider: analyzer.ProviderOpenAI, BaseURL: t.server.URL(), Model: llmtest.Model, Key: daemon.Secret(llmtest.Key),
	}
	var err error
	if t.Rules, err = Rules(ctx, in); err != nil {
		t.Close()
		return nil, err
	}
	if _, err = analyze(ctx, in, t.llm); err != nil {
		t.Close()
		return nil, err
	}
	for _, r := range t.server.Requests() {
		t.Asked = r
		var all []string
		for _, m := range r.Messages {
			all = append(all, m.Content)
		}
		t.Prompt = strings.Join(all, "\n\n")
	}
	return t, nil
}

// Close ends the server.
func (t *Trial) Close() { t.server.Close() }

// With analyzes the run with a model that behaves so.
func (t *Trial) With(ctx context.Context, b llmtest.Behaviour) (Effect, error) {
	a, err := t.Analysis(ctx, b)
	if err != nil {
		return Effect{}, err
	}
	return Compared(t.Rules, a), nil
}

// Analysis is the analysis with a model that behaves so.
func (t *Trial) Analysis(ctx context.Context, b llmtest.Behaviour) (events.Analysis, error) {
	t.server.Then(b)
	a, err := analyze(ctx, t.Input, t.llm)
	if err != nil {
		return a, err
	}
	if problems := t.server.Problems(); len(problems) > 0 {
		return a, fmt.Errorf("the stand-in refused: %s", problems[0])
	}
	return a, nil
}

// Report is what came of all stand-ins on one run.
type Report struct {
	Name        string
	Known       bool // the truth is
	Rules       LLM
	Honest      LLM
	Worst       LLM                     // of the liars and the shotgun
	Reader      Effect                  // of the honest reader
	Tokens      int                     // of the prompt, roughly
	Steps       int                     // of the shotgun
	ProvenFalse []string                // of the shotgun and the liars: printed as proven, and not what the rules say
	Supported   map[string]int          // of the shotgun: what it got printed as supported, and in how many answers
	Added       map[string]int          // of the shotgun: changes that were added to findings of the rules, and in how many answers
	MostAtOnce  int                     // findings supported by one answer
	Broken      []string                // what a liar got printed and should not have
	Sayings     map[string]SayingCounts // by kind and language
}

// SayingCounts says where a hostile sentence came to stand.
type SayingCounts struct{ Found, Read int }

// Run puts all stand-ins to the run. Steps bounds those of the shotgun; 0 is all.
func (t *Trial) Run(ctx context.Context, name string, truth *Truth, steps int) (Report, error) {
	r := Report{Name: name, Supported: map[string]int{}, Added: map[string]int{}, Sayings: map[string]SayingCounts{}}
	if t.Prompt == "" {
		return r, fmt.Errorf("%s: %w", name, ErrUnheard)
	}
	a, err := t.Analysis(ctx, llmtest.Honest())
	if err != nil {
		return r, err
	}
	r.Reader = Compared(t.Rules, a)
	r.Known, r.Tokens = truth != nil, r.Reader.TokensIn
	if truth == nil {
		truth = &Truth{Limit: "any", MaxSeverity: events.SeverityCritical} // nothing is known
	}
	r.Rules, r.Honest = column("rules", truth, t.Rules, t.Rules), column("honest", truth, t.Rules, a)
	r.Worst = LLM{Name: "liars", Cause: true, Change: true}
	if err := t.liars(ctx, &r, truth); err != nil {
		return r, err
	}
	if err := t.shotgun(ctx, &r, truth, steps); err != nil {
		return r, err
	}
	return r, t.hostile(ctx, &r)
}

// liars puts every liar to the run.
func (t *Trial) liars(ctx context.Context, r *Report, truth *Truth) error {
	for _, l := range llmtest.Liars() {
		if l.Answer(t.Asked) == "" {
			continue
		}
		a, err := t.Analysis(ctx, l.Behaviour())
		if err != nil {
			return fmt.Errorf("%s: %w", l.Name, err)
		}
		r.broken(l, Compared(t.Rules, a))
		r.worse(column(l.Name, truth, t.Rules, a))
	}
	return nil
}

// worse takes what is worst of two columns.
func (r *Report) worse(l LLM) {
	w := &r.Worst
	w.Cause, w.Change = w.Cause && l.Cause, w.Change && l.Change
	w.Proven, w.Supported = w.Proven+l.Proven, max(w.Supported, l.Supported)
	w.Accepted, w.Claims, w.Tokens = w.Accepted+l.Accepted, w.Claims+l.Claims, max(w.Tokens, l.Tokens)
}

// broken notes what a liar got printed and should not have.
func (r *Report) broken(l llmtest.Liar, e Effect) {
	for _, p := range e.Proven {
		r.ProvenFalse = append(r.ProvenFalse, l.Name+": "+p)
	}
	for _, word := range l.Silent {
		for _, s := range e.Says(word) {
			r.Broken = append(r.Broken, fmt.Sprintf("%s: told: %.120q", l.Name, s))
		}
	}
	for _, word := range l.Unsaid {
		for _, s := range e.Reads(word) {
			r.Broken = append(r.Broken, fmt.Sprintf("%s: shown as a reading: %.120q", l.Name, s))
		}
	}
	if l.Idle {
		for _, f := range e.Supported {
			r.Broken = append(r.Broken, fmt.Sprintf("%s: supported: %s", l.Name, describe(f)))
		}
		for _, s := range e.Alternatives {
			r.Broken = append(r.Broken, fmt.Sprintf("%s: alternative: %s", l.Name, s))
		}
	}
}

func describe(f events.Finding) string {
	return fmt.Sprintf("%s %s at %s", f.Rule, f.Title, strings.Join(append([]string{f.Anchor}, f.Vertices...), ", "))
}

// shotgun steps through everything that can be claimed.
func (t *Trial) shotgun(ctx context.Context, r *Report, truth *Truth, most int) error {
	_, r.Steps = llmtest.ShotgunAnswer(t.Asked, 0)
	if most > 0 {
		r.Steps = min(r.Steps, most)
	}
	for _, next := range []struct {
		steps int
		b     llmtest.Behaviour
	}{{r.Steps, llmtest.Shotgun()}, {singles(most, t.Asked), llmtest.SingleShots()}} {
		for range next.steps {
			a, err := t.Analysis(ctx, next.b)
			if err != nil {
				return fmt.Errorf("shotgun: %w", err)
			}
			r.worse(column("shotgun", truth, t.Rules, a))
			r.shot(Compared(t.Rules, a))
		}
	}
	return nil
}

// shot notes what came of one answer.
func (r *Report) shot(e Effect) {
	for _, p := range e.Proven {
		r.ProvenFalse = append(r.ProvenFalse, "shotgun: "+p)
	}
	r.MostAtOnce = max(r.MostAtOnce, len(e.Supported))
	for _, f := range e.Supported {
		r.Supported[describe(f)]++
	}
	for _, s := range e.Alternatives {
		r.Added[s]++
	}
}

// singles is how many single shots there are: as many as of what is possible.
func singles(most int, asked llmtest.Request) int {
	n := llmtest.PossibleClaims(asked)
	if most > 0 {
		n = min(n, most)
	}
	return n
}

// hostile lets models say false and harmful things in every place, in every language, and obey what is planted.
func (t *Trial) hostile(ctx context.Context, r *Report) error {
	for _, language := range llmtest.Languages {
		e, err := t.With(ctx, llmtest.Hostile(language))
		if err != nil {
			return fmt.Errorf("hostile: %w", err)
		}
		for _, p := range e.Proven {
			r.ProvenFalse = append(r.ProvenFalse, "hostile: "+p)
		}
		for _, s := range llmtest.Sayings() {
			if s.Language != language {
				continue
			}
			key := s.Kind + ", " + s.Language
			c := r.Sayings[key]
			c.Found, c.Read = c.Found+len(e.Says(s.Text)), c.Read+len(e.Reads(s.Text))
			r.Sayings[key] = c
		}
	}
	return nil
}
