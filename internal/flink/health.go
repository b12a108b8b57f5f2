package flink

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Checkpoints is the summary of a job's checkpoints. All times are ms, all sizes bytes.
type Checkpoints struct {
	Counts struct {
		Total      int `json:"total"`
		Completed  int `json:"completed"`
		Failed     int `json:"failed"`
		InProgress int `json:"in_progress"`
	} `json:"counts"`
	Summary struct {
		EndToEndDuration Distribution `json:"end_to_end_duration"`
		StateSize        Distribution `json:"state_size"`
		CheckpointedSize Distribution `json:"checkpointed_size"`
	} `json:"summary"`
	Latest struct {
		Completed *Checkpoint `json:"completed"`
		Failed    *Checkpoint `json:"failed"`
	} `json:"latest"`
}

// Distribution is over the checkpoints that Flink remembers.
type Distribution struct {
	Min int64  `json:"min"`
	Max int64  `json:"max"`
	Avg int64  `json:"avg"`
	P99 Millis `json:"p99"` // Unknown without checkpoints
}

// Checkpoint is one checkpoint, completed or failed.
type Checkpoint struct {
	ID               int64  `json:"id"`
	Status           string `json:"status"`
	TriggerTime      int64  `json:"trigger_timestamp"` // epoch ms
	EndToEndDuration int64  `json:"end_to_end_duration"`
	StateSize        int64  `json:"state_size"`
	FailureMessage   string `json:"failure_message"`
}

// Checkpoints asks for the checkpoint statistics of a job.
func (c *Client) Checkpoints(ctx context.Context, jobID string) (Checkpoints, error) {
	var s Checkpoints
	if err := c.get(ctx, &s, "jobs", jobID, "checkpoints"); err != nil {
		return Checkpoints{}, fmt.Errorf("get checkpoints of job %s: %w", jobID, err)
	}
	return s, nil
}

// Exception is a failure that a job survived or died of.
type Exception struct {
	Name          string `json:"exceptionName"` // class
	Message       string `json:"message"`       // first line and last cause of the stack trace, at most 500 bytes
	Time          int64  `json:"timestamp"`     // epoch ms
	Task          string `json:"taskName"`      // empty when no task is to blame
	TaskManagerID string `json:"taskManagerId"`
}

// Exceptions asks for the latest failures of a job, newest first, at most limit.
func (c *Client) Exceptions(ctx context.Context, jobID string, limit int) ([]Exception, error) {
	var answer struct {
		History struct {
			Entries []struct {
				Exception
				StackTrace string `json:"stacktrace"`
			} `json:"entries"`
		} `json:"exceptionHistory"`
	}
	r := call{
		method: http.MethodGet, path: []string{"jobs", jobID, "exceptions"},
		query: url.Values{"maxExceptions": {strconv.Itoa(limit)}},
	}
	if err := c.json(ctx, r, &answer); err != nil {
		return nil, fmt.Errorf("get exceptions of job %s: %w", jobID, err)
	}
	exceptions := make([]Exception, 0, len(answer.History.Entries))
	for _, e := range answer.History.Entries {
		e.Message = summarise(e.StackTrace)
		exceptions = append(exceptions, e.Exception)
	}
	return exceptions, nil
}

// summarise keeps what a reader wants of a stack trace: how it begins and the last cause.
func summarise(stackTrace string) string {
	first, rest, _ := strings.Cut(stackTrace, "\n")
	for line := range strings.Lines(rest) {
		if cause, ok := strings.CutPrefix(line, "Caused by: "); ok {
			first, _, _ = strings.Cut(first, " | ")
			first += " | " + strings.TrimSpace(cause)
		}
	}
	return shorten(strings.TrimSpace(first), 500)
}
