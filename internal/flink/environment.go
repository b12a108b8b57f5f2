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

// Failure is the error behind a profile that FAILED, sorted as that of [Client.StartProfile] is; nil for any other.
func (p Profile) Failure() error {
	return call{method: "profile", path: []string{string(p.Mode)}}.rejected(p)
}
