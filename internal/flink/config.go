package flink

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

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

// MaxProfile is how long one profile may be (rest.profiling.duration-max, 5 min by default); 0 is unknown.
func (c Config) MaxProfile() time.Duration {
	text, set := c["rest.profiling.duration-max"]
	if !set {
		return 5 * time.Minute
	}
	limit, err := ParseDuration(text)
	if err != nil {
		return 0
	}
	return limit
}

// MetricsInterval is how often Flink renews its metrics (metrics.fetcher.update-interval): the default, 10 s, when
// nothing is set, or nothing that can be read.
func (c Config) MetricsInterval() time.Duration {
	interval, err := ParseDuration(c["metrics.fetcher.update-interval"])
	if err != nil || interval <= 0 {
		return 10 * time.Second
	}
	return interval
}

// FirstWithProfiler is the first version of Flink that has a profiler.
const FirstWithProfiler = "1.19"

// HasProfiler reports whether a Flink of this version has a profiler. A version that cannot be read, such as that of a
// distribution of its own, is believed to have one: its routes will tell.
func HasProfiler(version string) bool {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	minor, _, _ = strings.Cut(minor, "-")
	x, errX := strconv.Atoi(major)
	y, errY := strconv.Atoi(minor)
	const first = 19
	return errX != nil || errY != nil || x > 1 || x == 1 && y >= first
}
