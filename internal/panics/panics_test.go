package panics_test

import (
	"errors"
	"strings"
	"testing"

	"squirrly.dev/internal/panics"
)

func TestCatch(t *testing.T) {
	plain := errors.New("plain")
	if err := panics.Catch(func() error { return plain }); !errors.Is(err, plain) {
		t.Errorf("got %v", err)
	}
	err := panics.Catch(func() error { return []error{}[0] })
	if p, ok := errors.AsType[*panics.Error](err); !ok || !strings.Contains(err.Error(), "index out of range") || len(p.Stack) == 0 {
		t.Errorf("got %v", err)
	}
}

// The panic of a goroutine is that of the one who waits for it, after all have ended, with the stack of where it was.
func TestGroup(t *testing.T) {
	ended := false
	err := panics.Catch(func() error {
		var g panics.Group
		started := make(chan struct{})
		g.Go(func() { close(started); panic("boom") })
		g.Go(func() { <-started; ended = true })
		g.Wait()
		return nil
	})
	p, ok := errors.AsType[*panics.Error](err)
	if !ok || p.Value != "boom" || !strings.Contains(string(p.Stack), "TestGroup") || !ended {
		t.Errorf("got %v, ended %v", err, ended)
	}
}
