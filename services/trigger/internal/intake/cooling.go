package intake

import (
	"maps"
	"sync"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/refusal"
)

// cooling is a target whose last result is fresh.
type cooling struct {
	run   string
	until time.Time
}

func (c cooling) refuse(id events.Identity) error {
	return refusal.For(c.run, events.CodeCooldown, "run %s has just analyzed %s; the next one may start in %s",
		c.run, id, time.Until(c.until).Round(time.Second))
}

// cooldowns are the targets that this process knows to cool down. What is known holds: a newer result makes the time
// longer, and nothing makes it shorter. It is safe for concurrent use; the zero value is empty.
type cooldowns struct {
	mu  sync.Mutex
	all map[string]cooling // by the key of the identity
}

func (c *cooldowns) get(key string) (cooling, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.all[key]
	return known, ok && time.Now().Before(known.until)
}

func (c *cooldowns) put(key string, fresh cooling) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = map[string]cooling{}
	}
	const many = 4096
	if len(c.all) > many {
		now := time.Now()
		maps.DeleteFunc(c.all, func(_ string, old cooling) bool { return !now.Before(old.until) })
	}
	c.all[key] = fresh
}
