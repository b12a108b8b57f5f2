// Package ask lets an LLM say what holds a job back: it asks once, has each claim of the answer decided, and merges what holds
// into the analysis of the rules.
//
// Asking and applying are two steps, so that a caller can store the answer in between: an answer costs money and is
// never the same twice, hence it is chosen once, and a later attempt applies the stored one. Whatever goes wrong, the
// analysis of the rules stands.
package ask

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask/prompt"
	"squirrly.dev/services/analyzer/internal/claim"
	"squirrly.dev/services/analyzer/internal/claim/check"
	"squirrly.dev/services/analyzer/internal/diagnose"
	"squirrly.dev/services/analyzer/internal/llm"
)

// Input is an analysis of the rules with what an LLM is shown beside it.
type Input struct {
	Prompt prompt.Input
	Ground *diagnose.Ground // what claims are decided by
	Nonce  string           // of the fences; empty is a random one
	Mask   bool             // the LLM sees masks in place of the user's names, and no files
}

// Ask builds the prompt and asks. It returns the answer, which is in the required form, and the prompt as it was sent. With an
// error it returns what was spent without success.
func Ask(ctx context.Context, p llm.Provider, in Input) (Exchange, prompt.Prompt, error) {
	sent, masker, err := in.build()
	if err != nil {
		return Exchange{Provider: p.Name()}, prompt.Prompt{}, err
	}
	resp, err := p.Complete(ctx, llm.Request{
		System: sent.System, SchemaName: claim.SchemaName, Schema: claim.Schema(),
		Messages: []llm.Message{{Role: llm.RoleUser, Text: sent.User}}, Run: in.run(), Digest: sent.Digest(),
	})
	asked := Exchange{Provider: p.Name(), PromptHash: sent.Hash(), Redacted: sent.Redacted, Notes: sent.Notes}
	asked.count(resp, err)
	if err != nil {
		return asked, sent, fmt.Errorf("ask the LLM: %w", err)
	}
	object := masker.Unmask(resp.Object)
	if _, err := claim.Decode(object); err != nil {
		return asked, sent, fmt.Errorf("ask the LLM: decode the answer: %w", err)
	}
	asked.Answer, asked.Model, asked.RequestID = string(object), resp.Model, resp.RequestID
	asked.noteCached()
	return asked, sent, nil
}

// run is the run of the analysis; one without a run is a run of its own.
func (in Input) run() string {
	if in.Prompt.Analysis.Run == "" {
		return prompt.NewNonce()
	}
	return in.Prompt.Analysis.Run
}

// errFormer says that an answer is in the form of releases before claims.
var errFormer = errors.New("the answer is in the form of an earlier release")

// read decodes an answer that was kept.
func read(asked Exchange) (claim.Answer, error) {
	a, err := claim.Decode([]byte(asked.Answer))
	if err == nil {
		return a, nil
	}
	var former struct{ Findings, Claims json.RawMessage }
	if json.Unmarshal([]byte(asked.Answer), &former) == nil && former.Findings != nil && former.Claims == nil {
		return a, fmt.Errorf("decode the answer: %w", errFormer)
	}
	return a, fmt.Errorf("decode the answer: %w", err)
}

// Apply merges into the analysis what holds of an answer. It asks nobody and always comes to the same result. When the
// answer cannot be used, the error says why and the analysis is that of the rules, marked degraded.
func Apply(in Input, asked Exchange) (events.Analysis, error) {
	said, err := read(asked)
	if err != nil {
		return Degrade(in.Prompt.Analysis, asked, err), err
	}
	a := merge(in.Prompt.Analysis, check.New(in.Prompt.Analysis, in.Ground).Answer(said))
	a.Provenance.Provider = asked.Provider
	a.Provenance.Model = asked.Model
	a.Provenance.PromptHash = asked.PromptHash
	asked.bill(&a.Provenance)
	a.Provenance.Note = strings.Join(asked.Notes, " ")
	return a, nil
}
