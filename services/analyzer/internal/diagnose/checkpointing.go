package diagnose

import (
	"slices"
	"strings"

	"squirrly.dev/internal/jobcontext"
)

// checkpointing is how the recent checkpoints of a job went; savepoints are none of them. Times are in seconds, and shares are of
// the duration.
type checkpointing struct {
	interval        float64 // that is configured; 0 is off or unknown
	completed       int
	duration        float64 // on average, of those that completed
	running         float64 // how long the oldest one in progress has been on its way
	measured        int     // of completed: those whose parts are known
	took            float64 // of these on average, as the next ones
	late, sync      float64 // until the last barrier was there, and in which the slowest task stood still
	delayed, stood  float64 // the same as shares
	wrote           float64 // share in which the slowest task wrote its state, beside its work
	failed, expired int     // for a reason of their own; of these, those whose time was over
	failedLast      bool    // the last one that ended did
	failure         string  // what the last of them says
}

// checkpoints sums up what is known of them; nil when that is nothing.
func (r *reading) checkpoints() *checkpointing {
	if r.ctx == nil || r.ctx.Checkpoints == nil || len(r.ctx.Checkpoints.Recent) == 0 {
		return nil
	}
	c := &checkpointing{}
	if config := r.ctx.Checkpoints.Config; config != nil && config.IntervalMS > 0 {
		c.interval = seconds64(config.IntervalMS)
	}
	ended := false
	for i := range r.ctx.Checkpoints.Recent {
		one := &r.ctx.Checkpoints.Recent[i]
		if one.Savepoint {
			continue
		}
		switch {
		case one.Status == "COMPLETED":
			c.complete(one)
			ended = true
		case one.Status == "FAILED" && !byTheJob(one.Failure):
			c.fail(one, !ended)
			ended = true
		case one.Status == "IN_PROGRESS":
			c.running = max(c.running, seconds64(one.DurationMS))
		}
	}
	c.average()
	return c
}

func (c *checkpointing) complete(one *jobcontext.Checkpoint) {
	took := seconds64(one.DurationMS)
	c.completed++
	c.duration += took
	if one.StartDelayMS < 0 || one.AlignmentMS < 0 || one.SyncMS < 0 || one.AsyncMS < 0 || took <= 0 {
		return
	}
	late, sync := min(took, seconds64(one.StartDelayMS+one.AlignmentMS)), min(took, seconds64(one.SyncMS))
	c.measured++
	c.took += took
	c.late, c.sync = c.late+late, c.sync+sync
	c.delayed, c.stood = c.delayed+late/took, c.stood+sync/took
	c.wrote += min(1, seconds64(one.AsyncMS)/took)
}

func (c *checkpointing) fail(one *jobcontext.Checkpoint, last bool) {
	if c.failed++; strings.Contains(one.Failure, "expired") {
		c.expired++
	}
	if c.failure == "" {
		c.failure = one.Failure
	}
	c.failedLast = c.failedLast || last
}

func (c *checkpointing) average() {
	c.duration /= float64(max(1, c.completed))
	for _, sum := range []*float64{&c.took, &c.late, &c.sync, &c.delayed, &c.stood, &c.wrote} {
		*sum /= float64(max(1, c.measured))
	}
}

// endedByTheJob are parts of what Flink says of checkpoints that were given up because the job or its tasks ended, or were not
// there yet.
var endedByTheJob = []string{
	"subsumed", "tasks not ready", "task is closing", "shutdown", "suspending", "is restarting", "Task has failed", "not all required tasks",
}

func byTheJob(failure string) bool {
	return slices.ContainsFunc(endedByTheJob, func(part string) bool { return strings.Contains(failure, part) })
}

func seconds64(millis int64) float64 { return float64(millis) / 1000 }

// Measures of checkpoints.

func (s situation) checkpointInterval() (float64, bool) {
	if s.ctx == nil || s.ctx.Checkpoints == nil || s.ctx.Checkpoints.Config == nil || s.ctx.Checkpoints.Config.IntervalMS <= 0 {
		return 0, false
	}
	return seconds64(s.ctx.Checkpoints.Config.IntervalMS), true
}

// ofCheckpoints takes a number of checkpoints, so many of which must have one.
func ofCheckpoints(take func(*checkpointing) (x float64, of int)) func(situation) (float64, bool) {
	return func(s situation) (float64, bool) {
		c := s.checkpoints()
		if c == nil {
			return 0, false
		}
		x, of := take(c)
		return x, of > 0
	}
}

var (
	checkpointDuration = ofCheckpoints(func(c *checkpointing) (float64, int) { return c.duration, c.completed })
	checkpointDelay    = ofCheckpoints(func(c *checkpointing) (float64, int) { return c.delayed, c.measured })
	checkpointSync     = ofCheckpoints(func(c *checkpointing) (float64, int) { return c.stood, c.measured })
	checkpointAsync    = ofCheckpoints(func(c *checkpointing) (float64, int) { return c.wrote, c.measured })
	checkpointStands   = ofCheckpoints(func(c *checkpointing) (float64, int) { return c.sync, c.measured })
	checkpointExpired  = ofCheckpoints(func(c *checkpointing) (float64, int) {
		return float64(c.expired) / float64(max(1, c.failed)), c.failed
	})
	checkpointLoad = ofCheckpoints(func(c *checkpointing) (float64, int) {
		if c.interval <= 0 {
			return 0, 0
		}
		return max(c.duration, c.running) / c.interval, c.completed + int(min(1, c.running))
	})
)
