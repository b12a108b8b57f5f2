package capture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
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
	page, err := t.download(ctx, c.JVM, p.OutputFile)
	if err != nil {
		return err
	}
	samples, err := count(page)
	if err != nil {
		return t.retryDownload(ctx, err)
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

func (t *take) download(ctx context.Context, jvm, file string) ([]byte, error) {
	var page bytes.Buffer
	err := t.Timing.patiently(ctx, isUnavailable, func(ctx context.Context) error {
		call, cancel := context.WithTimeout(ctx, t.Timing.Page)
		defer cancel()
		page.Reset()
		_, err := t.Profiler.DownloadProfile(call, jvm, file, &page)
		return err
	})
	return page.Bytes(), err
}

// badPage is a page that is not a whole flame graph.
type badPage struct{ cause error }

// Error implements error.
func (b badPage) Error() string { return "not a whole flame graph: " + b.cause.Error() }

// Unwrap gives access to the cause.
func (b badPage) Unwrap() error { return b.cause }

// count verifies a page and returns its samples.
func count(page []byte) (int64, error) {
	g, err := flamegraph.Parse(bytes.NewReader(page), flamegraph.Limits{})
	switch {
	case err != nil && flink.IsLogin(page) && !bytes.Contains(page, []byte("async-profiler")): // no profiler made it: a gateway did
		return 0, badPage{flink.ErrLoginPage}
	case err != nil:
		return 0, badPage{err}
	case g.Dialect == flamegraph.Collapsed:
		return 0, badPage{errors.New("it is text")} // Flink writes pages
	}
	return int64(min(g.Total(), math.MaxInt64)), nil
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
func (t *take) storePage(ctx context.Context, c run.Capture, page []byte, samples int64) error {
	key := artifact.CaptureKey(t.Plan.Identity.Prefix(t.Plan.Run), c.JVM, c.Mode, artifact.Sum(page))
	if err := t.Claim.Check(ctx); err != nil {
		return err
	}
	err := t.Timing.Patiently(ctx, func(ctx context.Context) error {
		ref, err := t.Store.Put(ctx, key, page)
		if err != nil {
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

// size is a number of bytes for people.
func size(n int64) string {
	const kib = 1 << 10
	switch {
	case n < kib:
		return fmt.Sprintf("%d bytes", n)
	case n < kib*kib:
		return fmt.Sprintf("%d KiB", n/kib)
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(kib*kib))
}
