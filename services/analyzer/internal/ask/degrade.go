package ask

import (
	"errors"
	"fmt"
	"slices"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/llm"
	"squirrly.dev/services/analyzer/internal/llm/budget"
)

// Rules is the provider of an analysis that no LLM explained.
const Rules = "rules"

// reason says in a sentence why there is no answer of the LLM.
func reason(err error) string {
	if r, ok := errors.AsType[*budget.Refusal](err); ok {
		return r.Sentence
	}
	if errors.Is(err, errFormer) {
		return "The answer that was kept for this run is in the form of an earlier release, which is not read any more. A new run asks anew."
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
func Degrade(a events.Analysis, asked Exchange, err error) events.Analysis {
	code := CodeOf(err)
	a.Degraded = true
	a.DegradedWhy = append(slices.Clone(a.DegradedWhy), fmt.Sprintf("%s: %s", code, reason(err)))
	a.Provenance.Provider = Rules
	a.Provenance.Note = fmt.Sprintf("The LLM (%s) was asked without success; the rules alone decided.", asked.Provider)
	if code == events.CodeLLMBudget || errors.Is(err, errFormer) {
		a.Provenance.Note = reason(err) + " The rules alone decided."
	}
	asked.bill(&a.Provenance)
	return a
}
