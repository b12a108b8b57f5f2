package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/pkg/events"
)

// DefaultAckWait is how long a worker may be silent before its message goes to another. Workers report progress
// every third of it.
const DefaultAckWait = 30 * time.Second

const (
	day           = 24 * time.Hour
	dupWindow     = 10 * time.Minute
	maxAckPending = 1024
	// maxBackground is how many background requests may have been looked at and put back.
	maxBackground = 16384
	// maxDeliver is above every delivery at which the application parks a message itself.
	maxDeliver = 64
	// maxRecordBytes bounds the record of a run.
	maxRecordBytes = 256 << 10
)

// Topology says how streams and buckets are made.
type Topology struct {
	Replicas int           // 1, or 3 in a cluster
	AckWait  time.Duration // 0 is DefaultAckWait
	Memory   bool          // memory storage, for a run in one process that keeps nothing
	Channels []string      // notification channels; each gets a durable of its own

	// Subscribers are people and systems outside, in an account of their own: each gets a durable with the results, since
	// it may make none itself.
	Subscribers []string
}

func (t Topology) storage() jetstream.StorageType {
	if t.Memory {
		return jetstream.MemoryStorage
	}
	return jetstream.FileStorage
}

func (t Topology) ackWait() time.Duration { return cmp.Or(t.AckWait, DefaultAckWait) }

// keptAnswers is the size of the bucket of answers; the server reserves it.
func (t Topology) keptAnswers() int64 {
	if t.Memory {
		return 16 << 20
	}
	return 256 << 20
}

func (t Topology) streams() []jetstream.StreamConfig {
	common := func(c jetstream.StreamConfig) jetstream.StreamConfig {
		c.Replicas, c.Storage, c.Duplicates = max(t.Replicas, 1), t.storage(), dupWindow
		return c
	}
	return []jetstream.StreamConfig{
		common(jetstream.StreamConfig{
			Name: events.StreamRequests, Description: "The public inbox: back-pressure, never eviction.",
			Subjects:  []string{events.SubjectRequested, events.SubjectRequestAny, events.SubjectBackground, events.SubjectCancelAny, events.SubjectEvent},
			Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew,
			MaxMsgSize: events.MaxEventBytes, MaxBytes: 256 << 20, MaxAge: 7 * day,
		}),
		common(jetstream.StreamConfig{
			Name: events.StreamEvents, Description: "Facts about runs.",
			Subjects: []string{
				events.SubjectPlanned, events.SubjectArtifacts, events.SubjectReady, events.SubjectNotices, events.SubjectFindings,
				events.SubjectRejected, events.SubjectFailed, events.SubjectCancelled, events.SubjectResumeAny,
			},
			Retention: jetstream.LimitsPolicy, MaxBytes: 4 << 30, MaxAge: 30 * day,
		}),
		common(jetstream.StreamConfig{
			Name: events.StreamDead, Description: "Dead letters with their original body.",
			Subjects:  []string{events.SubjectDeadAny},
			Retention: jetstream.LimitsPolicy, MaxAge: 90 * day, MaxBytes: 1 << 30,
		}),
	}
}

func (t Topology) consumer(name string, filters ...string) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable: name, FilterSubjects: filters, AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: t.ackWait(), MaxAckPending: maxAckPending, MaxDeliver: maxDeliver, Replicas: max(t.Replicas, 1),
	}
}

// inboxes are the consumers of the inbox: what is meant for one passes what waits for another. The first is narrowed
// before the others are made, since an older version has it take everything.
func (t Topology) inboxes() []jetstream.ConsumerConfig {
	background := t.consumer(events.DurableBackground, events.SubjectBackground)
	background.MaxDeliver, background.MaxAckPending = -1, maxBackground
	return []jetstream.ConsumerConfig{
		t.consumer(events.DurableTrigger, events.SubjectRequested, events.SubjectRequestAny, events.SubjectEvent),
		t.consumer(events.DurableCancel, events.SubjectCancelAny),
		background,
	}
}

func (t Topology) consumers() []jetstream.ConsumerConfig {
	all := []jetstream.ConsumerConfig{
		t.consumer(events.DurableCollector, events.SubjectPlanned, events.SubjectResume+events.DurableCollector+".>"),
		t.consumer(events.DurableAnalyzer, events.SubjectArtifacts, events.SubjectResume+events.DurableAnalyzer+".>"),
	}
	if len(t.Channels) > 0 {
		all = append(all, t.consumer(events.DurableFindings, events.SubjectReady))
	}
	for _, channel := range t.Channels {
		c := t.consumer(NotifierDurable(channel),
			events.SubjectReady, events.SubjectRejected, events.SubjectFailed, events.SubjectCancelled,
			events.SubjectDismissed, events.SubjectReopened)
		c.MaxDeliver = -1
		all = append(all, c)
	}
	for _, name := range t.Subscribers {
		all = append(all, t.consumer(SubscriberDurable(name), events.SubjectReady))
	}
	return all
}

// durables are the consumers of a stream, in the order in which they are made.
type durables struct {
	stream    string
	consumers []jetstream.ConsumerConfig
}

func (t Topology) durables() []durables {
	return []durables{{events.StreamRequests, t.inboxes()}, {events.StreamEvents, t.consumers()}}
}

// NotifierDurable is the durable of one notification channel.
func NotifierDurable(channel string) string {
	return events.DurableNotifierPrefix + events.Token(channel)
}

// Provision creates or updates every stream, bucket and durable, and so turns direct get off where an older version, or
// somebody else, had turned it on. It is the only place that does; services bind.
func (b *Bus) Provision(ctx context.Context, t Topology) error {
	for _, c := range t.all() {
		if err := b.retryCreate(ctx, c.Name, func(ctx context.Context) error {
			_, err := b.js.CreateOrUpdateStream(ctx, c)
			return err //nolint:wrapcheck // retryCreate names the stream.
		}); err != nil {
			return err
		}
	}
	for _, d := range t.durables() {
		for _, c := range d.consumers {
			if err := b.createConsumer(ctx, d.stream, c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *Bus) createConsumer(ctx context.Context, stream string, c jetstream.ConsumerConfig) error {
	return b.retryCreate(ctx, "consumer "+c.Durable, func(ctx context.Context) error {
		_, err := b.js.CreateOrUpdateConsumer(ctx, stream, c)
		return err //nolint:wrapcheck // retryCreate names the consumer.
	})
}

// codeNoPeers is what a cluster answers that has just started and does not know all of its servers yet.
const codeNoPeers jetstream.ErrorCode = 10005

// retryCreate repeats a creation for a while: a cluster that has just started has no leader yet.
func (b *Bus) retryCreate(ctx context.Context, what string, create func(context.Context) error) error {
	const tries, pause = 6, time.Second
	var err error
	for range tries {
		call, cancel := context.WithTimeout(ctx, apiTimeout)
		err = create(call)
		cancel()
		api, answered := errors.AsType[*jetstream.APIError](err)
		if err == nil || ctx.Err() != nil || answered && api.Code < 500 && api.ErrorCode != codeNoPeers {
			break
		}
		time.Sleep(pause)
	}
	if err != nil {
		return fmt.Errorf("create %s: %w", what, err)
	}
	return nil
}
