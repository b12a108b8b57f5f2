package target

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/refusal"
)

// Finder finds targets: *Resolver.
type Finder interface {
	Resolve(ctx context.Context, t events.Target, permit Permit) (Found, error)
}

const (
	// Silence is how long a target that does not answer holds up others; it is waited for aside from then on.
	silence = 100 * time.Millisecond
	// unreachableFor is how long a target that could not be reached is not asked again.
	unreachableFor = 10 * time.Second
	// foundFor is how long it is known which job a target means, to say without asking that a run of it is under way.
	foundFor = 5 * time.Second
)

// Queue lets many requests look for targets side by side, so that none is held up by targets that are dead: requesters
// are served in turn, a target that is silent is waited for aside, one that was just asked in vain is not asked again for
// a moment, and requests for one target ask one after the other. It is safe for concurrent use. Use [NewQueue].
type Queue struct {
	finder Finder
	turns  *turns
	memory memory

	mu     sync.Mutex
	asking map[string]chan struct{} // targets that are being asked; closed at the end
}

// NewQueue makes a queue that asks the given number of targets at a time, beside those that are silent.
func NewQueue(f Finder, atATime int) *Queue {
	return &Queue{finder: f, turns: newTurns(max(atATime, 1)), asking: map[string]chan struct{}{}}
}

// Resolve finds the job of a target for a requester. What was found for another one meanwhile is an answer, too. See
// [Resolver.Resolve].
func (q *Queue) Resolve(ctx context.Context, requester string, t events.Target, permit Permit) (Found, error) {
	key, came := key(t, permit), time.Now()
	for {
		if v, ok := q.memory.get(key, unreachableFor); ok && v.err != nil {
			return v.found, remembered(v)
		}
		if v, ok := q.memory.get(key+"\n"+t.Job, time.Since(came)); ok {
			v.found.Shared = true
			return v.found, nil
		}
		wait, mine := q.begin(key)
		if mine {
			defer q.end(key)
			return q.ask(ctx, key, requester, t, permit)
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return Found{}, context.Cause(ctx) //nolint:wrapcheck // the cause is the caller's own.
		}
	}
}

// Recent returns which job a target meant a moment ago.
func (q *Queue) Recent(t events.Target, permit Permit) (events.Identity, bool) {
	v, ok := q.memory.get(key(t, permit)+"\n"+t.Job, foundFor)
	return v.found.Identity, ok
}

// begin makes the caller the one that asks a target, or returns what to wait for.
func (q *Queue) begin(key string) (wait <-chan struct{}, mine bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if other := q.asking[key]; other != nil {
		return other, false
	}
	q.asking[key] = make(chan struct{})
	return nil, true
}

func (q *Queue) end(key string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	close(q.asking[key])
	delete(q.asking, key)
}

// ask asks when it is the requester's turn, which ends with the answer or after some silence.
func (q *Queue) ask(ctx context.Context, key, requester string, t events.Target, permit Permit) (Found, error) {
	if err := q.turns.enter(ctx, requester); err != nil {
		return Found{}, err
	}
	var once sync.Once
	leave := func() { once.Do(q.turns.leave) }
	aside := time.AfterFunc(silence, leave)
	defer func() { aside.Stop(); leave() }()
	found, err := q.finder.Resolve(ctx, t, permit)
	switch code(err) {
	case events.CodeUnreachable:
		q.memory.put(key, verdict{found: found, err: err}, unreachableFor)
	case "":
		if err == nil {
			q.memory.put(key+"\n"+t.Job, verdict{found: found}, foundFor)
		}
	default:
		q.memory.forget(key + "\n" + t.Job)
	}
	return found, err
}

// remembered is the refusal of a target that was asked in vain a moment ago.
func remembered(v verdict) error {
	ago := time.Since(v.at).Round(time.Second)
	if r, ok := errors.AsType[*refusal.Error](v.err); ok {
		return refusal.New(r.Code, "%w (found %s ago; it is asked again in %s)", v.err, ago, unreachableFor-ago)
	}
	return v.err
}

// key tells targets apart that are asked separately, and what their requesters may know of them.
func key(t events.Target, permit Permit) string {
	return strings.Join([]string{t.URL, t.Cluster, t.Namespace, t.Deployment, permit.cluster, permit.namespace, permit.job}, "\n")
}
