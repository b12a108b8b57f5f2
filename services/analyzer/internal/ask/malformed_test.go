package ask_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/llmtest"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask"
	"squirrly.dev/services/analyzer/internal/llm"
	"squirrly.dev/services/analyzer/internal/llm/budget"
)

// counted asks a server that answers within a time, and counts what it costs.
func counted(t *testing.T, timeout time.Duration, behaviours ...llmtest.Behaviour) (*llmtest.Server, llm.Provider, *budget.Memory) {
	t.Helper()
	s := llmtest.NewServer(behaviours...)
	t.Cleanup(s.Close)
	config := llm.Config{
		BaseURL: s.URL(), Model: llmtest.Model, Key: llmtest.Key, Backoff: time.Millisecond, Timeout: timeout, Attempts: 1, MaxOutputTokens: maxOutput,
	}
	p, err := llm.New(config, nil)
	if err != nil {
		t.Fatal(err)
	}
	book := &budget.Memory{}
	return s, budget.Provider(p, budget.Options{
		Limits: budget.Limits{RunTokens: 1_000_000}, Book: book, MaxOutput: maxOutput,
	}), book
}

const maxOutput = 3000

// spent is what is counted for a run.
func spent(t *testing.T, book budget.Book, run string) (sum budget.Sum) {
	t.Helper()
	err := book.Change(t.Context(), "run."+events.Token(run), func(s budget.Sum) (budget.Sum, error) { sum = s; return s, nil })
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// byRules says that an analysis is that of the rules, and why.
func byRules(t *testing.T, in ask.Input, a events.Analysis, err error, code events.Code) {
	t.Helper()
	if err == nil || ask.CodeOf(err) != code {
		t.Errorf("error %v, want %s", err, code)
	}
	if !a.Degraded || len(a.DegradedWhy) != 1 || !strings.HasPrefix(a.DegradedWhy[0], string(code)+": ") || a.Provenance.Provider != ask.Rules || a.Provenance.Note == "" {
		t.Errorf("degraded %t: %q, %+v", a.Degraded, a.DegradedWhy, a.Provenance)
	}
	if diff := cmp.Diff(in.Prompt.Analysis.Findings, a.Findings); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if text := mustJSON(t, a); strings.Contains(text, "Phantom") || len(a.Readings)+len(a.Unverified)+len(a.Doubts) > 0 {
		t.Errorf("a part of the answer is used: %s", text)
	}
}

// TestMalformed: of an answer in another form nothing is used, it is not asked for again, and what it cost is counted.
func TestMalformed(t *testing.T) {
	for name, behaviour := range llmtest.Malformed() {
		t.Run(name, func(t *testing.T) {
			in := planned(t)
			in.Prompt.Analysis.Run = "malformed"
			s, p, book := counted(t, 20*time.Second, behaviour, llmtest.Honest())
			a, err := explain(t.Context(), p, in)
			byRules(t, in, a, err, events.CodeLLMBadAnswer)
			if n := len(s.Requests()); n != 1 || len(s.Problems()) > 0 {
				t.Errorf("%d questions, problems %q", n, s.Problems())
			}
			sum := spent(t, book, "malformed")
			used := int64(a.Provenance.TokensIn + a.Provenance.TokensOut)
			if sum.Tokens == 0 || used > 0 && sum.Tokens != used {
				t.Errorf("%d tokens are counted, %d are told", sum.Tokens, used)
			}
		})
	}
}

// TestGarbageStream: a stream that never ends is cut, and one that hangs is given up when its time is over.
func TestGarbageStream(t *testing.T) {
	hangs := func(over <-chan struct{}) llmtest.Behaviour {
		return func(w http.ResponseWriter, _ llmtest.Request) {
			_, _ = w.Write([]byte(`{"id":"x","choices":[`))
			_ = http.NewResponseController(w).Flush()
			<-over
		}
	}
	over := make(chan struct{})
	for name, c := range map[string]struct {
		behaviour llmtest.Behaviour
		code      events.Code
	}{
		"a long stream": {llmtest.Streaming(300_000), events.CodeLLMBadAnswer},
		"one event":     {llmtest.Streaming(1), events.CodeLLMBadAnswer},
		"it hangs":      {hangs(over), events.CodeLLMUnavailable},
	} {
		in := planned(t)
		in.Prompt.Analysis.Run = name
		_, p, book := counted(t, 2*time.Second, c.behaviour)
		a, err := explain(t.Context(), p, in)
		byRules(t, in, a, err, c.code)
		if spent(t, book, name).Tokens < maxOutput {
			t.Errorf("%s: %+v are counted: whoever does not say what it cost may have taken all that it was allowed to", name, spent(t, book, name))
		}
	}
	close(over)
}

// TestChangingModel: the model that answered is the one that is told, whichever was asked for, and an answer that was kept is the
// one of its model.
func TestChangingModel(t *testing.T) {
	_, p, _ := counted(t, 20*time.Second, llmtest.Changing([]string{"stand-in-2", "stand-in-3"}, llmtest.Honest()))
	for _, want := range []string{"stand-in-2", "stand-in-3", "stand-in-2"} {
		in := planned(t)
		asked, _, err := ask.Ask(context.WithoutCancel(t.Context()), p, in)
		if err != nil {
			t.Fatal(err)
		}
		a, err := ask.Apply(in, asked)
		if err != nil || a.Degraded || a.Provenance.Model != want {
			t.Errorf("model %s, want %s: %v", a.Provenance.Model, want, err)
		}
		unchanged(t, in.Prompt.Analysis, a)
	}
}
