package analyzer

import (
	"context"
	"fmt"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask/prompt"
	"squirrly.dev/services/analyzer/internal/compare"
	"squirrly.dev/services/analyzer/internal/diagnose"
	"squirrly.dev/services/analyzer/internal/diffgraph"
	"squirrly.dev/services/analyzer/internal/input"
	"squirrly.dev/services/analyzer/internal/page"
	"squirrly.dev/services/analyzer/internal/pipeline"
	"squirrly.dev/services/analyzer/internal/question"
)

// What programs that have files, and neither bus nor store, need of the analysis.
type (
	// Input is what an analysis rests on.
	Input = input.Input
	// File is a context file of the user's own.
	File = input.File
	// Page is one flame graph as it was captured.
	Page = page.Page
	// Preview is what an LLM would be sent about an input.
	Preview = question.Preview
	// Estimate is what one question would cost, in US dollars.
	Estimate = question.Estimate
	// Explanation is the plan of a job with what the captures show of each operator.
	Explanation = diagnose.Explanation
	// ExplainedVertex is a vertex in an [Explanation].
	ExplainedVertex = diagnose.ExplainedVertex
	// ExplainedRow is what is known of one operator, or of what Flink does for a vertex.
	ExplainedRow = diagnose.ExplainedRow
	// ModeDiff is the difference of two runs in one mode.
	ModeDiff = diffgraph.Diff
)

// Why there is no analysis of an input. The text around them says more.
var (
	ErrNoManifest = input.ErrNoManifest   // a folder does not hold the artifacts of a run
	ErrNoProfile  = pipeline.ErrNoProfile // none of the pages is a flame graph with samples
	ErrNoTask     = pipeline.ErrNoTask    // no thread of a Flink task was recognized in any page
)

// Folder reads what `squirrly profile --out` wrote.
func Folder(dir string) (Input, error) { return input.Folder(dir) }

// Analyze analyzes pages in memory, without bus or store. An LLM that fails leaves the rules' result, marked degraded.
func (s *Service) Analyze(ctx context.Context, in Input) (events.Analysis, error) {
	return s.pipeline.Analyze(ctx, in, pipeline.Forget{})
}

// Explain says by the rules what each operator of the plan does and takes.
func (s *Service) Explain(in Input) (Explanation, error) {
	res, err := s.pipeline.Diagnose(in)
	if err != nil {
		return Explanation{}, err
	}
	return res.Explain(), nil
}

// ExplainPossible is [Service.Explain] with the operators that claims can be about, and what is possible in each.
func (s *Service) ExplainPossible(in Input) (Explanation, error) {
	res, err := s.pipeline.Diagnose(in)
	if err != nil {
		return Explanation{}, err
	}
	e := res.Explain()
	e.Operators = res.Ground().Explained()
	return e, nil
}

// Prompt returns what [Service.Analyze] would send for an input. It asks nobody, and needs no provider.
func (s *Service) Prompt(in Input) (Preview, error) {
	q, err := s.pipeline.Question(in)
	if err != nil {
		return Preview{}, err
	}
	return question.Show(q, s.model)
}

// CountTokens returns how many tokens of o200k_base a text has, as prompts are counted.
func CountTokens(text string) (int, error) {
	n, err := prompt.CountTokens(text)
	if err != nil {
		return 0, fmt.Errorf("count tokens: %w", err)
	}
	return n, nil
}

// CheckPrompt checks the Markdown of a user that is to replace the default prompt. The error names the line.
func CheckPrompt(markdown string) error { return question.Check(markdown) }

// Compare says whether a job is faster, slower or the same in a later analysis: what became of each finding, whether the
// advice of the earlier one helped, and by which figures. It judges by what the job gets through at its limit, then by the
// time for each record, and never by shares alone; where that does not tell, the summary says why.
func Compare(before, after events.Analysis) events.Comparison { return compare.Compare(before, after) }

// CompareAnyway is [Compare] for somebody who insists that two analyses are of one job.
func CompareAnyway(before, after events.Analysis) events.Comparison {
	return compare.Insist(before, after)
}

// OtherJob says why two analyses are of two jobs, and empty when they may be of one: jobs of another name whose vertices
// have nothing in common are not compared unless somebody insists.
func OtherJob(before, after events.Analysis) string { return compare.OtherJob(&before, &after) }

// Load is the throughput of a run over that of its baseline; 0 is unknown.
func Load(c events.Comparison) float64 { return compare.Load(c) }

// Diff sets the pages of two runs side by side, for each mode that both have. load is that of [Load]: with it the weights
// are those for each record, without (0) they are shares of the active samples. A page that cannot be read is an error
// beside the differences of the others.
func Diff(before, after []Page, title string, load float64) ([]ModeDiff, error) {
	return diffgraph.Of(before, after, title, load)
}
