package delivery_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

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

// mailbox is a channel that keeps what it gets. It does what its script says, one entry for each call, and then takes everything.
type mailbox struct {
	name   string
	mu     sync.Mutex
	script []error
	calls  int
	got    []channel.Message // all attempts
	hook   func()            // within each call
}

func (m *mailbox) Name() string { return m.name }

func (m *mailbox) Send(_ context.Context, msg channel.Message) (channel.Receipt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.got = append(m.got, msg)
	if m.hook != nil {
		m.hook()
	}
	if m.calls++; m.calls <= len(m.script) {
		return nil, m.script[m.calls-1]
	}
	return nil, nil
}

// told are the messages in short: their ids are the same when their messages are.
func (m *mailbox) told() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []string
	for _, x := range m.got {
		var parts []string
		for _, r := range x.Runs {
			text := r.ID
			for _, c := range r.Changes {
				text += " " + string(c.Kind)
				if c.Reminds {
					text += " again"
				}
			}
			if r.Recovered != "" {
				text += " runs again"
			}
			if r.Outcome != nil {
				text = r.Outcome.Message
			}
			parts = append(parts, text)
		}
		slices.Sort(parts)
		all = append(all, strings.Join(parts, ", "))
	}
	return all
}

// routes are those of a text, which a test may change.
type routes struct {
	mu  sync.Mutex
	cfg *route.Config
}

func (r *routes) Config() *route.Config {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cfg
}

func (r *routes) set(t *testing.T, text string) *routes {
	t.Helper()
	cfg, err := route.Read([]byte(text), []string{"webhook", "log"})
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cfg = cfg
	return r
}

// notifier makes the delivery of a channel, and follows its groups until the test ends.
func notifier(t *testing.T, b *bus.Bus, ch channel.Channel, r *routes) *delivery.Delivery {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	own := policy
	own.Lease, own.Look = 300*time.Millisecond, 300*time.Millisecond
	b = bustest.As(t, b, natsusers.Notifier)
	d := delivery.New(ch, b, b, lives.New(b, log), r, own, log)
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { d.Follow(ctx, 20*time.Millisecond) })
	t.Cleanup(func() { stop(); wg.Wait() })
	return d
}

// store puts an event on the bus and has notifiers handle it.
func store(t *testing.T, b *bus.Bus, e events.Event, all ...*delivery.Delivery) {
	t.Helper()
	publish(t, b, e)
	for _, d := range all {
		if err := d.Handle(t.Context(), e, 1); err != nil {
			t.Fatal(err)
		}
	}
}

// stays waits until a mailbox has what it should, and looks a while whether more comes.
func stays(t *testing.T, m *mailbox, want ...string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline) && len(m.told()) < len(want); {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(200 * time.Millisecond)
	if got := m.told(); !slices.Equal(got, want) {
		t.Errorf("%s was told %q, want %q", m.name, got, want)
	}
}

// What comes within group_wait is one message, and what comes later another, whichever of two notifiers has it. An event
// that comes again is not told again.
func TestGroups_Wait(t *testing.T) {
	b := bustest.Start(t, "webhook")
	m := &mailbox{name: "webhook"}
	r := (&routes{}).set(t, "route: {channels: [webhook], tell: everything, group_by: [cluster], group_wait: 400ms}")
	one, two := notifier(t, b, m, r), notifier(t, b, m, r)
	first, second, third := resultIn(t, "a", 0), resultIn(t, "b", 0), failedRun(t, time.Now())
	store(t, b, first, one, two)
	store(t, b, second, two, one)
	store(t, b, third, one)
	stays(t, m, "a opened, b, the job ended")
	store(t, b, first, one, two)
	fourth := resultIn(t, "c", 1)
	store(t, b, fourth, one)
	stays(t, m, "a opened, b, the job ended", "c worsened runs again")
}

// A group with an interval is told at most so often; groups with other labels do not wait for it.
func TestGroups_Interval(t *testing.T) {
	b := bustest.Start(t, "webhook")
	m := &mailbox{name: "webhook"}
	r := (&routes{}).set(t, "route: {channels: [webhook], tell: everything, group_by: [change], group_interval: 2s}")
	d := notifier(t, b, m, r)
	began := time.Now()
	for i, run := range []string{"a", "b", "c", "d"} { // the first opens a finding
		store(t, b, resultIn(t, run, 0), d)
		if i == 1 {
			stays(t, m, "a opened", "b")
		}
	}
	if time.Since(began) > time.Second {
		t.Fatal("too slow to tell what waits")
	}
	stays(t, m, "a opened", "b", "c, d")
	if past := time.Since(began); past < 2*time.Second {
		t.Errorf("the second message of the group came after %s", past)
	}
}

// What a mute time keeps is told when it is over, however long that is: the event is acknowledged, and no dead letter.
func TestGroups_Mute(t *testing.T) {
	b := bustest.Start(t, "webhook")
	m := &mailbox{name: "webhook"}
	const always = "route: {channels: [], routes: [{channels: [webhook], mute_time_intervals: [always]}]}\ntime_intervals: [{name: always, time_intervals: [{}]}]"
	r := (&routes{}).set(t, always)
	d := notifier(t, b, m, r)
	store(t, b, resultOf(t, 0), d)
	stays(t, m)
	r.set(t, strings.Replace(always, "[{}]", "[{years: ['2001']}]", 1))
	stays(t, m, "run-0 opened") // once a notifier has looked again
	store(t, b, resultOf(t, 1), d)
	stays(t, m, "run-0 opened", "run-1 worsened")
}

// What a notifier began to tell before it died is told by another, as the same message.
func TestGroups_Died(t *testing.T) {
	b := bustest.Start(t, "webhook")
	ctx, kill := context.WithCancel(t.Context())
	m := &mailbox{name: "webhook", hook: kill}
	r := (&routes{}).set(t, "route: {channels: [webhook], group_by: [job]}")
	e := resultOf(t, 0)
	publish(t, b, e)
	log := slog.New(slog.DiscardHandler)
	own := policy
	own.Lease, own.Look = 300*time.Millisecond, 300*time.Millisecond
	mine := bustest.As(t, b, natsusers.Notifier)
	if err := delivery.New(m, mine, mine, lives.New(mine, log), r, own, log).Handle(ctx, e, 1); err != nil {
		t.Fatal(err) // it is stored, so that the event is done
	}
	m.mu.Lock()
	m.hook = nil
	m.mu.Unlock()
	notifier(t, b, m, r)
	stays(t, m, "run-0 opened", "run-0 opened")
	if m.got[0].ID != m.got[1].ID || m.got[0].Runs[0].Event.ID != m.got[1].Runs[0].Event.ID {
		t.Errorf("%s, then %s", m.got[0].ID, m.got[1].ID)
	}
}

// What fails is tried again by itself, and given up in the end; the bus hears of it.
func TestGroups_Fails(t *testing.T) {
	down := fmt.Errorf("down")
	for name, c := range map[string]struct {
		script []error
		calls  int
		kind   events.Type
	}{
		"then not":    {[]error{down, down}, 3, events.TypeNotificationSent},
		"for ever":    {[]error{down, down, down, down}, 3, events.TypeNotificationFailed},
		"is not ours": {[]error{channel.ErrRefused}, 1, events.TypeNotificationFailed},
	} {
		t.Run(name, func(t *testing.T) {
			b := bustest.Start(t, "webhook")
			m := &mailbox{name: "webhook", script: c.script}
			d := notifier(t, b, m, (&routes{}).set(t, "route: {channels: [webhook], group_by: [job]}"))
			store(t, b, resultOf(t, 0), d)
			stays(t, m, slices.Repeat([]string{"run-0 opened"}, c.calls)...)
			got := 0
			for _, e := range facts(t, b, events.SubjectNotices) {
				if e.Type == c.kind && e.RunID == "run-0" {
					got++
				}
			}
			if got != 1 {
				t.Errorf("%d facts of type %s", got, c.kind)
			}
		})
	}
}

// A finding that stays open is told again, until somebody dismisses it; one that is resolved is not.
func TestGroups_Repeat(t *testing.T) {
	b := bustest.Start(t, "webhook")
	m := &mailbox{name: "webhook"}
	r := (&routes{}).set(t, "route: {channels: [webhook], repeat_interval: 600ms}")
	d := notifier(t, b, m, r)
	notifier(t, b, m, r)
	store(t, b, resultOf(t, 0), d)
	stays(t, m, "run-0 opened", "run-0 opened again", "run-0 opened again")
	ids := map[string]bool{}
	for _, x := range m.got {
		ids[x.Runs[0].Event.ID] = true
	}
	if len(ids) != 3 {
		t.Errorf("a receiver takes reminders for the same message: %v", ids)
	}
	known := lives.New(bustest.As(t, b, natsusers.Operator), slog.New(slog.DiscardHandler))
	all, err := known.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := known.Dismiss(t.Context(), all[0].ID, &events.Dismissal{As: events.DismissedRight, At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	quiet(t, m)
	store(t, b, resultOf(t, 2), d) // it is gone, and whoever is at it hears of that
	before := len(m.told())
	quiet(t, m)
	if got := m.told(); got[len(got)-1] != "run-2 resolved" || len(got) > before+1 {
		t.Errorf("in the end: %q", got)
	}
}

// quiet waits until nothing more is told.
func quiet(t *testing.T, m *mailbox) {
	t.Helper()
	for n := -1; n != len(m.told()); time.Sleep(1500 * time.Millisecond) {
		n = len(m.told())
	}
}

// A job that can be profiled again is told once, by each way of telling.
func TestGroups_Recovered(t *testing.T) {
	for _, text := range []string{"route: {channels: [webhook]}", "route: {channels: [webhook], group_by: [change]}"} {
		b := bustest.Start(t, "webhook")
		m := &mailbox{name: "webhook"}
		d := notifier(t, b, m, (&routes{}).set(t, text))
		store(t, b, failedRun(t, time.Now().Add(-time.Minute)), d)
		store(t, b, failedRun(t, time.Now().Add(-time.Second)), d)
		for range 2 {
			for day := 2; day < 4; day++ {
				store(t, b, resultOf(t, day), d)
			}
		}
		stays(t, m, "the job ended", "run-2 runs again")
	}
}

// Without the bucket of what was told, everything is told, again rather than never; with a new one, once.
func TestGroups_LostBucket(t *testing.T) {
	for _, text := range []string{"route: {channels: [webhook]}", "route: {channels: [webhook], group_by: [change], group_wait: 1h}"} {
		b := bustest.Start(t, "webhook")
		m := &mailbox{name: "webhook"}
		r := (&routes{}).set(t, text)
		d := notifier(t, b, m, r)
		e := resultOf(t, 0)
		publish(t, b, e)
		if err := bustest.JetStream(b).DeleteKeyValue(t.Context(), events.BucketNotify); err != nil {
			t.Fatal(err)
		}
		store(t, b, e, d, d)
		stays(t, m, "run-0 opened", "run-0 opened")
		if err := b.Provision(t.Context(), bus.Topology{AckWait: bustest.AckWait, Channels: []string{"webhook"}}); err != nil {
			t.Fatal(err)
		}
		r.set(t, strings.Replace(text, "1h", "10ms", 1))
		later := resultOf(t, 1)
		store(t, b, later, d, d)
		stays(t, m, "run-0 opened", "run-0 opened", "run-1 worsened")
	}
}

// What somebody dismisses is told where a route asks for it, once.
func TestGroups_Dismissals(t *testing.T) {
	b := bustest.Start(t, "webhook")
	m, l := &mailbox{name: "webhook"}, &mailbox{name: "log"}
	r := (&routes{}).set(t, "route: {channels: [log], routes: [{channels: [webhook], tell_dismissals: true, continue: true}, {channels: [log]}]}")
	one, two := notifier(t, b, m, r), notifier(t, b, l, r)
	store(t, b, resultOf(t, 0), one, two)
	known := lives.New(bustest.As(t, b, natsusers.Operator), slog.New(slog.DiscardHandler))
	all, err := known.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := known.Dismiss(t.Context(), all[0].ID, &events.Dismissal{As: events.DismissedWrong, Reason: "no", At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if _, err := known.Dismiss(t.Context(), all[0].ID, nil); err != nil {
		t.Fatal(err)
	}
	for _, e := range facts(t, b, events.SubjectFindings) {
		for _, d := range []*delivery.Delivery{one, two, one} {
			if err := d.Handle(t.Context(), e, 1); err != nil {
				t.Fatal(err)
			}
		}
	}
	stays(t, m, "run-0 opened", "run-0 dismissed", "run-0 reopened")
	stays(t, l, "run-0 opened")
	if d := m.got[1].Runs[0].Changes[0].Dismissal; d == nil || d.Reason != "no" || m.got[1].Runs[0].Ready == nil {
		t.Errorf("told %+v", m.got[1].Runs[0])
	}
}

// facts are the events on a subject.
func facts(t *testing.T, b *bus.Bus, subject string) []events.Event {
	t.Helper()
	s, err := bustest.JetStream(b).Stream(t.Context(), events.StreamEvents)
	if err != nil {
		t.Fatal(err)
	}
	var all []events.Event
	for seq := uint64(1); ; seq++ {
		m, err := s.GetMsg(t.Context(), seq, jetstream.WithGetMsgSubject(subject))
		if err != nil {
			return all
		}
		e, err := events.DecodeEvent(m.Data)
		if err != nil {
			t.Fatal(err)
		}
		all, seq = append(all, e), m.Sequence
	}
}

// A channel that is gone, or that was given up, is reported through another one, once; when it is back, that is told once, too.
func TestGroups_Down(t *testing.T) {
	gone := fmt.Errorf("HTTP 410: %w", channel.ErrGone)
	for name, c := range map[string]struct {
		text   string
		script []error
	}{
		"by itself": {"route: {channels: [log, webhook], tell: everything}", []error{gone, gone}},
		"in groups": {"route: {channels: [log], tell: everything, routes: [{channels: [webhook], group_by: [job], continue: true}, {channels: [log]}]}", []error{gone, gone}},
	} {
		t.Run(name, func(t *testing.T) {
			b := bustest.Start(t, "webhook", "log")
			m, l := &mailbox{name: "webhook", script: c.script}, &mailbox{name: "log"}
			r := (&routes{}).set(t, c.text)
			hook, log := notifier(t, b, m, r), notifier(t, b, l, r)
			for _, run := range []string{"a", "b", "c", "d"} {
				store(t, b, resultIn(t, run, 0), hook, log, hook)
			}
			want := []string{"a opened", "b", "c", "d", "The channel webhook takes no messages: HTTP 410: the receiver is gone: refused for good", "The channel webhook takes messages again."}
			staysInAnyOrder(t, l, want)
			if len(m.told()) != 4 {
				t.Errorf("the channel itself: %q", m.told())
			}
		})
	}
}

// staysInAnyOrder is [stays] for what may come in any order, and in any number of messages.
func staysInAnyOrder(t *testing.T, m *mailbox, want []string) {
	t.Helper()
	flat := func() []string { return strings.Split(strings.Join(m.told(), ", "), ", ") }
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline) && len(flat()) < len(want); {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(200 * time.Millisecond)
	if got := slices.Sorted(slices.Values(flat())); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("%s was told %q, want %q", m.name, got, want)
	}
}

// Where all channels are gone, each is reported once at most, and nothing goes round.
func TestGroups_AllDown(t *testing.T) {
	b := bustest.Start(t, "webhook", "log")
	gone := slices.Repeat([]error{channel.ErrGone}, 100)
	m, l := &mailbox{name: "webhook", script: gone}, &mailbox{name: "log", script: gone}
	r := (&routes{}).set(t, "route: {channels: [log, webhook], tell: everything}")
	hook, log := notifier(t, b, m, r), notifier(t, b, l, r)
	for _, run := range []string{"a", "b", "c"} {
		store(t, b, resultIn(t, run, 0), hook, log)
	}
	time.Sleep(500 * time.Millisecond)
	if n := len(m.told()) + len(l.told()); n > 7 {
		t.Errorf("%d messages: %q, %q", n, m.told(), l.told())
	}
}
