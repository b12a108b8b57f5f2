package flink

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Watermarks that are no time.
const (
	NoWatermark   int64 = math.MinInt64 // none has come yet, or the job has no event time
	LastWatermark int64 = math.MaxInt64 // the input has ended
)

// inputWatermark is the name of the metric behind the index of the subtask.
const inputWatermark = ".currentInputWatermark"

// Watermarks asks for the lowest watermark that has come to each subtask of a vertex, in ms of event time, by the index of the
// subtask. One that is absent is unknown: Flink has not fetched it, or the vertex is a source, which has no input.
// The values are of Flink's last fetch of its metrics, as those of [Metrics] are.
func (c *Client) Watermarks(ctx context.Context, jobID, vertexID string) (map[int]int64, error) {
	var answer []struct {
		ID    string `json:"id"`
		Value string `json:"value"`
	}
	if err := c.get(ctx, &answer, "jobs", jobID, "vertices", vertexID, "watermarks"); err != nil {
		return nil, fmt.Errorf("get watermarks of vertex %s of job %s: %w", vertexID, jobID, err)
	}
	marks := make(map[int]int64, len(answer))
	for _, m := range answer {
		index, ok := strings.CutSuffix(m.ID, inputWatermark)
		subtask, err := strconv.Atoi(index)
		value, errValue := strconv.ParseInt(m.Value, 10, 64)
		if ok && err == nil && errValue == nil && subtask >= 0 {
			marks[subtask] = value
		}
	}
	return marks, nil
}
