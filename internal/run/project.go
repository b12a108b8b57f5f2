package run

import (
	"context"
	"errors"
	"sync"
	"time"

	"squirrly.dev/pkg/events"
)

// projector stores the summaries of runs that are over. It sees every record by the watch of the sweeper, so one that was
// not written, because a process died or an older version ended the run, is written when a sweeper starts next; and it is
// beside the way of a result, which it does not hold up. All projectors write the same.
type projector struct {
	runs  *Runs
	known map[string]bool // summaries that are stored; of one goroutine
	room  int             // of known, before it is read anew without what has expired

	mu     sync.Mutex
	queued map[string]Record
	more   chan struct{} // holds one while there may be something in queued
}

// project starts a projector; the returned function waits for its end, which is that of ctx.
func (r *Runs) project(ctx context.Context) (*projector, func()) {
	p := &projector{runs: r, queued: map[string]Record{}, more: make(chan struct{}, 1)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.run(ctx)
	}()
	return p, func() { <-ended }
}

// note takes a record that a watch brought. A watch may lag, but what is over is over.
func (p *projector) note(rec Record) {
	if !rec.State.Terminal() {
		return
	}
	rec.History, rec.Captures, rec.Plan.Context, rec.Artifact = nil, nil, nil, nil // it may wait among many
	p.mu.Lock()
	p.queued[rec.Run] = rec
	p.mu.Unlock()
	p.wake()
}

func (p *projector) wake() {
	select {
	case p.more <- struct{}{}:
	default:
	}
}

// run stores what is noted until ctx ends. What cannot be stored is tried again: it is for lists only.
func (p *projector) run(ctx context.Context) {
	const again = 5 * time.Second
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.more:
		}
		if err := p.drain(ctx); err != nil && ctx.Err() == nil {
			p.runs.log.WarnContext(ctx, "summaries of runs", "error", err)
			select {
			case <-ctx.Done():
				return
			case <-time.After(again):
				p.wake()
			}
		}
	}
}

// drain stores the summaries of all noted records, and notes again what it could not.
func (p *projector) drain(ctx context.Context) error {
	if err := p.recall(ctx); err != nil {
		return err
	}
	p.mu.Lock()
	batch := p.queued
	p.queued = map[string]Record{}
	p.mu.Unlock()
	var failed error
	for id, rec := range batch {
		if failed == nil && !p.known[id] {
			failed = p.runs.keep(ctx, rec)
		}
		if failed == nil {
			p.known[id] = true
			continue
		}
		p.note(rec)
	}
	return failed
}

// recall reads which summaries are stored, at first and when as many have been added.
func (p *projector) recall(ctx context.Context) error {
	if len(p.known) < p.room {
		return nil
	}
	_, kept, err := p.runs.kept(ctx)
	if err != nil {
		return err
	}
	const least = 1000
	p.room = 2*len(kept) + least //nolint:mnd // so that it is read seldom
	p.known = make(map[string]bool, p.room)
	for id := range kept {
		p.known[id] = true
	}
	return nil
}

var errKept = errors.New("the summary is there")

// keep stores the summary of a run that is over, unless it is there.
func (r *Runs) keep(ctx context.Context, rec Record) error {
	_, err := r.summaries.Upsert(ctx, summaryPrefix+events.Token(rec.Run), func(s *Summary) error {
		if s.Version >= summaryVersion {
			return errKept
		}
		*s = r.summarize(ctx, rec).stored()
		return nil
	})
	if errors.Is(err, errKept) {
		return nil
	}
	return err
}
