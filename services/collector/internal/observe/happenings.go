package observe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/panics"
)

const (
	maxFailures       = 20
	maxCheckpoints    = 10
	timedCheckpoints  = 3  // the newest that have ended are asked for alignment and the like
	timedVertices     = 12 // of each, those that took longest; a request each
	unknownCheckpoint = -1
)

// failures reads the latest failures of the job.
func (d *Description) failures(ctx context.Context) {
	d.try("exceptions", func() error {
		all, err := d.client.Exceptions(ctx, d.job, maxFailures)
		d.set(func(out *jobcontext.Context) {
			for _, e := range all {
				out.Failures = append(out.Failures, jobcontext.Failure{
					At: e.Time, Name: line(e.Name), Message: line(e.Message), Cause: line(e.Cause),
					Task: line(e.Task), TaskManager: line(e.TaskManagerID),
				})
			}
		})
		return err
	})
}

// checkpoints reads the configuration that is in force, and the latest checkpoints.
func (d *Description) checkpoints(ctx context.Context) {
	var out *jobcontext.Checkpoints
	var config *jobcontext.CheckpointConfig
	var both panics.Group
	both.Go(func() {
		d.try("checkpoint configuration", func() error {
			c, err := d.client.CheckpointConfig(ctx, d.job)
			switch {
			case errors.Is(err, flink.ErrNotFound) && strings.Contains(err.Error(), "not enabled"):
				config = &jobcontext.CheckpointConfig{} // how Flink says of a batch job that it takes none
				return nil
			case err == nil:
				config = checkpointConfig(c)
			}
			return err
		})
	})
	both.Go(func() {
		d.try("checkpoints", func() error {
			c, err := d.client.Checkpoints(ctx, d.job)
			if err == nil {
				out = summary(c)
				d.timings(ctx, out.Recent)
			}
			return err
		})
	})
	both.Wait()
	if out == nil && config != nil {
		out = &jobcontext.Checkpoints{}
	}
	if out != nil {
		out.Config = config
		d.set(func(c *jobcontext.Context) { c.Checkpoints = out })
	}
}

func checkpointConfig(c flink.CheckpointConfig) *jobcontext.CheckpointConfig {
	return &jobcontext.CheckpointConfig{
		Mode: cut(c.Mode), IntervalMS: int64(c.Interval), TimeoutMS: c.Timeout, MinPauseMS: c.MinPause, MaxConcurrent: c.MaxConcurrent,
		Unaligned: c.Unaligned, AlignedTimeoutMS: c.AlignedTimeout, TolerableFailures: c.TolerableFailed,
		StateBackend: cut(c.StateBackend), Storage: line(c.Storage), StateChangelog: c.StateChangelog,
		CheckpointsAfterTasks: c.CheckpointsAfterFinished,
	}
}

func summary(c flink.Checkpoints) *jobcontext.Checkpoints {
	out := &jobcontext.Checkpoints{
		Completed: int64(c.Counts.Completed), Failed: int64(c.Counts.Failed), InProgress: int64(c.Counts.InProgress),
		Restored:      int64(c.Counts.Restored),
		AvgDurationMS: c.Summary.EndToEndDuration.Avg, MaxDurationMS: c.Summary.EndToEndDuration.Max,
	}
	if last := c.Latest.Completed; last != nil {
		out.LastDurationMS, out.LastSizeBytes = last.EndToEndDuration, last.StateSize
	}
	for _, p := range c.History[:min(len(c.History), maxCheckpoints)] {
		out.Recent = append(out.Recent, jobcontext.Checkpoint{
			ID: p.ID, Status: p.Status, TriggerTime: p.TriggerTime, DurationMS: p.EndToEndDuration, SizeBytes: p.StateSize,
			StartDelayMS: unknownCheckpoint, AlignmentMS: unknownCheckpoint, SyncMS: unknownCheckpoint, AsyncMS: unknownCheckpoint,
			Savepoint: p.Savepoint, Failure: line(p.FailureMessage),
		})
	}
	return out
}

// timings asks the newest checkpoints that have ended what took their time.
func (d *Description) timings(ctx context.Context, recent []jobcontext.Checkpoint) {
	var timed []*jobcontext.Checkpoint
	for i := range recent {
		if recent[i].Status != flink.CheckpointInProgress && len(timed) < timedCheckpoints {
			timed = append(timed, &recent[i])
		}
	}
	for _, p := range timed { // one after the other, each with several requests at a time
		d.try(fmt.Sprintf("times of checkpoint %d", p.ID), func() error { return d.timing(ctx, p) })
	}
}

func (d *Description) timing(ctx context.Context, p *jobcontext.Checkpoint) error {
	details, err := d.client.Checkpoint(ctx, d.job, p.ID)
	if errors.Is(err, flink.ErrNotFound) {
		return nil // Flink has forgotten it meanwhile
	}
	if err != nil {
		return err
	}
	vertices := slowest(details.Tasks)
	times := make([]flink.CheckpointTimes, len(vertices))
	errs := make([]error, len(vertices))
	parallel(len(vertices), func(i int) { times[i], errs[i] = d.client.CheckpointTimes(ctx, d.job, p.ID, vertices[i]) })
	for i, t := range times {
		if errs[i] != nil {
			continue
		}
		p.StartDelayMS = max(p.StartDelayMS, t.StartDelay.Max)
		p.AlignmentMS = max(p.AlignmentMS, t.Alignment.Duration.Max)
		p.SyncMS = max(p.SyncMS, t.Duration.Sync.Max)
		p.AsyncMS = max(p.AsyncMS, t.Duration.Async.Max)
	}
	if len(vertices) > 0 {
		p.Vertex = vertices[0]
	}
	return errors.Join(errs...)
}

// slowest are the ids of the vertices that were through last, that one first.
func slowest(tasks map[string]flink.TaskCheckpoint) []string {
	ids := make([]string, 0, len(tasks))
	for id := range tasks {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int {
		return cmp.Or(cmp.Compare(tasks[b].EndToEndDuration, tasks[a].EndToEndDuration), cmp.Compare(a, b))
	})
	return ids[:min(len(ids), timedVertices)]
}
