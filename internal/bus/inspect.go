package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Inspection is what a server has of the topology.
type Inspection struct {
	Server   string        // version
	URL      string        // without credentials
	RTT      time.Duration // of one round trip
	Clock    time.Duration // by which the server's clock is ahead of this one's
	Streams  []Part        // buckets among them
	Durables []Part        // consumers of the services
	Others   []Part        // consumers of notification channels, and of other people
}

// Part is a stream, or a durable consumer.
type Part struct {
	Name     string
	Problem  string // empty: it is as it should be
	Messages uint64 // a stream holds; for a consumer: not delivered yet
	Pending  int    // of a consumer: delivered, and not acknowledged
	Bytes    uint64 // a stream holds
	MaxBytes int64  // a stream may hold; below 1: no limit
}

// Inspect compares what there is with a topology. Nothing is changed. What a user may not see counts as missing, with the
// problem saying so: a call that is denied looks like one that nobody answers.
func (b *Bus) Inspect(ctx context.Context, t Topology) (Inspection, error) {
	in := Inspection{Server: b.nc.ConnectedServerVersion(), URL: b.nc.ConnectedUrlRedacted()}
	var err error
	if in.RTT, err = b.nc.RTT(); err != nil {
		return in, fmt.Errorf("ask the NATS server: %w", err)
	}
	for _, want := range t.all() {
		p := Part{Name: want.Name}
		var info *jetstream.StreamInfo
		info, err = b.streamInfo(ctx, want.Name)
		switch {
		case err != nil:
			p.Problem = missing(err)
		default:
			p.Messages, p.Bytes, p.MaxBytes = info.State.Msgs, info.State.Bytes, info.Config.MaxBytes
			p.Problem = otherStream(want, info)
			in.Clock = time.Until(info.TimeStamp) + in.RTT/2 //nolint:mnd // the answer was on its way for half of it.
		}
		in.Streams = append(in.Streams, p)
	}
	for _, d := range t.durables() {
		for _, want := range d.consumers {
			in.Durables = append(in.Durables, b.inspectConsumer(ctx, d.stream, want))
		}
		in.Others = append(in.Others, b.others(ctx, d)...)
	}
	return in, ctx.Err() //nolint:wrapcheck // of the caller.
}

// others are the durables of a stream that are not of the topology: of notification channels, and of other people.
func (b *Bus) others(ctx context.Context, d durables) []Part {
	s, err := b.js.Stream(ctx, d.stream)
	if err != nil {
		return nil // it is a problem of the stream
	}
	var all []Part
	for info := range s.ListConsumers(ctx).Info() {
		known := slices.ContainsFunc(d.consumers, func(c jetstream.ConsumerConfig) bool { return c.Durable == info.Name })
		if !known && info.Config.Durable != "" {
			all = append(all, Part{Name: info.Name, Messages: info.NumPending, Pending: info.NumAckPending})
		}
	}
	slices.SortFunc(all, func(a, b Part) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func (b *Bus) streamInfo(ctx context.Context, name string) (*jetstream.StreamInfo, error) {
	call, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	s, err := b.js.Stream(call, name)
	if err != nil {
		return nil, err //nolint:wrapcheck // it becomes a problem in words.
	}
	return s.CachedInfo(), nil
}

func (b *Bus) inspectConsumer(ctx context.Context, stream string, want jetstream.ConsumerConfig) Part {
	p := Part{Name: want.Durable}
	call, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	c, err := b.js.Consumer(call, stream, want.Durable)
	if err != nil {
		p.Problem = missing(err)
		return p
	}
	info := c.CachedInfo()
	p.Messages, p.Pending = info.NumPending, info.NumAckPending
	has := info.Config.FilterSubjects
	if len(has) == 0 && info.Config.FilterSubject != "" {
		has = []string{info.Config.FilterSubject}
	}
	slices.Sort(has)
	needs := slices.Sorted(slices.Values(want.FilterSubjects))
	if !slices.Equal(has, needs) {
		p.Problem = fmt.Sprintf("it takes %s, this version needs %s", strings.Join(has, " "), strings.Join(needs, " "))
	}
	return p
}

func missing(err error) string {
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound), errors.Is(err, jetstream.ErrConsumerNotFound):
		return "it is not there"
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer: this user may not look at it, or the servers have no leader for it"
	}
	return err.Error()
}

// otherStream says what is other than it should be, as far as Squirrly depends on it.
func otherStream(want jetstream.StreamConfig, info *jetstream.StreamInfo) string {
	has := info.Config
	for _, s := range want.Subjects {
		if !slices.Contains(has.Subjects, s) {
			return "it does not take " + s
		}
	}
	switch {
	case has.Retention != want.Retention:
		return fmt.Sprintf("its retention is %s instead of %s", has.Retention, want.Retention)
	case has.AllowDirect:
		return "direct get is on, so reads may be stale"
	case info.Cluster != nil && has.Replicas > 1 && info.Cluster.Leader == "":
		return "it has no leader"
	case info.Cluster != nil:
		for _, r := range info.Cluster.Replicas {
			if r.Offline || !r.Current {
				return "its replica on " + r.Name + " is behind or away"
			}
		}
	}
	return ""
}
