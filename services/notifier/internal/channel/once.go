package channel

import (
	"sync"
)

// maxOnce bounds what a channel knows of its latest messages.
const maxOnce = 1000

// once remembers which parts of messages got through, for receivers that take a message in several parts and know no
// idempotency key: the next attempt sends what is missing only. It forgets with its process.
type once struct {
	mu   sync.Mutex
	done map[string]string
}

// do sends a part unless it got through before, and returns what the receiver calls it.
func (o *once) do(key string, send func() (string, error)) (string, error) {
	o.mu.Lock()
	ref, done := o.done[key]
	o.mu.Unlock()
	if done {
		return ref, nil
	}
	ref, err := send()
	if err != nil {
		return "", err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.done == nil || len(o.done) >= maxOnce {
		o.done = map[string]string{}
	}
	o.done[key] = ref
	return ref, nil
}
