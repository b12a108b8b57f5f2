package collector

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/run"
	"squirrly.dev/services/collector/internal/observe"
)

// readings keeps what was read of the counters in the artifact store, so that a collector which takes the run over has
// the windows of those that came before.
type readings struct {
	*attempt
	last time.Time // when something was kept
}

const (
	keptName = "readings.json"
	// slowerAfter is how many parts a run has before it keeps half as often: the record names them all.
	slowerAfter = 20
	// maxKept bounds one part, in bytes.
	maxKept = 32 << 20
)

// keep stores what is new. A failure is no matter: the next part holds the rest, or a takeover lacks it and says so.
func (k *readings) keep(ctx context.Context, s *observe.Sampler) {
	wait := k.timing.Keep << min(len(k.claim.Record().Readings)/slowerAfter, 8)
	if time.Since(k.last) < wait {
		return
	}
	part, ok := s.Unkept()
	if !ok {
		return
	}
	k.last = time.Now()
	body, err := json.Marshal(part)
	if err != nil {
		return
	}
	if err := k.claim.Check(ctx); err != nil {
		return
	}
	ref, err := k.store.Put(ctx, artifact.ContextKey(k.prefix(), keptName, artifact.Sum(body)), body)
	if err != nil {
		k.log.InfoContext(ctx, "a reading of the counters is not kept", "error", err)
		return
	}
	_ = k.claim.Mutate(ctx, func(rec *run.Record) error {
		rec.Readings = append(rec.Readings, ref)
		return nil
	})
}

// recall hands what earlier attempts have read to the sampler.
func (r *attempt) recall(ctx context.Context, o *observer) {
	var all []observe.Kept
	lost := 0
	for _, ref := range r.claim.Record().Readings {
		var part observe.Kept
		body, err := r.store.Await(ctx, ref, maxKept)
		if err == nil {
			err = json.Unmarshal(body, &part)
		}
		if err != nil {
			lost++
			continue
		}
		all = append(all, part)
	}
	if lost > 0 {
		o.noteMissing(fmt.Sprintf("counters: %d of %d readings of another collector are gone", lost, len(r.claim.Record().Readings)))
	}
	o.sampler.Keep(all)
}
