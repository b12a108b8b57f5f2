package capture

import (
	"context"

	"golang.org/x/sync/semaphore"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/memory"
)

const (
	// maxPages is how many pages of one run are worked on at a time; of those, small ones are in memory.
	maxPages = 3
	// MaxFiles is how much the files of large pages take at most, in bytes, of all runs together.
	MaxFiles = 4 * flink.MaxProfileSize
)

// Room is what the runs of a process share: its memory, and its folder for temporary files.
type Room struct {
	memory *memory.Budget
	files  *semaphore.Weighted
}

// NewRoom returns the room of a process with a budget of memory; nil has no end.
func NewRoom(m *memory.Budget) *Room { return &Room{memory: m, files: semaphore.NewWeighted(MaxFiles)} }

// file waits until there is room for the file of another large page.
func (r *Room) file(ctx context.Context) (giveBack func(), err error) {
	if err := r.files.Acquire(ctx, flink.MaxProfileSize); err != nil {
		return nil, stopped(ctx)
	}
	return func() { r.files.Release(flink.MaxProfileSize) }, nil
}

// measuring waits until another page can be verified. A process with less memory than that takes verifies one at a time.
func (r *Room) measuring(ctx context.Context) (giveBack func(), err error) {
	bytes := int64(flamegraph.MeasureMemory)
	if most := r.memory.Most(); most > 0 {
		bytes = min(bytes, most)
	}
	giveBack, err = r.memory.Take(ctx, bytes)
	if err != nil {
		return nil, stopped(ctx)
	}
	return giveBack, nil
}
