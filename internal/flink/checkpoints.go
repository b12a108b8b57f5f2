package flink

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
)

// Checkpoints is the summary of a job's checkpoints. All times are ms, all sizes bytes.
type Checkpoints struct {
	Counts struct {
		Restored   int `json:"restored"`
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
	History []Checkpoint `json:"history"` // newest first, as many as web.checkpoints.history says (10)
}

// Distribution is over the checkpoints that Flink remembers, or over the subtasks of one.
type Distribution struct {
	Min int64  `json:"min"`
	Max int64  `json:"max"`
	Avg int64  `json:"avg"`
	P99 Millis `json:"p99"` // Unknown without checkpoints
}

// The states of a checkpoint.
const (
	CheckpointCompleted  = "COMPLETED"
	CheckpointFailed     = "FAILED"
	CheckpointInProgress = "IN_PROGRESS"
)

// Checkpoint is one checkpoint, completed, failed or in progress.
type Checkpoint struct {
	ID               int64                     `json:"id"`
	Status           string                    `json:"status"`
	Savepoint        bool                      `json:"is_savepoint"`
	TriggerTime      int64                     `json:"trigger_timestamp"`   // epoch ms
	EndToEndDuration int64                     `json:"end_to_end_duration"` // until the last acknowledgement so far
	StateSize        int64                     `json:"state_size"`
	FailureMessage   string                    `json:"failure_message"`
	Tasks            map[string]TaskCheckpoint `json:"tasks"` // by vertex id; only from [Client.Checkpoint]
}

// TaskCheckpoint is the share of one vertex in a checkpoint.
type TaskCheckpoint struct {
	EndToEndDuration int64 `json:"end_to_end_duration"` // of its slowest subtask
}

// Checkpoints asks for the checkpoint statistics of a job.
func (c *Client) Checkpoints(ctx context.Context, jobID string) (Checkpoints, error) {
	var s Checkpoints
	if err := c.get(ctx, &s, "jobs", jobID, "checkpoints"); err != nil {
		return Checkpoints{}, fmt.Errorf("get checkpoints of job %s: %w", jobID, err)
	}
	return s, nil
}

// Checkpoint asks for one checkpoint, with the shares of its vertices.
func (c *Client) Checkpoint(ctx context.Context, jobID string, id int64) (Checkpoint, error) {
	var s Checkpoint
	if err := c.get(ctx, &s, "jobs", jobID, "checkpoints", "details", strconv.FormatInt(id, 10)); err != nil {
		return Checkpoint{}, fmt.Errorf("get checkpoint %d of job %s: %w", id, jobID, err)
	}
	return s, nil
}

// CheckpointTimes are the times that the subtasks of one vertex took for one checkpoint, in ms. They are 0 where no
// subtask has acknowledged it.
type CheckpointTimes struct {
	StartDelay Distribution `json:"start_delay"` // from the trigger to the first barrier
	Alignment  struct {
		Duration Distribution `json:"duration"` // from the first barrier to the last
	} `json:"alignment"`
	Duration struct {
		Sync  Distribution `json:"sync"`
		Async Distribution `json:"async"`
	} `json:"checkpoint_duration"`
}

// CheckpointTimes asks how long the subtasks of a vertex took for a checkpoint.
func (c *Client) CheckpointTimes(ctx context.Context, jobID string, id int64, vertexID string) (CheckpointTimes, error) {
	var answer struct {
		Summary CheckpointTimes `json:"summary"`
	}
	err := c.get(ctx, &answer, "jobs", jobID, "checkpoints", "details", strconv.FormatInt(id, 10), "subtasks", vertexID)
	if err != nil {
		return CheckpointTimes{}, fmt.Errorf("get times of checkpoint %d of job %s: %w", id, jobID, err)
	}
	return answer.Summary, nil
}

// CheckpointConfig is what is in force for a job, whoever set it: the cluster or the job's own code. Times are ms.
type CheckpointConfig struct {
	Mode                     string   `json:"mode"` // exactly_once or at_least_once
	Interval                 Interval `json:"interval"`
	Timeout                  int64    `json:"timeout"`
	MinPause                 int64    `json:"min_pause"`
	MaxConcurrent            int64    `json:"max_concurrent"`
	Unaligned                bool     `json:"unaligned_checkpoints"`
	AlignedTimeout           int64    `json:"aligned_checkpoint_timeout"`
	TolerableFailed          int64    `json:"tolerable_failed_checkpoints"`
	StateBackend             string   `json:"state_backend"`      // simple name of the class
	Storage                  string   `json:"checkpoint_storage"` // simple name of the class
	StateChangelog           bool     `json:"state_changelog_enabled"`
	CheckpointsAfterFinished bool     `json:"checkpoints_after_tasks_finish"`
}

// Interval is a time in ms between checkpoints, 0 where Flink says by the largest number it has that there are none.
type Interval int64

// UnmarshalJSON reads a number; anything else is 0.
func (i *Interval) UnmarshalJSON(text []byte) error {
	*i = 0
	var n int64
	const year = 366 * 24 * 3600 * 1000
	if json.Unmarshal(text, &n) == nil && n > 0 && n < 1000*year {
		*i = Interval(n)
	}
	return nil
}

// CheckpointConfig asks how a job takes checkpoints.
func (c *Client) CheckpointConfig(ctx context.Context, jobID string) (CheckpointConfig, error) {
	var config CheckpointConfig
	if err := c.get(ctx, &config, "jobs", jobID, "checkpoints", "config"); err != nil {
		return CheckpointConfig{}, fmt.Errorf("get checkpoint configuration of job %s: %w", jobID, err)
	}
	return config, nil
}
