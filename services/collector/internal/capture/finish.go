package capture

import (
	"context"
	"errors"
	"time"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/collector/internal/spool"
)

// finish brings a running capture to stored: it waits for the end, downloads at once, verifies and stores.
func (t *take) finish(ctx context.Context, c run.Capture) error {
	p, err := t.await(ctx, c)
	if err != nil {
		return err
	}
	t.window.Ended()
	select {
	case t.pageSlots <- struct{}{}:
	case <-ctx.Done():
		return stopped(ctx)
	}
	defer func() { <-t.pageSlots }()
	page, giveBack, err := t.fetch(ctx, c.JVM, p.OutputFile)
	if err != nil {
		return err
	}
	defer giveBack()
	samples, err := t.verify(ctx, page)
	if _, bad := errors.AsType[badPage](err); bad {
		return t.retryDownload(ctx, err)
	}
	if err != nil {
		return err
	}
	return t.storePage(ctx, c, page, samples)
}

// errForgotten says that the JVM does not know the profile any more.
var errForgotten = errors.New("the TaskManager does not know the profile any more; it was restarted, or many others ran since")

// errOverdue says that a profile did not end.
var errOverdue = errors.New("the profile did not end in time")

// await looks at the list until the profile has ended.
func (t *take) await(ctx context.Context, c run.Capture) (flink.Profile, error) {
	length := time.Duration(t.seconds()) * time.Second
	due := time.Now()
	overdue := due.Add(length + t.Timing.Overdue)
	if !t.posted.IsZero() {
		due = t.posted.Add(length)
	}
	for {
		if err := pause(ctx, t.nextLook(time.Until(due))); err != nil {
			return flink.Profile{}, err
		}
		list, err := t.list(ctx, c.JVM)
		if err != nil {
			return flink.Profile{}, err
		}
		p, ok := find(list, c.TriggerTime)
		switch {
		case !ok:
			return p, errForgotten
		case p.Status == flink.ProfileFailed:
			return p, p.Failure()
		case p.Status == flink.ProfileFinished:
			return p, nil
		case time.Now().After(overdue):
			return p, errOverdue
		}
	}
}

// nextLook is the time until the list is asked again, left being the time until the profile is due.
func (t *take) nextLook(left time.Duration) time.Duration {
	if left > t.Timing.Lead {
		return min(left-t.Timing.Lead, t.Timing.Far)
	}
	return t.Timing.Look
}

func find(list []flink.Profile, trigger int64) (flink.Profile, bool) {
	for _, p := range list {
		if p.TriggerTime == trigger {
			return p, true
		}
	}
	return flink.Profile{}, false
}

// retryDownload lets a bad page be downloaded a second time; after that it is lost.
func (t *take) retryDownload(ctx context.Context, err error) error {
	t.bad++
	if t.bad > 1 {
		return err
	}
	return pause(ctx, t.Timing.Again)
}

// storePage stores the page and says so in the record.
func (t *take) storePage(ctx context.Context, c run.Capture, page *spool.Page, samples int64) error {
	sum := page.Sum()
	ref := events.ObjectRef{
		Key: artifact.CaptureKey(t.Plan.Identity.Prefix(t.Plan.Run), c.JVM, c.Mode, sum), SHA256: sum, Size: page.Size(),
	}
	if err := t.Claim.Check(ctx); err != nil {
		return err
	}
	err := t.Timing.Patiently(ctx, func(ctx context.Context) error {
		if err := t.Store.PutFrom(ctx, ref, page); err != nil {
			return err
		}
		return t.mutate(ctx, func(rec *run.Record, c *run.Capture) {
			c.State, c.Object, c.Samples = run.CaptureStored, &ref, samples
			if c.Code == events.CodeArtifactCorrupt {
				c.Code = "" // it was lost, and is there again
			}
			rec.Note("%s: %s stored, %s, %d samples", c.JVM, c.Mode, size(ref.Size), samples)
		})
	})
	return err
}
