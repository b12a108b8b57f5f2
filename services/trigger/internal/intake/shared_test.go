package intake

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A hundred that ask at once share two answers: that of the first, and that to the first who came while it was asked.
// Nobody gets an answer that is older than its question.
func TestShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s shared[time.Time]
		asked := 0
		ask := func() (time.Time, error) {
			asked++
			began := time.Now()
			time.Sleep(time.Second)
			return began, t.Context().Err()
		}
		var all sync.WaitGroup
		for i := range 100 {
			time.Sleep(time.Millisecond)
			all.Go(func() {
				came := time.Now()
				if got, err := s.get(t.Context(), "job", ask); err != nil || got.Before(came) {
					t.Errorf("question %d: the answer is %s older, %v", i, came.Sub(got), err)
				}
			})
		}
		all.Wait()
		if asked != 2 {
			t.Errorf("asked %d times", asked)
		}
		time.Sleep(time.Second)
		if _, err := s.get(t.Context(), "job", ask); err != nil || asked != 3 {
			t.Errorf("later: asked %d times in all, %v", asked, err)
		}
		if len(s.all) > 0 {
			t.Errorf("%d answers are kept that nobody wants", len(s.all))
		}
	})
}

// An error is told to whoever asked; the next one asks again.
func TestShared_Error(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s shared[int]
		asked, failed := 0, 0
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				v, err := s.get(t.Context(), "job", func() (int, error) {
					time.Sleep(time.Second)
					if asked++; asked == 1 {
						return 0, errors.New("no answer")
					}
					return 7, nil
				})
				if err != nil {
					failed++
				} else if v != 7 {
					t.Errorf("got %d", v)
				}
			})
		}
		all.Wait()
		if failed != 1 || asked != 2 {
			t.Errorf("%d failed, asked %d times", failed, asked)
		}
	})
}
