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
