package analyzer

import (
	"squirrly.dev/services/analyzer/internal/diagnose"
)

// Explanation is the plan of a job with what the captures show of each operator.
type Explanation = diagnose.Explanation

type (
	// ExplainedVertex is a vertex in an [Explanation].
	ExplainedVertex = diagnose.ExplainedVertex
	// ExplainedRow is what is known of one operator, or of what Flink does for a vertex.
	ExplainedRow = diagnose.ExplainedRow
	// HotFrame is a frame with many samples.
	HotFrame = diagnose.HotFrame
)

// Explain says by the rules what each operator of the plan does and takes.
func (s *Service) Explain(in Input) (Explanation, error) {
	res, err := s.diagnosis(in)
	if err != nil {
		return Explanation{}, err
	}
	return res.Explanation, nil
}
