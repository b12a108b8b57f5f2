package delivery

import (
	"cmp"
	"context"
	"sync"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/panics"
	"squirrly.dev/pkg/events"
)

// Each hands an event to several channels of one type at the same time. One that has to try again brings the event back;
// the others know by then that they are done.
func Each(all []*Delivery) func(context.Context, events.Event, uint64) error {
	return func(ctx context.Context, e events.Event, delivery uint64) error {
		errs := make([]error, len(all))
		var wg sync.WaitGroup
		for i, d := range all {
			wg.Go(func() { errs[i] = panics.Catch(func() error { return d.Handle(ctx, e, delivery) }) })
		}
		wg.Wait()
		return soonest(errs)
	}
}

// soonest is the error that brings the event back first: each channel knows by itself when its own pause is over. One that
// no retry mends counts when nothing else is left.
func soonest(errs []error) error {
	var first, last error
	for _, err := range errs {
		switch {
		case err == nil:
		case bus.AsFault(err, 0).Final:
			last = err
		case first == nil || bus.AsFault(err, 0).After < bus.AsFault(first, 0).After:
			first = err
		}
	}
	return cmp.Or(first, last) //nolint:wrapcheck // each says what it is.
}
