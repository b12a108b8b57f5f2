package trial

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"squirrly.dev/pkg/events"
	"squirrly.dev/test/chaos/internal/lab"
)

// asked is one run from outside.
type asked struct {
	Run    string
	At     time.Time      // the request was stored
	End    time.Time      // the record said that it is over; zero when it never did
	Starts map[string]int // profiles by JVM and mode
}

// driver asks for runs, each of a Flink of its own, with so many under way at a time.
type driver struct {
	s *stand

	mu       sync.Mutex
	all      []*asked
	progress time.Time // the last end
}

// source is that of the requests.
const source = "chaos"

// drive asks for every run and returns when the last is over or nothing moves any more. lastAsked is called when the
// last request is stored.
func (d *driver) drive(ctx context.Context, lastAsked func()) error {
	d.progress = time.Now()
	var g errgroup.Group
	g.SetLimit(d.s.o.Window)
	var stored sync.WaitGroup
	stored.Add(d.s.o.Runs)
	go func() {
		stored.Wait()
		lastAsked()
	}()
	for i := range d.s.o.Runs {
		g.Go(func() error { return d.one(ctx, i, sync.OnceFunc(stored.Done)) })
	}
	return g.Wait() //nolint:wrapcheck // its own errors.
}

// one asks for one run and waits for its end.
func (d *driver) one(ctx context.Context, i int, stored func()) error {
	defer stored()
	flink, err := lab.NewFlink(ctx, d.s.o.Flink)
	if err != nil {
		return err
	}
	defer flink.Close()
	defer d.s.lines.add(flink.Line)()
	id := fmt.Sprintf("%d-%d", d.s.o.Seed, i)
	a := &asked{Run: events.RunIDFromEvent(source, id)}
	if err := d.request(ctx, id, flink.URL); err != nil {
		return err
	}
	a.At = time.Now()
	d.mu.Lock()
	d.all = append(d.all, a)
	d.mu.Unlock()
	stored()
	over := d.wait(ctx, a.Run)
	d.mu.Lock()
	defer d.mu.Unlock()
	if over {
		a.End = time.Now()
		d.progress = a.End
	}
	a.Starts = flink.Starts()
	return nil
}

// request stores a request: it is sent again, as the same, until the server has said that it is stored.
func (d *driver) request(ctx context.Context, id, url string) error {
	body := fmt.Appendf(nil, `{"specversion":"1.0","id":%q,"source":%q,"type":%q,"data":{"target":{"url":%q},"duration":"2s"}}`,
		id, source, events.TypeProfileRequested, url)
	for i := range max(d.s.o.Copies, 1) {
		msgID := id
		if i%2 == 1 {
			msgID = "" // as a copy that comes when the server has forgotten the first
		}
		if err := d.store(ctx, body, msgID); err != nil {
			return fmt.Errorf("request run %s: %w", id, err)
		}
	}
	return nil
}

// store publishes into the inbox until the server says that it is stored.
func (d *driver) store(ctx context.Context, body []byte, msgID string) error {
	for {
		msg := &nats.Msg{Subject: events.SubjectRequested, Data: body, Header: nats.Header{
			events.HeaderContentType: {events.ContentType},
		}}
		var opts []jetstream.PublishOpt
		if msgID != "" {
			opts = append(opts, jetstream.WithMsgID(msgID))
		}
		_, err := d.s.js.PublishMsg(ctx, msg, opts...)
		if err == nil || ctx.Err() != nil {
			return err //nolint:wrapcheck // the caller says which.
		}
		time.Sleep(time.Second)
	}
}

// unreadable are bodies that are no request, whatever one does with them.
var unreadable = []string{
	`{"target":`, ``, "\x00\xff\xfe", `[]`, `{"specversion":"9.9","id":"#","source":"chaos","type":"x"}`,
	`{"specversion":"1.0","id":"#","source":"chaos","type":"dev.squirrly.profile.requested.v7","data":{}}`,
	`{"specversion":"1.0","id":7,"source":"chaos"}`, `"` + "\u202e" + strings.Repeat("x", 60<<10) + `"`,
}

// poison puts messages into the inbox that nobody can read, between the requests.
func (d *driver) poison(ctx context.Context) error {
	for i := range d.s.o.Poison {
		body := strings.ReplaceAll(unreadable[i%len(unreadable)], "#", strconv.Itoa(i))
		if err := d.store(ctx, []byte(body), ""); err != nil {
			return fmt.Errorf("poison: %w", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil
}

// wait returns true when the record says that the run is over, and false when nothing has moved for too long.
func (d *driver) wait(ctx context.Context, run string) bool {
	const every = 500 * time.Millisecond
	for ctx.Err() == nil {
		time.Sleep(every)
		if rec, err := d.s.record(ctx, run); err == nil && rec.State.Terminal() {
			return true
		}
		d.mu.Lock()
		quiet := time.Since(d.progress)
		d.mu.Unlock()
		if quiet > d.s.o.Patience {
			return false
		}
	}
	return false
}

// ends are the moments at which runs ended, in no order.
func (d *driver) ends() []time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []time.Time
	for _, a := range d.all {
		if !a.End.IsZero() {
			all = append(all, a.End)
		}
	}
	return all
}

// record is the part of a run's record that a trial looks at.
type record struct {
	State    events.State    `json:"state"`
	Outcome  *events.Outcome `json:"outcome"`
	Captures []struct {
		State   string `json:"state"`
		Adopted bool   `json:"adopted"`
	} `json:"captures"`
	History []struct {
		At   time.Time `json:"at"`
		Text string    `json:"text"`
	} `json:"history"`
}

// record reads the record of a run.
func (s *stand) record(ctx context.Context, run string) (record, error) {
	var r record
	kv, err := s.js.KeyValue(ctx, events.BucketRuns)
	if err != nil {
		return r, fmt.Errorf("read record of %s: %w", run, err)
	}
	e, err := kv.Get(ctx, "run."+run)
	if err != nil {
		return r, fmt.Errorf("read record of %s: %w", run, err)
	}
	if err := json.Unmarshal(e.Value(), &r); err != nil {
		return r, fmt.Errorf("read record of %s: %w", run, err)
	}
	return r, nil
}
