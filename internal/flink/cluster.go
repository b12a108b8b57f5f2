package flink

import (
	"context"
	"fmt"
)

// Overview counts what a cluster has.
type Overview struct {
	TaskManagers   int    `json:"taskmanagers"`
	SlotsTotal     int    `json:"slots-total"`
	SlotsAvailable int    `json:"slots-available"`
	JobsRunning    int    `json:"jobs-running"`
	JobsFinished   int    `json:"jobs-finished"`
	JobsCancelled  int    `json:"jobs-cancelled"`
	JobsFailed     int    `json:"jobs-failed"`
	Version        string `json:"flink-version"`
	Commit         string `json:"flink-commit"`
}

// Overview asks for the cluster's version and counts.
func (c *Client) Overview(ctx context.Context) (Overview, error) {
	var o Overview
	if err := c.get(ctx, &o, "overview"); err != nil {
		return Overview{}, fmt.Errorf("get overview: %w", err)
	}
	return o, nil
}

// Config is the effective configuration of the JobManager. Flink masks the values of keys that look secret, and no
// others: treat all of it as confidential.
type Config map[string]string

// JobManagerConfig asks for the JobManager's configuration: what was set, without Flink's defaults.
func (c *Client) JobManagerConfig(ctx context.Context) (Config, error) {
	var entries []struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	}
	if err := c.get(ctx, &entries, "jobmanager", "config"); err != nil {
		return nil, fmt.Errorf("get JobManager configuration: %w", err)
	}
	config := make(Config, len(entries))
	for _, e := range entries {
		config[e.Key] = e.Value
	}
	return config, nil
}

// ProfilingEnabled tells whether the profiler's routes exist. An absent key means Flink's default, which is no.
func (c Config) ProfilingEnabled() bool { return c["rest.profiling.enabled"] == "true" }
