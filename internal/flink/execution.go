package flink

import (
	"context"
	"encoding/json"
	"fmt"
)

// ExecutionConfig is how a job is set to run, whoever set it: the cluster's configuration or the job's own code.
type ExecutionConfig struct {
	Mode            string // of exchanges, "PIPELINED"; Flink 1.x tells it, 2.x does not
	RestartStrategy string // in words, such as "Cluster level default restart strategy"
	Parallelism     int    // of operators that have none of their own; 0 is unknown
	ObjectReuse     *bool  // nil when the answer does not tell
	// Parameters are the job's global parameters, which its author chose. They are no configuration of Flink: neither SQL nor
	// DataStream jobs put there what is in force. Flink masks what looks secret by its key, and no more.
	Parameters map[string]string
}

// UnmarshalJSON reads an answer; a part of another type than expected is unknown, and does not hide the rest.
func (e *ExecutionConfig) UnmarshalJSON(text []byte) error {
	var answer struct {
		Mode            json.RawMessage `json:"execution-mode"`
		RestartStrategy json.RawMessage `json:"restart-strategy"`
		Parallelism     json.RawMessage `json:"job-parallelism"`
		ObjectReuse     json.RawMessage `json:"object-reuse-mode"`
		Parameters      json.RawMessage `json:"user-config"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return fmt.Errorf("execution configuration: %w", err)
	}
	*e = ExecutionConfig{
		Mode: known[string](answer.Mode), RestartStrategy: known[string](answer.RestartStrategy),
		Parallelism: max(0, known[int](answer.Parallelism)), ObjectReuse: known[*bool](answer.ObjectReuse),
	}
	for key, value := range known[map[string]json.RawMessage](answer.Parameters) {
		if e.Parameters == nil {
			e.Parameters = map[string]string{}
		}
		e.Parameters[key] = known[string](value)
	}
	return nil
}

// known is the value of a part of an answer, zero when it is absent or of another type.
func known[T any](text json.RawMessage) T {
	var value, none T
	if json.Unmarshal(text, &value) != nil {
		return none
	}
	return value
}

// ExecutionConfig asks how a job is set to run. What a job in SQL or in code sets beyond the fields, no route tells.
func (c *Client) ExecutionConfig(ctx context.Context, jobID string) (ExecutionConfig, error) {
	var answer struct {
		Config *ExecutionConfig `json:"execution-config"`
	}
	if err := c.get(ctx, &answer, "jobs", jobID, "config"); err != nil {
		return ExecutionConfig{}, fmt.Errorf("get configuration of job %s: %w", jobID, err)
	}
	if answer.Config == nil { // so Flink answers when the job's configuration cannot be had
		return ExecutionConfig{}, nil
	}
	return *answer.Config, nil
}
