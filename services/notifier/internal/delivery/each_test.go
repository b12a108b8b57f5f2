package delivery_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/services/notifier/internal/channel"
	"squirrly.dev/services/notifier/internal/delivery"
)

// Channels of one type share a message. One that asked to be left alone is, however often another one brings the message
// back; and each is told once.
func TestEach(t *testing.T) {
	b := bustest.Start(t, "webhook")
	quick := &mailbox{name: "quick", script: []error{errors.New("down"), errors.New("down")}}
	slow := &mailbox{name: "slow", script: []error{&channel.RetryAfter{After: 1500 * time.Millisecond, Err: fmt.Errorf("busy")}}}
	fine := &mailbox{name: "fine"}
	r := (&routes{}).set(t, "route: {channels: [webhook]}")
	r.cfg.Root.Channels = []string{"quick", "slow", "fine"}
	var all []*delivery.Delivery
	for _, m := range []*mailbox{quick, slow, fine} {
		all = append(all, notifier(t, b, m, r))
	}
	handle := delivery.Each(all)
	e := failedRun(t, time.Now())
	began := time.Now()
	n := uint64(0)
	for done := false; !done && n < 100; {
		n++
		err := handle(t.Context(), e, n)
		if done = err == nil; !done {
			time.Sleep(min(bus.AsFault(err, 0).After, time.Second))
		}
	}
	if time.Since(began) < 1500*time.Millisecond || n > 6 {
		t.Errorf("done after %s and %d deliveries", time.Since(began), n)
	}
	if q, s, f := len(quick.told()), len(slow.told()), len(fine.told()); q != 3 || s != 2 || f != 1 {
		t.Errorf("quick was tried %d times, slow %d, fine %d", q, s, f)
	}
}
