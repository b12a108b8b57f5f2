package intake

import (
	"strings"
	"sync"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/policy"
	"squirrly.dev/services/trigger/internal/refusal"
)

// cooling is the last result of a target.
type cooling struct {
	run  string
	done time.Time
}

func (c cooling) refuse(id events.Identity, cooldown time.Duration) error {
	return refusal.For(c.run, events.CodeCooldown, "run %s has just analyzed %s; the next one may start in %s",
		c.run, id, (cooldown - time.Since(c.done)).Round(time.Second))
}

// quietTime is how long after a result nothing that happens to its target is a reason for another run: it may be the
// doing of the first.
const quietTime = 5 * time.Minute

// cooldown is how long after a result of its target a request is refused. A follow-up belongs to that result.
func (l Limits) cooldown(req request) time.Duration {
	switch {
	case req.Parent != "":
		return 0
	case strings.HasPrefix(req.origin.Source, policy.SourcePrefix) && !req.inBackground():
		return max(l.Cooldown, quietTime)
	}
	return l.Cooldown
}

// cooldowns are last results that this process knows. What is known holds: a newer result makes the time longer, and
// nothing makes it shorter. It is safe for concurrent use; the zero value is empty.
type cooldowns struct {
	mu  sync.Mutex
	all map[string]cooling // by the key of the identity
}

// get returns a result that is younger than a cooldown.
func (c *cooldowns) get(key string, cooldown time.Duration) (cooling, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.all[key]
	return known, ok && time.Since(known.done) < cooldown
}

func (c *cooldowns) put(key string, fresh cooling) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = map[string]cooling{}
	}
	const many = 4096
	if len(c.all) > many {
		clear(c.all) // it is looked up again
	}
	c.all[key] = fresh
}
