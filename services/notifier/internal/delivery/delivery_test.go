package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
	"squirrly.dev/services/notifier/internal/delivery"
	"squirrly.dev/services/notifier/internal/lives"
	"squirrly.dev/services/notifier/internal/route"
)

var orders = events.Identity{Cluster: "prod", Namespace: "flink", Job: "orders"}

// receiver is a channel that does what its script says, one entry for each call, and then takes everything.
type receiver struct {
	mu     sync.Mutex
	script []error
	calls  int
}

func (*receiver) Name() string { return "webhook" }

func (r *receiver) Send(context.Context, channel.Message) (channel.Receipt, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	if r.calls <= len(r.script) {
		return nil, r.script[r.calls-1]
	}
	return nil, nil
}

func (r *receiver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls
}

var policy = delivery.Policy{Attempts: 3, Backoff: time.Millisecond, MaxAge: time.Hour}

// failedRun is the event of a run that failed at the given time.
func failedRun(t *testing.T, at time.Time) events.Event {
	t.Helper()
	run := uuid.NewString()
	e, err := events.New("squirrly/collector", run, at, events.RunFailed{
		Outcome: events.Outcome{Run: run, Identity: orders, Code: events.CodeJobGone, Message: "the job ended"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// newDelivery works as the user of the service; nil publishes as it, too.
func newDelivery(t *testing.T, b *bus.Bus, ch channel.Channel, p delivery.Publisher) *delivery.Delivery {
	t.Helper()
	b = bustest.As(t, b, natsusers.Notifier)
	if p == nil {
		p = b
	}
	return delivery.New(ch, p, b, lives.New(b, slog.New(slog.DiscardHandler)), route.Everyone([]string{ch.Name()}, nil), policy, slog.New(slog.DiscardHandler))
}

// run drives a delivery by a real consumer until t ends.
func run(t *testing.T, b *bus.Bus, d *delivery.Delivery) {
	t.Helper()
	b = bustest.As(t, b, natsusers.Notifier)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = b.Consume(ctx, bus.Channel("webhook", 2), bus.Facts(d.Handle))
	}()
	t.Cleanup(func() { cancel(); <-done })
}

func publish(t *testing.T, b *bus.Bus, e events.Event) {
	t.Helper()
	if err := b.PublishFact(t.Context(), orders.Subject(e.Type, e.RunID), e); err != nil {
		t.Fatal(err)
	}
}

// notice waits for the event about the notification of a run.
func notice(t *testing.T, b *bus.Bus, kind events.Type, run string) events.Event {
	t.Helper()
	s, err := bustest.JetStream(b).Stream(t.Context(), events.StreamEvents)
	if err != nil {
		t.Fatal(err)
	}
	subject := orders.ChannelSubject(kind, run, "webhook")
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		m, err := s.GetLastMsgForSubject(t.Context(), subject)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		e, err := events.DecodeEvent(m.Data)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	t.Fatalf("no %s of run %s after 20 s", kind, run)
	return events.Event{}
}

// notices counts the events about the notifications of a run.
func notices(t *testing.T, b *bus.Bus, run string) int {
	t.Helper()
	s, err := bustest.JetStream(b).Stream(t.Context(), events.StreamEvents)
	if err != nil {
		t.Fatal(err)
	}
	info, err := s.Info(t.Context(), jetstream.WithSubjectFilter(events.SubjectNotices))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for subject, count := range info.State.Subjects {
		if strings.Contains(subject, run) {
			n += int(count)
		}
	}
	return n
}

func TestDelivery_Outcomes(t *testing.T) {
	down := errors.New("the webhook answers HTTP 500")
	for name, c := range map[string]struct {
		script  []error
		kind    events.Type
		code    events.Code
		attempt int
	}{
		"at once":          {nil, events.TypeNotificationSent, "", 1},
		"on the third try": {[]error{down, &channel.RetryAfter{After: time.Millisecond, Err: down}}, events.TypeNotificationSent, "", 3},
		"given up":         {[]error{down, down, down, down}, events.TypeNotificationFailed, events.CodeDeliveryFailed, 3},
		"refused for good": {[]error{fmt.Errorf("HTTP 410: %w", channel.ErrRefused)}, events.TypeNotificationFailed, events.CodeChannelRefused, 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := bustest.Start(t, "webhook")
			r := &receiver{script: c.script}
			run(t, b, newDelivery(t, b, r, nil))
			e := failedRun(t, time.Now())
			publish(t, b, e)
			got := notice(t, b, c.kind, e.RunID)
			n := notification(t, got)
			if n.Code != c.code || n.Attempt != c.attempt || n.Channel != "webhook" || n.Event != events.TypeRunFailed {
				t.Errorf("told %+v, want code %q after %d attempts", n, c.code, c.attempt)
			}
			if got.CausationID != e.ID || r.count() != c.attempt {
				t.Errorf("caused by %q, %d calls", got.CausationID, r.count())
			}
			if letters, err := b.DeadLetters(t.Context(), 1); err != nil || len(letters) > 0 {
				t.Errorf("dead letters %+v, %v", letters, err)
			}
		})
	}
}

func notification(t *testing.T, e events.Event) events.Notification {
	t.Helper()
	if e.Type == events.TypeNotificationSent {
		p, err := events.Data[events.NotificationSent](e)
		if err != nil {
			t.Fatal(err)
		}
		return p.Notification
	}
	p, err := events.Data[events.NotificationFailed](e)
	if err != nil {
		t.Fatal(err)
	}
	return p.Notification
}

// dying is a publisher whose process dies before the event is out.
type dying struct{}

func (dying) PublishFact(context.Context, string, events.Event) error { return errors.New("killed") }

// A redelivery after success tells the bus, and not the receiver again.
func TestDelivery_RedeliveryDoesNotTellTwice(t *testing.T) {
	b := bustest.Start(t, "webhook")
	r := &receiver{}
	e := failedRun(t, time.Now())
	if err := newDelivery(t, b, r, dying{}).Handle(t.Context(), e, 1); err == nil {
		t.Fatal("an event that is not out counts as told")
	}
	d := newDelivery(t, b, r, nil)
	for delivery := uint64(2); delivery < 5; delivery++ {
		if err := d.Handle(t.Context(), e, delivery); err != nil {
			t.Fatal(err)
		}
	}
	if notice(t, b, events.TypeNotificationSent, e.RunID); r.count() != 1 || notices(t, b, e.RunID) != 1 {
		t.Errorf("%d messages, %d events", r.count(), notices(t, b, e.RunID))
	}
}

// What was given up stays given up.
func TestDelivery_FailureIsFinal(t *testing.T) {
	b := bustest.Start(t, "webhook")
	r := &receiver{script: []error{channel.ErrRefused}}
	d := newDelivery(t, b, r, nil)
	e := failedRun(t, time.Now())
	for delivery := uint64(1); delivery < 4; delivery++ {
		if err := d.Handle(t.Context(), e, delivery); err != nil {
			t.Fatal(err)
		}
	}
	if r.count() != 1 || notices(t, b, e.RunID) != 1 {
		t.Errorf("%d messages, %d events", r.count(), notices(t, b, e.RunID))
	}
}

// A process that dies between sending and noting sends again: at least once, with the same event id.
func TestDelivery_CrashAfterSend(t *testing.T) {
	b := bustest.Start(t, "webhook")
	e := failedRun(t, time.Now())
	ctx, kill := context.WithCancel(t.Context())
	killer := &killedInSend{kill: kill}
	if err := newDelivery(t, b, killer, nil).Handle(ctx, e, 1); err == nil {
		t.Fatal("a killed process reports success")
	}
	r := &receiver{}
	if err := newDelivery(t, b, r, nil).Handle(t.Context(), e, 2); err != nil {
		t.Fatal(err)
	}
	if n := notification(t, notice(t, b, events.TypeNotificationSent, e.RunID)); n.Attempt != 2 || r.count() != 1 {
		t.Errorf("attempt %d, %d calls", n.Attempt, r.count())
	}
}

type killedInSend struct{ kill func() }

func (*killedInSend) Name() string { return "webhook" }

func (k *killedInSend) Send(context.Context, channel.Message) (channel.Receipt, error) {
	k.kill()
	return nil, nil
}

func TestDelivery_OldEventsAreNotTold(t *testing.T) {
	b := bustest.Start(t, "webhook")
	r := &receiver{}
	if err := newDelivery(t, b, r, nil).Handle(t.Context(), failedRun(t, time.Now().Add(-2*time.Hour)), 1); err != nil {
		t.Fatal(err)
	}
	if r.count() != 0 {
		t.Error("an old event was told")
	}
}

func TestDelivery_UnreadableIsBuried(t *testing.T) {
	b := bustest.Start(t, "webhook")
	run(t, b, newDelivery(t, b, &receiver{}, nil))
	e := failedRun(t, time.Now())
	e.Data = []byte(`{"run":""}`)
	publish(t, b, e)
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		letters, err := b.DeadLetters(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(letters) == 1 {
			if letters[0].Reason != events.CodeUndecodable {
				t.Errorf("letter %+v", letters[0])
			}
			return
		}
	}
	t.Fatal("no dead letter after 20 s")
}

// keeper is a channel that keeps the messages.
type keeper struct{ kept chan channel.Message }

func (*keeper) Name() string { return "log" }

func (k *keeper) Send(_ context.Context, m channel.Message) (channel.Receipt, error) {
	k.kept <- m
	return nil, nil
}

// What nobody has verified is told only by a channel that is told to.
func TestDelivery_Readings(t *testing.T) {
	b := bustest.Start(t, "log")
	for _, readings := range []bool{false, true} {
		runID := uuid.NewString()
		e, err := events.New("squirrly/analyzer", runID, time.Now(), events.RecommendationReady{
			Run: runID, Identity: orders, Severity: events.SeverityNone,
			Verdict:  events.Verdict{Limit: events.LimitNone, Headline: "Not limited."},
			Findings: []events.FindingExcerpt{}, Readings: []events.Reading{{Kind: events.ReadingObservation, Text: "It looks calm."}},
			Analysis: events.ObjectRef{Key: "k", SHA256: strings.Repeat("a", 64)},
		})
		if err != nil {
			t.Fatal(err)
		}
		k := &keeper{kept: make(chan channel.Message, 1)}
		told := policy
		told.Readings = readings
		mine := bustest.As(t, b, natsusers.Notifier)
		if err := delivery.New(k, mine, mine, lives.New(mine, slog.New(slog.DiscardHandler)), route.Everyone(nil, []string{k.Name()}), told, slog.New(slog.DiscardHandler)).Handle(t.Context(), e, 1); err != nil {
			t.Fatal(err)
		}
		m := (<-k.kept).Runs[0]
		if got := strings.Contains(string(m.Event.Data), "It looks calm."); got != readings || (len(m.Ready.Readings) > 0) != readings {
			t.Errorf("readings %v: the channel gets %s", readings, m.Event.Data)
		}
	}
}
