package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// sentFile holds, beside a capture, the records per second that the sources sent meanwhile.
const sentFile = "sent.json"

// sentBefore is what an earlier run left in a folder; 0 when it is not known.
func sentBefore(dir string) (rate float64, err error) {
	text, err := os.ReadFile(filepath.Join(dir, sentFile))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read a rate: %w", err)
	}
	if err := json.Unmarshal(text, &rate); err != nil {
		return 0, fmt.Errorf("%s: %w", sentFile, err)
	}
	return rate, nil
}

// watch is [watchSent] where advice is taken; otherwise it watches nothing.
func (b *bench) watch(ctx context.Context, flink, job, dir string) (stop func() (float64, error)) {
	if !b.advice {
		return func() (float64, error) { return 0, nil }
	}
	return watchSent(ctx, flink, job, dir)
}

// watchSent counts, until it is stopped, what the operators of the sources send, however they are chained: a setting may
// change the plan, and the records between its vertices are other ones then. Stop returns records per second, 0 when that is
// not known, and leaves it in the folder.
func watchSent(ctx context.Context, flink, job, dir string) (stop func() (float64, error)) {
	ctx, cancel := context.WithCancel(ctx)
	rate := make(chan float64, 1)
	go func() { rate <- countSent(ctx, flink, job) }()
	return func() (float64, error) {
		cancel()
		r := <-rate
		if err := os.WriteFile(filepath.Join(dir, sentFile), strconv.AppendFloat(nil, r, 'f', 1, 64), 0o600); err != nil {
			return r, fmt.Errorf("keep a rate: %w", err)
		}
		return r, nil
	}
}

// countSent polls the counters until ctx ends. Flink answers from what it fetched last, so that only the moments count at
// which an answer is another one.
func countSent(ctx context.Context, flink, job string) float64 {
	const every = 500 * time.Millisecond
	var first, last, seen float64
	var from, to time.Time
	for ctx.Err() == nil {
		if n := sentSoFar(ctx, flink, job); n > 0 && n != seen {
			switch {
			case seen == 0: // fetched nobody knows when
			case from.IsZero():
				first, from = n, time.Now()
			default:
				last, to = n, time.Now()
			}
			seen = n
		}
		_ = sleep(ctx, every) // the loop ends with ctx
	}
	if !to.After(from) || from.IsZero() {
		return 0
	}
	return (last - first) / to.Sub(from).Seconds()
}

// sourceCounter is the name of the counter of an operator that is a source.
var sourceCounter = regexp.MustCompile(`^Source_.*\.numRecordsOut$`)

// sentSoFar is the sum of the counters of all sources; 0 when they cannot be read.
func sentSoFar(ctx context.Context, flink, job string) (sum float64) {
	var plan struct {
		Vertices []struct {
			ID string `json:"id"`
		} `json:"vertices"`
	}
	if ask(ctx, flink+"/jobs/"+job, &plan) != nil {
		return 0
	}
	for _, v := range plan.Vertices {
		at := flink + "/jobs/" + job + "/vertices/" + v.ID + "/subtasks/metrics"
		var names, values []struct {
			ID  string  `json:"id"`
			Sum float64 `json:"sum"`
		}
		if ask(ctx, at, &names) != nil {
			return 0
		}
		for _, n := range names {
			if !sourceCounter.MatchString(n.ID) {
				continue
			}
			if ask(ctx, at+"?agg=sum&get="+url.QueryEscape(n.ID), &values) != nil || len(values) == 0 {
				return 0
			}
			sum += values[0].Sum
		}
	}
	return sum
}

var errStatus = errors.New("no answer")

func ask(ctx context.Context, at string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return fmt.Errorf("ask Flink: %w", err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask Flink: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return fmt.Errorf("ask Flink: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("ask Flink: %w: %s", errStatus, answer.Status)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("ask Flink: %w", err)
	}
	return nil
}
