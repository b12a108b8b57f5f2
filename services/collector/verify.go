package collector

import (
	"context"
	"errors"
	"fmt"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/collector/internal/capture"
)

// verify looks whether the store still has every page that the record calls stored, some perhaps by an earlier attempt.
// A lost one is downloaded again at the next attempt, since Flink keeps the last pages of each JVM.
func (r *attempt) verify(ctx context.Context) error {
	lost := map[int]error{}
	for i, c := range r.claim.Record().Captures {
		if c.State != run.CaptureStored || c.Object == nil {
			continue
		}
		err := r.timing.Patiently(ctx, func(ctx context.Context) error { return r.store.Check(ctx, *c.Object) })
		switch {
		case errors.Is(err, artifact.ErrGone), errors.Is(err, artifact.ErrCorrupt):
			lost[i] = err
		case err != nil:
			return capture.StoreFault(err, r.timing)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	err := r.claim.Mutate(ctx, func(rec *run.Record) error {
		for i := range lost {
			c := &rec.Captures[i]
			c.State, c.Object, c.Samples, c.Code = run.CaptureRunning, nil, 0, events.CodeArtifactCorrupt
			rec.Note("%s: %s is lost in the artifact store, it is downloaded again", c.JVM, c.Mode)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return bus.Wait(events.CodeArtifactCorrupt, r.timing.Again, fmt.Errorf("the artifact store lost %d of the captures: %w", len(lost), anyOf(lost)))
}

func anyOf(errs map[int]error) error {
	for _, err := range errs {
		return err
	}
	return nil
}
