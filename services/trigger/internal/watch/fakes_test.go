package watch_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// book is a bucket in memory, for simulated time only: what a real one does is tested on a real server, in
// services/trigger. One call in a hundred fails, half of those after it had its effect.
type book[T any] struct {
	mu     *sync.Mutex
	chance *rand.Rand
	values map[string][]byte
}

func newBook[T any](mu *sync.Mutex, chance *rand.Rand) *book[T] {
	return &book[T]{mu: mu, chance: chance, values: map[string][]byte{}}
}

var errSilent = errors.New("no answer")

func (b *book[T]) Get(_ context.Context, key string) (bus.Entry[T], error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := bus.Entry[T]{Key: key}
	if b.chance.IntN(100) == 0 {
		return e, errSilent
	}
	if b.values[key] == nil {
		return e, bus.ErrNotFound
	}
	return e, json.Unmarshal(b.values[key], &e.Value)
}

func (b *book[T]) Upsert(ctx context.Context, key string, fn func(*T) error) (T, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var v T
	if b.values[key] != nil {
		if err := json.Unmarshal(b.values[key], &v); err != nil {
			return v, err
		}
	}
	luck := b.chance.IntN(200)
	if luck == 0 || ctx.Err() != nil {
		return v, errSilent
	}
	if err := fn(&v); err != nil {
		return v, err
	}
	var err error
	b.values[key], err = json.Marshal(v)
	if luck == 1 {
		err = errSilent
	}
	return v, err
}

// inbox is the inbox and the intake behind it: a request is a run some time later, once for each id.
type inbox struct {
	mu        *sync.Mutex
	chance    *rand.Rand
	published int
	runs      map[string]events.Event // by run
	records   map[string]run.Record
	order     []string
}

func (in *inbox) Request(ctx context.Context, _, _, _ string, body []byte) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	luck := in.chance.IntN(100)
	if luck == 0 || ctx.Err() != nil {
		return errSilent
	}
	req, origin, err := events.DecodeRequest(nil, body)
	if err != nil {
		return err
	}
	e, err := events.DecodeEvent(body)
	if err != nil {
		return err
	}
	in.published++
	id := events.RunIDFromEvent(origin.Source, origin.ID)
	time.AfterFunc(time.Duration(in.chance.IntN(20_000))*time.Millisecond, func() { in.take(id, e, req) })
	if luck == 1 {
		return errSilent
	}
	return nil
}

func (in *inbox) take(id string, e events.Event, req events.ProfileRequested) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if _, there := in.records[id]; there {
		return
	}
	in.runs[id] = e
	in.records[id] = run.Record{
		Run: id, State: events.StateAnalyzed, Created: time.Now(), Updated: time.Now(),
		Plan: events.Plan{Run: id, Target: req.Target, Labels: req.Labels, Reason: req.Reason, Baseline: req.Baseline},
	}
	in.order = append(in.order, id)
}

func (in *inbox) Get(_ context.Context, id string) (run.Record, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.chance.IntN(200) == 0 {
		return run.Record{}, errSilent
	}
	rec, ok := in.records[id]
	if !ok {
		return rec, fmt.Errorf("run %s: %w", id, run.ErrNoRecord)
	}
	return rec, nil
}
