package delivery_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
	"squirrly.dev/services/notifier/internal/delivery"
	"squirrly.dev/services/notifier/internal/lives"
	"squirrly.dev/services/notifier/internal/route"
)

// threads is a channel that begins a thread for each finding and goes on in it.
type threads struct {
	script []error
	note   string // what it notes; empty: the number of the thread
	got    []string
}

func (*threads) Name() string { return "webhook" }

func (c *threads) Send(_ context.Context, m channel.Message) (channel.Receipt, error) {
	receipt := channel.Receipt{}
	for _, change := range m.Runs[0].Changes {
		c.got = append(c.got, string(change.Kind)+" "+change.Ref)
		if receipt[change.ID] = c.note; c.note == "" && change.Ref == "" {
			receipt[change.ID] = fmt.Sprint("thread ", len(c.got))
		}
	}
	if len(c.got) <= len(c.script) {
		return receipt, c.script[len(c.got)-1]
	}
	return receipt, nil
}

// What a channel notes of a finding comes back with every change of it, also after an attempt that failed half-way, and in
// another notifier; never with that of another channel. What is too long is not kept.
func TestDelivery_Receipts(t *testing.T) {
	b := bustest.Start(t, "webhook")
	tell := func(c channel.Channel, days ...int) {
		t.Helper()
		for _, day := range days {
			_ = newDelivery(t, b, c, nil).Handle(t.Context(), resultOf(t, day), 1) // one may have to be tried again
			time.Sleep(10 * policy.Backoff)
		}
	}
	c := &threads{script: []error{fmt.Errorf("half")}}
	tell(c, 0, 0, 1, 2)
	if got := strings.Join(c.got, ", "); got != "opened , opened thread 1, worsened thread 1, resolved thread 1" {
		t.Errorf("got %s", got)
	}
	long := &threads{note: strings.Repeat("x", channel.MaxRef+1)}
	tell(other{long}, 0, 1)
	if got := strings.Join(long.got, ", "); got != "opened , worsened " {
		t.Errorf("another channel, too long: %s", got)
	}
}

type other struct{ *threads }

func (other) Name() string { return "second" }

// Without the bucket that keeps them, everything is told nevertheless.
func TestDelivery_ReceiptsLost(t *testing.T) {
	b := bustest.Start(t, "webhook")
	c := &threads{}
	if err := bustest.JetStream(b).DeleteKeyValue(t.Context(), events.BucketFindings); err != nil {
		t.Fatal(err)
	}
	b = bustest.As(t, b, natsusers.Notifier)
	d := delivery.New(c, b, b, lives.New(b, slog.New(slog.DiscardHandler)), route.Everyone([]string{"webhook"}, nil), policy, slog.New(slog.DiscardHandler))
	if err := d.Handle(t.Context(), resultOf(t, 0), 1); err != nil || len(c.got) != 1 {
		t.Errorf("told %v, %v", c.got, err)
	}
}
