package collector

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/netguard"
	"squirrly.dev/internal/panics"
	"squirrly.dev/internal/run"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/collector/internal/capture"
)

// attempt is one attempt at one run.
type attempt struct {
	cfg    Config
	store  Store
	room   *capture.Room
	claim  capture.Claim
	plan   events.Plan
	flink  *flink.Client
	timing capture.Timing
	log    *slog.Logger
}

// The percentages of a whole run that this step takes.
const (
	percentResolved = 5
	percentCaptured = 70
	percentStored   = 75
)

// collect does this step of a run: resolve → profile → verify → gather → store → tell. Each part looks into the record for what
// earlier attempts have done.
func (s *Service) collect(ctx context.Context, c capture.Claim) (events.Payload, error) {
	rec := c.Record()
	if rec.Artifact != nil { // everything was stored, and perhaps told
		return *rec.Artifact, nil
	}
	client, done, err := s.deps.Flink.Client(ctx, place(rec.Plan))
	if err != nil {
		return nil, bus.Permanent(events.CodeInvalidRequest, err)
	}
	defer done()
	r := &attempt{cfg: s.cfg, store: s.deps.Store, room: s.room, claim: c, plan: rec.Plan, flink: client, timing: s.timing, log: s.deps.Logger}
	o, err := r.resolve(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.profile(ctx, o); err != nil {
		return nil, err
	}
	if err := r.verify(ctx); err != nil {
		return nil, err
	}
	return r.deliver(ctx, o)
}

// place is the plan's target. The hosts of a deployment were looked up by the trigger, not typed in.
func place(plan events.Plan) access.Target {
	to := access.Target{URL: plan.RestURL}
	if t := plan.Target; t.Deployment != "" {
		to.Hosts = netguard.RestHosts(t.Deployment, t.Namespace)
	}
	return to
}

// profile takes the captures, one mode after the other, while the counters are read.
func (r *attempt) profile(ctx context.Context, o *observer) error {
	kept := &readings{attempt: r}
	stop := o.start(ctx, func(ctx context.Context) { kept.keep(ctx, o.sampler) })
	defer stop()
	for i, mode := range r.modes() {
		if !r.open(mode) {
			continue // an earlier attempt took them all
		}
		if err := r.begin(ctx, mode, i); err != nil {
			return err
		}
		if err := r.take(ctx, mode, i, o); err != nil {
			return err
		}
	}
	if err := r.spare(ctx); err != nil {
		return err
	}
	return capture.Verdict(r.claim.Record().Captures)
}

// modes are those of the plan, each once.
func (r *attempt) modes() []events.Mode {
	var modes []events.Mode
	for _, m := range r.plan.Modes {
		if !slices.Contains(modes, m) {
			modes = append(modes, m)
		}
	}
	return modes
}

// open reports whether captures of a mode are still to be taken.
func (r *attempt) open(mode events.Mode) bool {
	return slices.ContainsFunc(r.claim.Record().Captures, func(c run.Capture) bool {
		done := c.State == run.CaptureStored || c.State == run.CaptureLost
		return !done && (c.Mode == mode || c.Requested == mode)
	})
}

func (r *attempt) begin(ctx context.Context, mode events.Mode, i int) error {
	return r.claim.Mutate(ctx, func(rec *run.Record) error {
		jvms := map[string]bool{}
		for _, c := range rec.Captures {
			jvms[c.JVM] = true
		}
		rec.Step = fmt.Sprintf("profiling %s on %s, %s", mode, wording.Plural(len(jvms), "TaskManager"), r.length())
		rec.Percent = r.percent(i, 0)
		rec.NoteOnce("%s", rec.Step)
		return nil
	})
}

// take takes the captures of one mode and moves the percentage on meanwhile.
func (r *attempt) take(ctx context.Context, mode events.Mode, i int, o *observer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var ticking panics.Group
	ticking.Go(func() { r.tick(ctx, i) })
	runner := capture.New(r.flink, r.store, r.claim, r.plan, r.room)
	runner.Timing, runner.Log = r.timing, r.log
	err := runner.Mode(ctx, mode, o.window(mode, r.plan.Duration.Seconds()))
	cancel()
	ticking.Wait()
	return r.explain(context.WithoutCancel(ctx), err)
}

// tick writes the share of the time that has passed into the record. A failure does not matter: the next write of
// the capture itself finds out.
func (r *attempt) tick(ctx context.Context, mode int) {
	const every = 3 * time.Second
	began := time.Now()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		share := min(1, time.Since(began).Seconds()/r.length().Seconds())
		_ = r.claim.Mutate(ctx, func(rec *run.Record) error {
			rec.Percent = max(rec.Percent, r.percent(mode, share))
			return nil
		})
	}
}

func (r *attempt) percent(mode int, share float64) int {
	const span = percentCaptured - percentResolved
	return percentResolved + int(span*(float64(mode)+share)/float64(len(r.modes())))
}

func (r *attempt) length() time.Duration {
	return time.Duration(r.plan.Duration.Seconds()) * time.Second
}
