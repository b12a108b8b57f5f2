package flink

import (
	"context"
	"fmt"
)

// Environment is the JVM of the JobManager. TaskManagers do not tell theirs; they run the same image as a rule.
type Environment struct {
	JVM struct {
		Version string   `json:"version"`
		Arch    string   `json:"arch"`
		Options []string `json:"options"` // may hold secrets
	} `json:"jvm"`
}

// Environment asks for the JVM of the JobManager.
func (c *Client) Environment(ctx context.Context) (Environment, error) {
	var e Environment
	if err := c.get(ctx, &e, "jobmanager", "environment"); err != nil {
		return Environment{}, fmt.Errorf("get environment of the JobManager: %w", err)
	}
	return e, nil
}

// JobsOn lists the ids of the jobs that have slots on a TaskManager, each once.
func (c *Client) JobsOn(ctx context.Context, taskManagerID string) ([]string, error) {
	var answer struct {
		Slots []struct {
			JobID string `json:"jobId"`
		} `json:"allocatedSlots"`
	}
	if err := c.get(ctx, &answer, "taskmanagers", taskManagerID); err != nil {
		return nil, fmt.Errorf("get slots of TaskManager %s: %w", taskManagerID, err)
	}
	seen := map[string]bool{}
	var jobs []string
	for _, s := range answer.Slots {
		if !seen[s.JobID] {
			seen[s.JobID] = true
			jobs = append(jobs, s.JobID)
		}
	}
	return jobs, nil
}

// Failure is the error behind a profile that FAILED, sorted as that of [Client.StartProfile] is; nil for any other.
func (p Profile) Failure() error {
	return call{method: "profile", path: []string{string(p.Mode)}}.rejected(p)
}
