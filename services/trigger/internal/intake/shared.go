package intake

import (
	"context"
	"sync"
	"time"
)

// shared lets requests that ask the same question share an answer, so that a thousand requests for one job do not read its
// keys a thousand times. Nobody gets an answer to a question that was asked before it came: those that come while one is
// asked wait, and the first of them asks for all. It is safe for concurrent use; the zero value is empty.
type shared[T any] struct {
	mu  sync.Mutex
	all map[string]*answer[T]
}

// answer is the last one to a question, as long as somebody wants it.
type answer[T any] struct {
	wanted int // by how many; guarded by the lock of all

	turn  chan struct{} // holds one while it is looked at, or asked
	asked time.Time
	value T
}

// get answers a question by asking, or with what another one asked meanwhile. An error is for whoever asked only.
func (s *shared[T]) get(ctx context.Context, question string, ask func() (T, error)) (value T, err error) {
	came := time.Now()
	a := s.want(question)
	defer s.leave(question, a)
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return value, context.Cause(ctx) //nolint:wrapcheck // the cause is the caller's own.
	}
	if a.asked.After(came) {
		return a.value, nil
	}
	now := time.Now()
	value, err = ask()
	if err == nil {
		a.asked, a.value = now, value
	}
	return value, err
}

func (s *shared[T]) want(question string) *answer[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[string]*answer[T]{}
	}
	a := s.all[question]
	if a == nil {
		a = &answer[T]{turn: make(chan struct{}, 1)}
		s.all[question] = a
	}
	a.wanted++
	return a
}

func (s *shared[T]) leave(question string, a *answer[T]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.wanted--; a.wanted == 0 {
		delete(s.all, question)
	}
}
