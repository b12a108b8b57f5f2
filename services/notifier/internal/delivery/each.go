package delivery

import (
	"cmp"
	"context"
	"sync"

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
		return cmp.Or(errs...)
	}
}
