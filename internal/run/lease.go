package run

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"squirrly.dev/internal/bus"
)

// lease is the sign of life of a process: a key that expires unless it is written again.
type lease struct {
	Service string    `json:"service"`
	Since   time.Time `json:"since"`
}

// renewals is how often a lease is written in the time for which it counts.
const renewals = 4

// hold writes the lease of this process, and again until the returned function is called, which gives it up. It returns
// the key once the lease stands, or when ctx ends.
func (r *Runs) hold(ctx context.Context, service string) (key string, release func()) {
	key = service + "." + uuid.NewString()
	l := lease{Service: service, Since: time.Now().UTC()}
	age := r.firstLease(ctx, key, l)
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(max(age/renewals, time.Millisecond))
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			call, stop := context.WithTimeout(ctx, age)
			if err := r.leases.Put(call, key, l); err != nil && ctx.Err() == nil {
				r.log.WarnContext(ctx, "renew the lease of this process", "lease", key, "error", err)
			}
			stop()
		}
	}()
	return key, func() {
		cancel()
		<-done
		const most = 2 * time.Second
		last, stop := context.WithTimeout(context.WithoutCancel(ctx), most)
		defer stop()
		if err := r.leases.Delete(last, key, func(lease) bool { return true }); err != nil {
			r.log.DebugContext(last, "give up the lease of this process", "lease", key, "error", err)
		}
	}
}

// firstLease writes the lease for the first time, however long that takes, and returns for how long it counts.
func (r *Runs) firstLease(ctx context.Context, key string, l lease) time.Duration {
	const again = 2 * time.Second
	for logged := false; ; {
		age, err := r.leases.MaxAge(ctx)
		if err == nil {
			if err = r.leases.Put(ctx, key, l); err == nil {
				return age
			}
		}
		if !logged && ctx.Err() == nil {
			r.log.WarnContext(ctx, "waiting for the bucket of leases (run `squirrly provision`)", "error", err)
			logged = true
		}
		select {
		case <-time.After(again):
		case <-ctx.Done():
			return again
		}
	}
}

// expired reports whether the process with a lease is gone. A record of an older version names none: its owner counts as
// gone once its message comes to another.
func (r *Runs) expired(ctx context.Context, key string) (bool, error) {
	if key == "" {
		return true, nil
	}
	_, err := r.leases.Get(ctx, key)
	if errors.Is(err, bus.ErrNotFound) {
		return true, nil
	}
	return false, err
}
