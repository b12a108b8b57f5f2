package cache

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Limits of Memory.
const (
	maxEntries = 256
	maxBytes   = 16 << 20
)

// Memory keeps answers in this process: the latest 256, of 16 MiB together. The zero value is empty.
type Memory struct {
	mu      sync.Mutex
	entries []entry // the oldest first
	bytes   int
}

type entry struct {
	key  string
	body []byte
	at   time.Time
}

// Get implements Store.
func (m *Memory) Get(_ context.Context, key string) ([]byte, time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := m.index(key); i >= 0 {
		return m.entries[i].body, m.entries[i].at, nil
	}
	return nil, time.Time{}, nil
}

// Put implements Store. The oldest answers make place; what is larger than all of it is not kept.
func (m *Memory) Put(_ context.Context, key string, body []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := m.index(key); i >= 0 {
		m.drop(i)
	}
	if len(body) > maxBytes {
		return nil
	}
	m.entries = append(m.entries, entry{key, body, time.Now()})
	m.bytes += len(body)
	for len(m.entries) > maxEntries || m.bytes > maxBytes {
		m.drop(0)
	}
	return nil
}

func (m *Memory) index(key string) int {
	return slices.IndexFunc(m.entries, func(e entry) bool { return e.key == key })
}

func (m *Memory) drop(i int) {
	m.bytes -= len(m.entries[i].body)
	m.entries = slices.Delete(m.entries, i, i+1)
}
