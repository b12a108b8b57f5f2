package rollout

import (
	"context"
	"errors"
	"time"

	"squirrly.dev/internal/bus"
)

// State is what is known of the releases of one target.
type State struct {
	Seen    string          `json:"seen"`              // release that runs, or is about to
	Job     string          `json:"job,omitempty"`     // name of the job of a URL
	Note    string          `json:"note,omitempty"`    // why it is not known what runs
	Waiting map[string]Wait `json:"waiting,omitempty"` // policies that wait until Seen is warm
}

// Wait is a rollout that a policy has not asked for yet.
type Wait struct {
	Release string    `json:"release"`
	Since   time.Time `json:"since"`            // when it was seen
	Running time.Time `json:"running,omitzero"` // since when the job was seen running, without a break
	Why     string    `json:"why,omitempty"`    // it is put off
}

// Key is the key of the state of a target.
func Key(target string) string { return "release." + target }

// Book is what the source remembers: a bucket of [State].
type Book interface {
	Get(ctx context.Context, key string) (bus.Entry[State], error)
	Upsert(ctx context.Context, key string, fn func(*State) error) (State, error)
}

// Labels names the releases of targets, for [source.Gate].
type Labels struct{ Book Book }

// Label implements [source.Releases].
func (l Labels) Label(ctx context.Context, target string) (string, error) {
	e, err := l.Book.Get(ctx, Key(target))
	if errors.Is(err, bus.ErrNotFound) {
		return "", nil
	}
	return e.Value.Seen, err
}
