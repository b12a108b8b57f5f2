package budget

import (
	"context"
	"sync"
)

// Memory is a Book of this process alone, for one that ends: it forgets nothing. The zero value is empty.
type Memory struct {
	mu   sync.Mutex
	sums map[string]Sum
}

// Change implements Book.
func (m *Memory) Change(_ context.Context, key string, fn func(Sum) (Sum, error)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := fn(m.sums[key])
	if err != nil {
		return err
	}
	if m.sums == nil {
		m.sums = map[string]Sum{}
	}
	m.sums[key] = s
	return nil
}
