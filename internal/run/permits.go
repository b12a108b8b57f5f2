package run

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
)

// Permits bound how many runs of a pool of targets there are at a time. A run takes its permit before it is planned, and
// gives it back with its end, whatever that is.
//
// A permit has no time of its own: it lasts as long as the run is under way, which its record says, and the sweeper ends
// what nobody works on. A run without a record, whose process died before it was planned, loses its permit with the lease
// of that process. So no clocks are compared, and a run that waits hours for its turn keeps what it has.
type Permits struct {
	runs    *Runs
	pools   *bus.Bucket[pool]
	waiting *bus.Bucket[Waiting] // beside the records: who may read those may read this

	mu      sync.Mutex
	looked  map[string]time.Time // when the holders of a pool were looked at
	took    map[string]time.Time // when this process took permits, for those of a moment ago
	process string               // lease of this process
	taking  map[string]*sync.Mutex
}

// pool is who holds a permit.
type pool struct {
	Holders []permit `json:"holders"`
}

type permit struct {
	Run     string `json:"run"`
	Process string `json:"process"` // lease of who took it
}

var (
	errFull = errors.New("every permit is taken")
	errHas  = errors.New("the run has a permit")
)

func newPermits(r *Runs, b *bus.Bus, bucket string) *Permits {
	return &Permits{
		runs: r, pools: bus.OpenBucket[pool](b, bucket), waiting: bus.OpenBucket[Waiting](b, events.BucketRuns),
		looked: map[string]time.Time{}, took: map[string]time.Time{}, taking: map[string]*sync.Mutex{},
	}
}

// Hold shows that this process lives, as long as it takes permits: until the returned function is called. It waits for the
// buckets to be provisioned.
func (p *Permits) Hold(ctx context.Context, service string) (release func()) {
	key, release := p.runs.hold(ctx, service)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.process = key
	return release
}

// Take takes one of the most permits of a pool for a run, and reports whether the run has one now.
func (p *Permits) Take(ctx context.Context, name string, most int, run string) (bool, error) {
	mine, process := p.local(name)
	mine.Lock() // those of this process need not meet at the server
	defer mine.Unlock()
	took, err := p.take(ctx, name, most, permit{Run: run, Process: process})
	if took || err != nil || !p.mayLook(name, most) {
		return took, err
	}
	if freed, err := p.reclaim(ctx, name); err != nil || !freed {
		return false, err
	}
	return p.take(ctx, name, most, permit{Run: run, Process: process})
}

func (p *Permits) take(ctx context.Context, name string, most int, h permit) (bool, error) {
	_, err := p.pools.Upsert(ctx, name, func(all *pool) error {
		switch {
		case all.has(h.Run):
			return errHas
		case len(all.Holders) >= most:
			return errFull
		}
		all.Holders = append(all.Holders, h)
		return nil
	})
	switch {
	case err == nil, errors.Is(err, errHas):
		p.note(h.Run)
		return true, nil
	case errors.Is(err, errFull):
		return false, nil
	}
	return false, fmt.Errorf("take a permit for run %s: %w", h.Run, err)
}

// Release gives the permit of a run back. One that has none changes nothing.
func (p *Permits) Release(ctx context.Context, name, run string) error {
	if name == "" {
		return nil
	}
	if err := p.remove(ctx, name, run); err != nil {
		return fmt.Errorf("give back the permit of run %s: %w", run, err)
	}
	return nil
}

func (p *Permits) remove(ctx context.Context, name string, runs ...string) error {
	_, err := p.pools.Update(ctx, name, func(all *pool) error {
		before := len(all.Holders)
		all.Holders = slices.DeleteFunc(all.Holders, func(h permit) bool { return slices.Contains(runs, h.Run) })
		if len(all.Holders) == before {
			return errUnchanged
		}
		return nil
	})
	if errors.Is(err, errUnchanged) || errors.Is(err, bus.ErrNotFound) {
		return nil
	}
	return err
}

// Free is how many of the most permits of a pool seem to be free. Holders whose run is over are looked for when none is.
func (p *Permits) Free(ctx context.Context, name string, most int) (int, error) {
	free, err := p.free(ctx, name, most)
	if free > 0 || err != nil || !p.mayLook(name, most) {
		return free, err
	}
	if freed, err := p.reclaim(ctx, name); err != nil || !freed {
		return 0, err
	}
	return p.free(ctx, name, most)
}

func (p *Permits) free(ctx context.Context, name string, most int) (int, error) {
	holders, err := p.Holders(ctx, name)
	return max(most-len(holders), 0), err
}

// Holders are the runs that hold a permit of a pool.
func (p *Permits) Holders(ctx context.Context, name string) ([]string, error) {
	e, err := p.pools.Get(ctx, name)
	if errors.Is(err, bus.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look up permits: %w", err)
	}
	runs := make([]string, len(e.Value.Holders))
	for i, h := range e.Value.Holders {
		runs[i] = h.Run
	}
	return runs, nil
}

// reclaim takes permits away from runs that are over and from those that never came to be, and reports whether there
// were any.
func (p *Permits) reclaim(ctx context.Context, name string) (bool, error) {
	e, err := p.pools.Get(ctx, name)
	if err != nil {
		return false, fmt.Errorf("look up permits: %w", err)
	}
	var gone []string
	for _, h := range e.Value.Holders {
		over, err := p.over(ctx, h)
		if err != nil {
			return false, err
		}
		if over {
			gone = append(gone, h.Run)
		}
	}
	if len(gone) == 0 {
		return false, nil
	}
	p.runs.log.InfoContext(ctx, "permits of runs that are over are free again", "pool", name, "runs", gone)
	return true, p.remove(ctx, name, gone...)
}

// over reports whether the run of a permit has ended, or cannot begin any more.
func (p *Permits) over(ctx context.Context, h permit) (bool, error) {
	rec, err := p.runs.Get(ctx, h.Run)
	if err == nil {
		return rec.State.Terminal(), nil
	}
	if !errors.Is(err, ErrNoRecord) {
		return false, err
	}
	if p.isMine(h) {
		return p.forgotten(h.Run), nil
	}
	return p.runs.expired(ctx, h.Process)
}

func (p *Permits) isMine(h permit) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return h.Process == p.process
}

// onItsWay is how long a run may have a permit of this process and no record: longer than a request is decided about, and
// longer than a read may be old.
const onItsWay = 2 * time.Minute

func (p *Permits) note(run string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.took[run] = time.Now()
	const many = 4096
	if len(p.took) > many {
		maps.DeleteFunc(p.took, func(_ string, at time.Time) bool { return time.Since(at) > onItsWay })
	}
}

// forgotten reports whether a run with a permit of this process has not become one for long.
func (p *Permits) forgotten(run string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Since(p.took[run]) > onItsWay
}

// mayLook keeps the looks at holders rare: each reads the records of all of them.
func (p *Permits) mayLook(name string, most int) bool {
	const least, each = 2 * time.Second, 20 * time.Millisecond
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.looked[name]) < least+time.Duration(most)*each {
		return false
	}
	p.looked[name] = time.Now()
	return true
}

// local returns the lock of a pool in this process, and the lease of the process.
func (p *Permits) local(name string) (*sync.Mutex, string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taking[name] == nil {
		p.taking[name] = &sync.Mutex{}
	}
	return p.taking[name], p.process
}

func (p *pool) has(run string) bool {
	return slices.ContainsFunc(p.Holders, func(h permit) bool { return h.Run == run })
}
