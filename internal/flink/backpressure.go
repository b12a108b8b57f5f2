package flink

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// ErrNotYet says that Flink has no numbers for that yet: it fetches them because it was asked, and has them a moment later.
var ErrNotYet = errors.New("flink has no numbers for it yet")

// Rates are the shares of its time that a subtask spent lately, from 0 to 1: Flink averages them over the last minute (its
// metrics busyTimeMsPerSecond and the like) and fetches them every metrics.fetcher.update-interval.
type Rates struct {
	Busy          float64 // negative: unknown, as of legacy sources
	Idle          float64
	BackPressured float64
}

// Backpressure asks for what each subtask of a vertex does now, by the index of the subtask, where the accumulated times in
// [Metrics] are of the whole attempt. A subtask that is absent is unknown. The error is ErrNotYet when Flink has to fetch
// first.
func (c *Client) Backpressure(ctx context.Context, jobID, vertexID string) (map[int]Rates, error) {
	var answer struct {
		Status   string `json:"status"` // ok, or deprecated: not known any more, or not yet
		Subtasks []struct {
			Subtask       int   `json:"subtask"`
			BackPressured share `json:"ratio"`
			Idle          share `json:"idleRatio"`
			Busy          share `json:"busyRatio"`
		} `json:"subtasks"`
	}
	if err := c.get(ctx, &answer, "jobs", jobID, "vertices", vertexID, "backpressure"); err != nil {
		return nil, fmt.Errorf("get backpressure of vertex %s of job %s: %w", vertexID, jobID, err)
	}
	if answer.Status != "ok" {
		return nil, fmt.Errorf("get backpressure of vertex %s of job %s: %w", vertexID, jobID, ErrNotYet)
	}
	rates := make(map[int]Rates, len(answer.Subtasks))
	for _, s := range answer.Subtasks {
		if s.Subtask >= 0 {
			rates[s.Subtask] = Rates{Busy: float64(s.Busy), Idle: max(0, float64(s.Idle)), BackPressured: max(0, float64(s.BackPressured))}
		}
	}
	return rates, nil
}

// share is a number from 0 to 1, or negative for anything else, such as "NaN".
type share float64

// UnmarshalJSON implements json.Unmarshaler.
func (s *share) UnmarshalJSON(text []byte) error {
	*s = -1
	if n, ok := number(text); ok && n >= 0 {
		*s = share(math.Min(n, 1))
	}
	return nil
}
