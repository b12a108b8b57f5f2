// Package ask lets an LLM explain an analysis of the rules: it asks, has the answer verified, and merges what holds.
//
// Asking and applying are two steps, so that a caller can store the answer in between: an answer costs money and is
// never the same twice, hence it is chosen once, and a later attempt applies the stored one. Whatever goes wrong, the
// analysis of the rules stands.
package ask

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask/answer"
	"squirrly.dev/services/analyzer/internal/ask/check"
	"squirrly.dev/services/analyzer/internal/ask/prompt"
	"squirrly.dev/services/analyzer/internal/llm"
)

// Input is an analysis of the rules with what an LLM is shown beside it.
type Input struct {
	Prompt prompt.Input
	Texts  []string // of the rule catalogue: the names in them may be named in an answer
	Idle   func(frame string) bool
	Nonce  string // of the fences; empty is a random one
	Mask   bool   // the LLM sees masks in place of the user's names, and no files
}

// rounds is how often an answer is asked for: once, and once more to repair it.
const rounds = 2

// Ask builds the prompt, asks, and asks once more when the answer is not in form or says what does not hold. It returns
// the better answer, and the prompt as it was sent. With an error it returns what was spent without success.
func Ask(ctx context.Context, p llm.Provider, in Input) (Exchange, prompt.Prompt, error) {
	sent, masker, err := in.build()
	if err != nil {
		return Exchange{Provider: p.Name()}, prompt.Prompt{}, err
	}
	req := llm.Request{
		System: sent.System, SchemaName: answer.SchemaName, Schema: answer.Schema(),
		Messages: []llm.Message{{Role: llm.RoleUser, Text: sent.User}}, Run: in.run(),
		Digest: sent.Digest(),
	}
	asked := Exchange{Provider: p.Name(), PromptHash: sent.Hash(), Redacted: sent.Redacted, Notes: sent.Notes}
	var best check.Result
	var last error
	for range rounds {
		resp, err := p.Complete(ctx, req)
		asked.count(resp, err)
		if err != nil {
			last = err
			asked.leaveOut(err)
			break
		}
		object := masker.Unmask(resp.Object)
		result, err := checkAnswer(in, object)
		if err == nil && (asked.Answer == "" || check.Better(best, result)) {
			best = result
			asked.Answer, asked.Model, asked.RequestID = string(object), resp.Model, resp.RequestID
		}
		repair := check.Repair(result)
		if err != nil {
			last = err
			repair = "Your answer is not in the required form: " + err.Error() + ". Answer again with the whole JSON object."
		}
		if repair == "" {
			break
		}
		req.Messages = append(slices.Clone(req.Messages),
			llm.Message{Role: llm.RoleAssistant, Text: string(resp.Object)}, llm.Message{Role: llm.RoleUser, Text: masker.Mask(repair)})
		req.Digest = sent.Digest(texts(req.Messages[1:])...)
	}
	asked.noteCached()
	if asked.Answer == "" {
		return asked, sent, fmt.Errorf("ask the LLM: %w", last)
	}
	return asked, sent, nil
}

func texts(messages []llm.Message) []string {
	var out []string
	for _, m := range messages {
		out = append(out, m.Text)
	}
	return out
}

// run is the run of the analysis; one without a run is a run of its own.
func (in Input) run() string {
	if in.Prompt.Analysis.Run == "" {
		return prompt.NewNonce()
	}
	return in.Prompt.Analysis.Run
}

// check decodes an answer and measures it.
func checkAnswer(in Input, raw []byte) (check.Result, error) {
	a, err := answer.Decode(raw)
	if err != nil {
		return check.Result{}, fmt.Errorf("decode the answer: %w", err)
	}
	return check.Check(measure(in, a)), nil
}

// measure brings together what an answer is measured by: what the prompt showed.
func measure(in Input, a answer.Answer) check.Input {
	out := check.Input{
		Answer: a, Analysis: in.Prompt.Analysis, Idle: in.Idle, Allowed: check.Allowed{Texts: in.Texts}, Settings: map[string]string{},
	}
	for _, s := range in.Prompt.Settings {
		out.Settings[s.Key] = s.Value
	}
	for _, k := range in.Prompt.Keys {
		out.Allowed.Keys = append(out.Allowed.Keys, k.Name)
	}
	for _, t := range in.Prompt.Trees {
		for _, l := range t.Lines {
			out.Lines = append(out.Lines, l.Fact(t.Mode))
		}
	}
	for _, f := range in.Prompt.Files {
		out.Files = append(out.Files, f.Text)
	}
	out.Files = append(out.Files, in.Prompt.Failures...) // written by strangers too
	return out
}

// Apply merges into the analysis what holds of an answer. It asks nobody and always comes to the same result. When the
// answer cannot be used, the error says why and the analysis is that of the rules, marked degraded.
func Apply(in Input, asked Exchange) (events.Analysis, error) {
	result, err := checkAnswer(in, []byte(asked.Answer))
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
