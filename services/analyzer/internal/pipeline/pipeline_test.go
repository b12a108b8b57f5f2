package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"squirrly.dev/internal/llmtest"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask"
	"squirrly.dev/services/analyzer/internal/ask/prompt"
	"squirrly.dev/services/analyzer/internal/input"
	"squirrly.dev/services/analyzer/internal/llm"
	"squirrly.dev/services/analyzer/internal/page"
	"squirrly.dev/services/analyzer/internal/pipeline"
	"squirrly.dev/services/analyzer/internal/question"
)

// remembered is a memory that writes down what it is asked.
type remembered struct {
	calls  []string
	answer *ask.Exchange // of an earlier attempt
	first  *ask.Exchange // that another attempt chose meanwhile
	kept   *ask.Exchange
	sent   prompt.Prompt
	later  error            // of an attempt that waits
	fail   map[string]error // by call
}

func (m *remembered) call(name string) error {
	m.calls = append(m.calls, name)
	return m.fail[name]
}

func (m *remembered) Progress(_ context.Context, step string, percent int) error {
	return m.call(fmt.Sprintf("%s %d", step, percent))
}

func (m *remembered) FollowUps(context.Context, []events.Mode) error { return m.call("follow-ups") }

func (m *remembered) Answer(context.Context) (*ask.Exchange, error) {
	return m.answer, m.call("answer")
}

func (m *remembered) Keep(_ context.Context, asked ask.Exchange, sent prompt.Prompt) (ask.Exchange, error) {
	m.kept, m.sent = &asked, sent
	if m.first != nil {
		return *m.first, m.call("keep")
	}
	return asked, m.call("keep")
}

func (m *remembered) Later(error) error {
	m.calls = append(m.calls, "later")
	return m.later
}

// What a memory is asked, in order.
const (
	computing = "computing evidence 85"
	asking    = "asking openai 90"
)

const (
	task   = "java/lang/Thread.run;org/apache/flink/runtime/taskmanager/Task.run;org/apache/flink/streaming/runtime/tasks/mailbox/MailboxProcessor.runMailboxLoop;"
	enrich = task + "org/apache/flink/streaming/api/operators/StreamMap.processElement;com/shop/Enrich.map"
)

// sleepy is a profile of a function that sleeps for each record.
func sleepy() input.Input {
	wall := enrich + ";java/lang/Thread.sleep 1500\n" + enrich + " 80\n"
	return input.Input{Run: "run", Pages: []page.Page{{JVM: "tm-1", Mode: events.ModeWall, Seconds: 8, Body: []byte(wall)}}}
}

func rules(t *testing.T) *pipeline.Pipeline {
	t.Helper()
	return &pipeline.Pipeline{
		Notice: "the rules decide", Questions: question.Builder{Window: 100_000}, Version: "test",
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
}

// withModel is a pipeline that asks a stand-in of a model.
func withModel(t *testing.T, behaviors ...llmtest.Behaviour) (*pipeline.Pipeline, *llmtest.Server) {
	t.Helper()
	s := llmtest.NewServer(behaviors...)
	t.Cleanup(s.Close)
	p := rules(t)
	var err error
	p.Provider, err = llm.New(llm.Config{
		BaseURL: s.URL(), Model: llmtest.Model, Key: llmtest.Key, Backoff: time.Millisecond, Timeout: 20 * time.Second,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p, s
}

func analyze(t *testing.T, p *pipeline.Pipeline, in input.Input, m pipeline.Memory) events.Analysis {
	t.Helper()
	a, err := p.Analyze(t.Context(), in, m)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Findings) == 0 || a.Findings[0].Rule != "A1" || a.Run != in.Run || a.Provenance.Squirrly != "test" {
		t.Fatalf("findings %+v of run %q by %+v", a.Findings, a.Run, a.Provenance)
	}
	return a
}

func (m *remembered) wants(t *testing.T, calls ...string) {
	t.Helper()
	if !slices.Equal(m.calls, calls) {
		t.Errorf("the memory was asked %q, want %q", m.calls, calls)
	}
}

func TestAnalyze_RulesAlone(t *testing.T) {
	var m remembered
	a := analyze(t, rules(t), sleepy(), &m)
	m.wants(t, computing, "follow-ups")
	if a.Provenance.Provider != ask.Rules || a.Provenance.Note != "the rules decide" || a.Degraded {
		t.Errorf("provenance %+v", a.Provenance)
	}
}

// An answer is kept before it is used. An attempt that finds one asks nobody, and has the same result.
func TestAnalyze_AnswerIsChosenOnce(t *testing.T) {
	p, server := withModel(t, llmtest.Honest())
	var m remembered
	first := analyze(t, p, sleepy(), &m)
	m.wants(t, computing, "follow-ups", asking, "answer", "keep")
	if first.Provenance.Provider != "openai" || first.Provenance.Claims == nil || !strings.Contains(m.sent.User, "Enrich.map") {
		t.Errorf("provenance %+v", first.Provenance)
	}
	takeover := remembered{answer: m.kept}
	second := analyze(t, p, sleepy(), &takeover)
	takeover.wants(t, computing, "follow-ups", asking, "answer")
	if n := len(server.Requests()); n != 1 {
		t.Errorf("asked %d times", n)
	}
	if diff := cmp.Diff(first, second, cmpopts.IgnoreFields(events.Analysis{}, "CreatedAt")); diff != "" {
		t.Errorf("the takeover says something else:\n%s", diff)
	}
}

// Another attempt was faster: its answer counts.
func TestAnalyze_KeepLosesTheRace(t *testing.T) {
	p, _ := withModel(t, llmtest.Honest())
	var faster remembered
	analyze(t, p, sleepy(), &faster)
	won := *faster.kept
	won.Model = "of the faster attempt"
	m := remembered{first: &won}
	if a := analyze(t, p, sleepy(), &m); a.Provenance.Model != won.Model || m.kept.Model == won.Model {
		t.Errorf("the answer is of %q", a.Provenance.Model)
	}
}

func TestAnalyze_ModelFails(t *testing.T) {
	waits := errors.New("later")
	down := llmtest.Failing(503, "down", "down for maintenance")
	asked := []string{computing, "follow-ups", asking, "answer"}
	for name, c := range map[string]struct {
		does  llmtest.Behaviour
		later error
		calls []string
		code  events.Code // of the degraded result; empty: the attempt ends
	}{
		"down, an attempt is left":  {down, waits, append(asked, "later"), ""},
		"down, no attempt is left":  {down, nil, append(asked, "later"), events.CodeLLMUnavailable},
		"busy, an attempt is left":  {llmtest.RateLimited(time.Hour), waits, append(asked, "later"), ""},
		"no later attempt mends it": {llmtest.WrongKey(), waits, asked, events.CodeLLMUnavailable},
		"garbage":                   {llmtest.Garbage(), waits, asked, events.CodeLLMBadAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := withModel(t, c.does)
			m := remembered{later: c.later}
			a, err := p.Analyze(t.Context(), sleepy(), &m)
			m.wants(t, c.calls...)
			if c.code == "" {
				if !errors.Is(err, waits) || a.Degraded {
					t.Errorf("error %v, degraded %t", err, a.Degraded)
				}
				return
			}
			if err != nil || !a.Degraded || len(a.DegradedWhy) != 1 || !strings.HasPrefix(a.DegradedWhy[0], string(c.code)) || len(a.Findings) == 0 {
				t.Errorf("error %v, degraded %q, findings %v", err, a.DegradedWhy, a.Findings)
			}
		})
	}
}

// The end of an attempt is no fault of the model: nothing is degraded, kept, or waited for.
func TestAnalyze_Cancelled(t *testing.T) {
	p, _ := withModel(t, llmtest.Slow(20*time.Second, llmtest.Honest()))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var m remembered
	a, err := p.Analyze(ctx, sleepy(), &m)
	if !errors.Is(err, context.DeadlineExceeded) || a.Degraded {
		t.Errorf("error %v, degraded %t", err, a.Degraded)
	}
	m.wants(t, computing, "follow-ups", asking, "answer")
}

// A memory that fails ends the attempt with its own error, and nobody is asked after that.
func TestAnalyze_MemoryFails(t *testing.T) {
	all := []string{computing, "follow-ups", asking, "answer", "keep"}
	for i, call := range all {
		t.Run(call, func(t *testing.T) {
			p, server := withModel(t, llmtest.Honest())
			fault := errors.New("superseded")
			m := remembered{fail: map[string]error{call: fault}}
			if a, err := p.Analyze(t.Context(), sleepy(), &m); !errors.Is(err, fault) || a.Degraded {
				t.Errorf("error %v, degraded %t", err, a.Degraded)
			}
			m.wants(t, all[:i+1]...)
			if asked := len(server.Requests()); (asked > 0) != (call == "keep") {
				t.Errorf("asked %d times", asked)
			}
		})
	}
}

// Files have one attempt: nothing is remembered from one to the next, and a model that is down is not waited for.
func TestAnalyze_FilesForget(t *testing.T) {
	p, server := withModel(t, llmtest.Honest(), llmtest.Honest(), llmtest.Failing(503, "down", "down"))
	for range 2 {
		if a := analyze(t, p, sleepy(), pipeline.Forget{}); a.Provenance.Provider != "openai" {
			t.Errorf("provenance %+v", a.Provenance)
		}
	}
	if n := len(server.Requests()); n != 2 {
		t.Errorf("asked %d times", n)
	}
	if a := analyze(t, p, sleepy(), pipeline.Forget{}); !a.Degraded {
		t.Errorf("provenance %+v", a.Provenance)
	}
}

// The comparison is with what the LLM found, and the LLM is told of the one with what the rules found.
func TestAnalyze_Baseline(t *testing.T) {
	before := analyze(t, rules(t), sleepy(), pipeline.Forget{})
	before.Run, before.JobName = "before", "another"
	in := sleepy()
	in.Baseline = &before
	for name, p := range map[string]*pipeline.Pipeline{"rules": rules(t), "model": first(withModel(t, llmtest.Honest()))} {
		a := analyze(t, p, in, pipeline.Forget{})
		if c := a.Comparison; c == nil || c.BaselineRun != "before" || len(c.Changes) < len(a.Findings) {
			t.Errorf("%s: compared with %+v", name, c)
		}
	}
	q, err := rules(t).Question(in)
	if err != nil || q.Prompt.Analysis.Comparison == nil {
		t.Errorf("the question knows no comparison: %v", err)
	}
}

func first(p *pipeline.Pipeline, _ *llmtest.Server) *pipeline.Pipeline { return p }

// What is wrong with an input is told by its kind, before anybody is asked.
func TestAnalyze_Refuses(t *testing.T) {
	stranger := []byte("java/lang/Thread.run;com/shop/Main.work 100\n")
	for name, c := range map[string]struct {
		change func(*input.Input)
		want   error
	}{
		"no page":               {func(in *input.Input) { in.Pages = nil }, pipeline.ErrNoProfile},
		"a page without any":    {func(in *input.Input) { in.Pages[0].Body = []byte("<!DOCTYPE html><html>") }, pipeline.ErrNoProfile},
		"no task of Flink":      {func(in *input.Input) { in.Pages[0].Body = stranger }, pipeline.ErrNoTask},
		"a prompt with a fault": {func(in *input.Input) { in.Prompt = "{{ .Nothing }}" }, question.ErrPrompt},
	} {
		t.Run(name, func(t *testing.T) {
			p, server := withModel(t, llmtest.Honest())
			in := sleepy()
			c.change(&in)
			if _, err := p.Analyze(t.Context(), in, &remembered{}); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if n := len(server.Requests()); n != 0 {
				t.Errorf("asked %d times", n)
			}
		})
	}
	in := sleepy()
	in.Pages[0].Body, in.Force = stranger, true
	a, err := rules(t).Analyze(t.Context(), in, pipeline.Forget{})
	if err != nil || len(a.Missing) == 0 || !strings.Contains(strings.Join(a.Missing, " "), "task") {
		t.Errorf("insisted: %v, missing %q", err, a.Missing)
	}
}
