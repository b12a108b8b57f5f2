package target

import (
	"sync"
	"time"
)

// memory keeps what was just found out about targets, for a short time and in this process only: it saves calls, and
// nothing is planned by it.
type memory struct {
	mu    sync.Mutex
	known map[string]verdict
	swept time.Time
}

// verdict is what became of one look for a target.
type verdict struct {
	at    time.Time
	found Found
	err   error // why it could not be reached; nil when it was found
}

// get returns a verdict that is younger than age.
func (m *memory) get(key string, age time.Duration) (verdict, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.known[key]
	return v, ok && time.Since(v.at) < age
}

// put keeps a verdict, and forgets those that are older than age now and then.
func (m *memory) put(key string, v verdict, age time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = map[string]verdict{}
	}
	now := time.Now()
	if now.Sub(m.swept) > age {
		m.swept = now
		for k, old := range m.known {
			if now.Sub(old.at) > age {
				delete(m.known, k)
			}
		}
	}
	v.at = now
	m.known[key] = v
}

// forget drops a verdict.
func (m *memory) forget(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.known, key)
}
