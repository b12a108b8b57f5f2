package trial

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Run does a trial and returns what was counted. An error means that the trial itself could not be done.
func Run(ctx context.Context, o Options) (Result, error) {
	if err := o.check(); err != nil {
		return Result{}, err
	}
	o.Log.InfoContext(ctx, "a trial begins", "topology", o.Topology, "runs", o.Runs, "faults", o.Faults, "seed", o.Seed)
	s, err := setUp(ctx, o)
	defer s.tearDown()
	if err != nil {
		return Result{}, err
	}
	began := time.Now()
	d, in := &driver{s: s}, &injector{s: s}
	striking, calm := context.WithCancel(ctx)
	defer calm()
	struck := make(chan error, 1)
	go func() { struck <- in.run(striking) }()
	poisoned := make(chan error, 1)
	go func() { poisoned <- d.poison(ctx) }()
	driven := d.drive(ctx, calm)
	calm()
	if err := errors.Join(driven, <-struck, <-poisoned); err != nil {
		return Result{}, err
	}
	s.told(ctx)
	late := s.fleet.Stop()
	r := Result{Options: o, Took: time.Since(began), Blows: in.blows, Exits: s.fleet.Exits(), Late: append(in.overdue, late...)}
	if err := r.count(ctx, s, d); err != nil {
		return r, fmt.Errorf("count the ends: %w", err)
	}
	return r, nil
}
