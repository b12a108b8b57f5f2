package memory_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"squirrly.dev/internal/memory"
)

const total = 1600 // of which 100 are for shares of at most 25

func take(t *testing.T, b *memory.Budget, bytes int64) (giveBack func()) {
	t.Helper()
	giveBack, err := b.Take(t.Context(), bytes)
	if err != nil {
		t.Fatal(err)
	}
	return giveBack
}

// Shares are given in the order in which they were asked for: one that would fit does not pass a larger one that waits.
func TestTake_InOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory.New(total)
		held := take(t, b, 1000)
		given := make(chan int64, 2)
		for _, bytes := range []int64{1450, 100} {
			go func() {
				give := take(t, b, bytes)
				given <- bytes
				give()
			}()
			synctest.Wait()
		}
		if len(given) != 0 {
			t.Fatalf("%d was given beside 1000 before the one that waits", <-given)
		}
		held()
		synctest.Wait()
		if first, second := <-given, <-given; first != 1450 || second != 100 {
			t.Errorf("given: %d, then %d", first, second)
		}
	})
}

// A small share waits for no large one, and a large one for no small one.
func TestTake_SmallBesideLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory.New(total)
		large := take(t, b, b.Most())
		waits := make(chan struct{})
		go func() { take(t, b, 1000)(); close(waits) }()
		synctest.Wait()
		var small []func()
		for range 4 {
			small = append(small, take(t, b, 25))
		}
		large()
		<-waits
		for _, give := range small {
			give()
		}
	})
}

// Who gives up takes nothing along: neither what it waited for nor its place.
func TestTake_Cancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory.New(total)
		held := take(t, b, b.Most())
		why := errors.New("the run was cancelled")
		ctx, cancel := context.WithCancelCause(t.Context())
		failed := make(chan error)
		go func() {
			_, err := b.Take(ctx, 1000)
			failed <- err
		}()
		synctest.Wait()
		cancel(why)
		if err := <-failed; !errors.Is(err, why) {
			t.Errorf("error %v", err)
		}
		held()
		held() // once is enough
		take(t, b, b.Most())()
	})
}

func TestTake_TooLarge(t *testing.T) {
	b := memory.New(total)
	if _, err := b.Take(t.Context(), b.Most()+1); !errors.Is(err, memory.ErrTooLarge) || b.Fits(b.Most()+1) {
		t.Errorf("error %v", err)
	}
	take(t, b, b.Most())()
	var none *memory.Budget
	take(t, none, 1<<50)()
	if !none.Fits(1<<50) || none.Most() != 0 {
		t.Error("a budget that is none has a limit")
	}
}

// However many ask, what is given is never more than there is, all are served, and in the end all is there again.
func TestTake_NeverMore(t *testing.T) {
	b := memory.New(total)
	var held atomic.Int64
	var all sync.WaitGroup
	for i := range uint64(16) {
		all.Go(func() {
			random := rand.New(rand.NewPCG(i, 1))
			for range 500 {
				bytes := 1 + random.Int64N(b.Most())
				if random.IntN(2) == 0 {
					bytes = 1 + random.Int64N(25)
				}
				give := take(t, b, bytes)
				if now := held.Add(bytes); now > total {
					t.Errorf("%d bytes are held, of %d", now, total)
				}
				held.Add(-bytes)
				give()
			}
		})
	}
	all.Wait()
	take(t, b, b.Most())()
}
