package capture

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"squirrly.dev/internal/memory"
)

// There is room for a number of files and no more; who gives up leaves its place, and one that is done makes room for the next.
func TestRoom_Files(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRoom(nil)
		var all []func()
		for range 4 {
			giveBack, err := r.file(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, giveBack)
		}
		why := errors.New("cancelled")
		ctx, cancel := context.WithCancelCause(t.Context())
		ended := make(chan error, 2)
		go func() { _, err := r.file(ctx); ended <- err }()
		synctest.Wait()
		if len(ended) != 0 {
			t.Fatal("there is room for one file more")
		}
		cancel(why)
		if err := <-ended; !errors.Is(err, why) {
			t.Errorf("error %v", err)
		}
		go func() { _, err := r.file(t.Context()); ended <- err }()
		synctest.Wait()
		all[0]()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// A process with little memory verifies pages all the same.
func TestRoom_LittleMemory(t *testing.T) {
	r := NewRoom(memory.New(1 << 20))
	for range 2 {
		giveBack, err := r.measuring(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		giveBack()
	}
}
