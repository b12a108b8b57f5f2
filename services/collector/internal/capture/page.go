package capture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/flink"
	"squirrly.dev/services/collector/internal/spool"
)

// fetch downloads a page. A large one waits for room for its file, and is then downloaded from its beginning. The caller gives
// the page and the room back.
func (t *take) fetch(ctx context.Context, jvm, file string) (*spool.Page, func(), error) {
	small := spool.Small()
	if err := t.download(ctx, jvm, file, small); !errors.Is(err, spool.ErrLarge) {
		return small, func() {}, err
	}
	leave, err := t.room.file(ctx)
	if err != nil {
		return nil, nil, err
	}
	large, err := spool.Large()
	if err != nil {
		leave()
		return nil, nil, err
	}
	giveBack := func() {
		_ = large.Close() // nothing is lost with it
		leave()
	}
	if err := t.download(ctx, jvm, file, large); err != nil {
		giveBack()
		return nil, nil, err
	}
	return large, giveBack, nil
}

func (t *take) download(ctx context.Context, jvm, file string, p *spool.Page) error {
	return t.Timing.patiently(ctx, isUnavailable, func(ctx context.Context) error {
		call, cancel := context.WithTimeout(ctx, t.Timing.Page)
		defer cancel()
		if err := p.Reset(); err != nil {
			return err
		}
		_, err := t.Profiler.DownloadProfile(call, jvm, file, p)
		return err
	})
}

// badPage is a page that is not a whole flame graph.
type badPage struct{ cause error }

// Error implements error.
func (b badPage) Error() string { return "not a whole flame graph: " + b.cause.Error() }

// Unwrap gives access to the cause.
func (b badPage) Unwrap() error { return b.cause }

// verify counts the samples of a page.
func (t *take) verify(ctx context.Context, p *spool.Page) (int64, error) {
	giveBack, err := t.room.measuring(ctx)
	if err != nil {
		return 0, err
	}
	defer giveBack()
	return count(p.Reader)
}

// count verifies a page and returns its samples.
func count(page func() io.Reader) (int64, error) {
	size, err := flamegraph.Measure(page(), flamegraph.Limits{})
	switch {
	case err != nil && madeByGateway(page()):
		return 0, badPage{flink.ErrLoginPage}
	case err != nil:
		return 0, badPage{err}
	case size.Dialect == flamegraph.Collapsed:
		return 0, badPage{errors.New("it is text")} // Flink writes pages
	}
	return int64(min(size.Total, math.MaxInt64)), nil
}

// madeByGateway reports whether a page asks people who they are, and no profiler made it.
func madeByGateway(page io.Reader) bool {
	text, err := io.ReadAll(io.LimitReader(page, spool.MaxInMemory)) // no such page is larger
	return err == nil && flink.IsLogin(text) && !bytes.Contains(text, []byte("async-profiler"))
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
