package collector

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/run"
)

// Why a TaskManager did not die that was profiled and is not there, or seems not to be.
const (
	stillKnown = "Flink still knows it"
	letGo      = "its job did not fail meanwhile, so that Flink let it go on purpose"
)

// spared says why a TaskManager that was profiled did not die of it, and nothing when it did: Flink does not know it any
// more, and the job has failed since. One that a job leaves when it is scaled down is let go without a failure.
func spared(ctx context.Context, client *flink.Client, rec run.Record, jvm string) (string, error) {
	_, err := client.TaskManager(ctx, jvm)
	if err == nil {
		return stillKnown, nil
	}
	if !errors.Is(err, flink.ErrUnknownTaskManager) && !errors.Is(err, flink.ErrNotFound) {
		return "", fmt.Errorf("look for TaskManager %s: %w", jvm, err)
	}
	const many = 20
	failures, err := client.Exceptions(ctx, rec.Plan.JobID, many)
	if errors.Is(err, flink.ErrNotFound) {
		return "its job was replaced", nil
	}
	if err != nil {
		return "", fmt.Errorf("look whether the job failed: %w", err)
	}
	began := profiledAt(rec, jvm)
	if slices.ContainsFunc(failures, func(e flink.Exception) bool { return e.Time >= began }) {
		return "", nil
	}
	return letGo, nil
}

// profiledAt is when the first profile of a TaskManager began, by the clocks of the cluster and with some time for how much
// they differ; epoch ms.
func profiledAt(rec run.Record, jvm string) int64 {
	const differ = 10 * time.Second
	first := int64(0)
	for _, c := range rec.Captures {
		if c.JVM == jvm && c.TriggerTime > 0 && (first == 0 || c.TriggerTime < first) {
			first = c.TriggerTime
		}
	}
	return first - differ.Milliseconds()
}

// spare looks which of the TaskManagers that were lost did not die, and keeps that in the record. When Flink does not tell,
// they count as dead: nothing is profiled again that may die of it.
func (r *attempt) spare(ctx context.Context) error {
	rec := r.claim.Record()
	for _, jvm := range rec.Died() {
		why := ""
		err := r.patiently(ctx, func(ctx context.Context) error {
			var err error
			why, err = spared(ctx, r.flink, rec, jvm)
			return err
		})
		if ctx.Err() != nil {
			return fmt.Errorf("stopped: %w", context.Cause(ctx))
		}
		if err != nil || why == "" {
			continue
		}
		err = r.claim.Mutate(ctx, func(rec *run.Record) error {
			rec.Spared = append(rec.Spared, jvm)
			rec.Note("%s did not die: %s", jvm, why)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// lookBackFor is how long after its profiles a run is looked at for TaskManagers that died, when that was not possible in
// time.
const lookBackFor = 10 * time.Minute

// after looks, a minute after the last profile, whether a TaskManager died that was profiled: then its job opts out as if it
// had died meanwhile. The run goes on and ends without waiting for this, and another collector does it when this one dies.
func (s *Service) after(ctx context.Context, rec run.Record) error {
	if rec.Profiled.IsZero() || time.Since(rec.Profiled) > lookBackFor {
		return nil
	}
	if early := time.Until(rec.Profiled.Add(s.timing.After)); early > 0 {
		return run.Later(early)
	}
	client, done, err := s.deps.Flink.Client(ctx, place(rec.Plan))
	if err != nil {
		return nil // the access was taken away since
	}
	defer done()
	dead, err := s.dead(ctx, client, rec)
	if err != nil { // Flink is away
		s.deps.Logger.DebugContext(ctx, "look for TaskManagers that died", "run", rec.Run, "error", err)
		return run.Later(s.timing.Later)
	}
	return run.New(s.deps.Bus).Died(ctx, rec, dead)
}

// dead are the TaskManagers of a run with a profile that died since.
func (s *Service) dead(ctx context.Context, client *flink.Client, rec run.Record) ([]string, error) {
	var dead []string
	told := slices.Concat(rec.Spared, rec.Died())
	for _, jvm := range rec.Profiles() {
		if slices.Contains(told, jvm) {
			continue
		}
		call, cancel := context.WithTimeout(ctx, s.timing.Call)
		why, err := spared(call, client, rec, jvm)
		cancel()
		if err != nil {
			return nil, err
		}
		if why == "" {
			dead = append(dead, jvm)
		}
	}
	return dead, nil
}
