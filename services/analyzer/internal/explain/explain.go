// Package explain lets an LLM explain an analysis of the rules: it asks, has the answer verified, and merges what holds.
//
// Asking and applying are two steps, so that a caller can store the answer in between: an answer costs money and is
// never the same twice, hence it is chosen once, and a later attempt applies the stored one. Whatever goes wrong, the
// analysis of the rules stands.
package explain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/answer"
	"squirrly.dev/services/analyzer/internal/budget"
	"squirrly.dev/services/analyzer/internal/llm"
	"squirrly.dev/services/analyzer/internal/prompt"
	"squirrly.dev/services/analyzer/internal/verify"
)

// Input is an analysis of the rules with what an LLM is shown beside it.
type Input struct {
	Prompt prompt.Input
	Texts  []string // of the rule catalogue: the names in them may be named in an answer
	Idle   func(frame string) bool
	Nonce  string // of the fences; empty is a random one
	Mask   bool   // the LLM sees masks in place of the user's names, and no files
}

// Asked is an answer with where it came from. Its JSON form is what a caller stores.
type Asked struct {
	Provider   string         `json:"provider"`
	Model      string         `json:"model,omitempty"`
	RequestID  string         `json:"requestId,omitempty"`
	PromptHash string         `json:"promptHash"`        // SHA-256 of the prompt as sent
	Usage      llm.Usage      `json:"usage"`             // of all rounds
	CostUSD    *float64       `json:"costUsd,omitempty"` // of all rounds; nil is unknown
	Rounds     int            `json:"rounds"`
	Redacted   map[string]int `json:"redacted,omitempty"` // places where a secret was removed from the prompt, by kind
	Notes      []string       `json:"notes,omitempty"`    // what the prompt had to leave out, and why
	Answer     string         `json:"answer"`             // JSON text of the chosen round
}

// rounds is how often an answer is asked for: once, and once more to repair it.
const rounds = 2

// Explain asks and applies in one step. The error is that of the LLM and is for a log: the analysis can be used in any
// case, since it is then that of the rules, marked degraded. Only the end of ctx leaves it as it was.
func Explain(ctx context.Context, p llm.Provider, in Input) (events.Analysis, error) {
	asked, _, err := Ask(ctx, p, in)
	if err == nil {
		return Apply(in, asked)
	}
	if ctx.Err() != nil {
		return in.Prompt.Analysis, err
	}
	return Degrade(in.Prompt.Analysis, asked, err), err
}

// Ask builds the prompt, asks, and asks once more when the answer is not in form or says what does not hold. It returns
// the better answer, and the prompt as it was sent. With an error it returns what was spent without success.
func Ask(ctx context.Context, p llm.Provider, in Input) (Asked, prompt.Prompt, error) {
	sent, veil, err := in.build()
	if err != nil {
		return Asked{Provider: p.Name()}, prompt.Prompt{}, err
	}
	req := llm.Request{
		System: sent.System, SchemaName: answer.SchemaName, Schema: answer.Schema(),
		Messages: []llm.Message{{Role: llm.RoleUser, Text: sent.User}}, Run: in.run(),
	}
	asked := Asked{Provider: p.Name(), PromptHash: sent.Hash(), Redacted: sent.Redacted, Notes: sent.Notes}
	var best verify.Result
	var last error
	for range rounds {
		resp, err := p.Complete(ctx, req)
		asked.count(resp)
		if err != nil {
			last = err
			asked.leaveOut(err)
			break
		}
		object := veil.lift(resp.Object)
		result, err := check(in, object)
		if err == nil && (asked.Answer == "" || verify.Better(best, result)) {
			best = result
			asked.Answer, asked.Model, asked.RequestID = string(object), resp.Model, resp.RequestID
		}
		repair := verify.Repair(result)
		if err != nil {
			last = err
			repair = "Your answer is not in the required form: " + err.Error() + ". Answer again with the whole JSON object."
		}
		if repair == "" {
			break
		}
		req.Messages = append(slices.Clone(req.Messages),
			llm.Message{Role: llm.RoleAssistant, Text: string(resp.Object)}, llm.Message{Role: llm.RoleUser, Text: veil.cover(repair)})
	}
	if asked.Answer == "" {
		return asked, sent, fmt.Errorf("ask the LLM: %w", last)
	}
	return asked, sent, nil
}

// run is the run of the analysis; one without a run is a run of its own.
func (in Input) run() string {
	if in.Prompt.Analysis.Run == "" {
		return prompt.NewNonce()
	}
	return in.Prompt.Analysis.Run
}

// count adds a response. What all rounds cost is known only when each of them is.
func (a *Asked) count(resp llm.Response) {
	switch {
	case resp.CostUSD == nil:
		a.CostUSD = nil
	case a.Rounds == 0:
		a.CostUSD = resp.CostUSD
	case a.CostUSD != nil:
		sum := *a.CostUSD + *resp.CostUSD
		a.CostUSD = &sum
	}
	a.Rounds++
	a.Usage = a.Usage.Add(resp.Usage)
}

// check decodes an answer and measures it.
func check(in Input, raw []byte) (verify.Result, error) {
	a, err := answer.Decode(raw)
	if err != nil {
		return verify.Result{}, fmt.Errorf("decode the answer: %w", err)
	}
	return verify.Check(measure(in, a)), nil
}

// measure brings together what an answer is measured by: what the prompt showed.
func measure(in Input, a answer.Answer) verify.Input {
	out := verify.Input{
		Answer: a, Analysis: in.Prompt.Analysis, Settings: in.Prompt.Settings, Idle: in.Idle,
		Allowed: verify.Allowed{Keys: in.Prompt.Keys, Links: in.Prompt.Links, Texts: in.Texts},
	}
	for _, t := range in.Prompt.Trees {
		for _, l := range t.Lines {
			out.Lines = append(out.Lines, l.Fact(t.Mode))
		}
	}
	for _, f := range in.Prompt.Files {
		out.Files = append(out.Files, f.Text)
	}
	out.Files = append(out.Files, in.Prompt.Machines.Exceptions...) // written by strangers too
	return out
}

// Apply merges into the analysis what holds of an answer. It asks nobody and always comes to the same result. When the
// answer cannot be used, the error says why and the analysis is that of the rules, marked degraded.
func Apply(in Input, asked Asked) (events.Analysis, error) {
	result, err := check(in, []byte(asked.Answer))
	if err != nil {
		return Degrade(in.Prompt.Analysis, asked, err), err
	}
	a := result.Analysis
	a.Provenance.Provider = asked.Provider
	a.Provenance.Model = asked.Model
	a.Provenance.PromptHash = asked.PromptHash
	asked.bill(&a.Provenance)
	a.Provenance.Note = strings.Join(asked.Notes, " ")
	return a, nil
}

// bill notes what the rounds spent.
func (a Asked) bill(p *events.Provenance) {
	p.TokensIn, p.TokensOut = a.Usage.In, a.Usage.Out
	if a.CostUSD != nil {
		p.CostUSD = *a.CostUSD
	}
}

// Encode returns the form of an answer that is stored.
func (a Asked) Encode() ([]byte, error) {
	b, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("encode the answer: %w", err)
	}
	return b, nil
}

// Load reads a stored answer.
func Load(b []byte) (Asked, error) {
	var a Asked
	if err := json.Unmarshal(b, &a); err != nil {
		return Asked{}, fmt.Errorf("load the answer: %w", err)
	}
	if a.Answer == "" || a.Provider == "" {
		return Asked{}, errors.New("load the answer: it is empty")
	}
	return a, nil
}

// leaveOut notes that a round was not allowed after another one had brought an answer.
func (a *Asked) leaveOut(err error) {
	if a.Answer != "" && errors.Is(err, budget.ErrRefused) {
		a.Notes = append(slices.Clone(a.Notes), "The answer was not sent back for repair. "+reason(err))
	}
}

// reason says in a sentence why there is no answer of the LLM.
func reason(err error) string {
	if r, ok := errors.AsType[*budget.Refusal](err); ok {
		return r.Sentence
	}
	return CodeOf(err).Hint()
}

// CodeOf returns the reason code of an error of Ask or Apply.
func CodeOf(err error) events.Code {
	if errors.Is(err, budget.ErrRefused) {
		return events.CodeLLMBudget
	}
	if llm.NoAnswer(err) {
		return events.CodeLLMUnavailable
	}
	return events.CodeLLMBadAnswer
}

// Degrade returns the analysis of the rules, marked as one that an LLM did not explain, with what was spent in vain.
func Degrade(a events.Analysis, asked Asked, err error) events.Analysis {
	code := CodeOf(err)
	a.Degraded = true
	a.DegradedWhy = append(slices.Clone(a.DegradedWhy), fmt.Sprintf("%s: %s", code, reason(err)))
	a.Provenance.Provider = "rules"
	a.Provenance.Note = fmt.Sprintf("The LLM (%s) was asked without success; the rules alone decided.", asked.Provider)
	if code == events.CodeLLMBudget {
		a.Provenance.Note = reason(err) + " The rules alone decided."
	}
	asked.bill(&a.Provenance)
	return a
}
