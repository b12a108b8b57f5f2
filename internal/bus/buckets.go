package bus

import (
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/pkg/events"
)

// bucketWindow is in which a bucket knows the ids of messages, where its values live longer: that of the client.
const bucketWindow = 2 * time.Minute

// all are the streams and the buckets.
func (t Topology) all() []jetstream.StreamConfig {
	return append(append(t.streams(), t.buckets()...), artifact.StreamConfig(t.Replicas, t.storage()))
}

func (t Topology) buckets() []jetstream.StreamConfig {
	lease := t.bucket(events.BucketLeases, "Which processes live: a key that expires unless it is written again.", t.ackWait()/leaseShare)
	runs := t.bucket(events.BucketRuns, "Run records, changed by compare-and-set only.", 45*day)
	runs.MaxMsgSize = maxRecordBytes
	spending := t.bucket(events.BucketSpending, "What language models cost, by day and by run; changed by compare-and-set only.", 45*day)
	spending.MaxMsgSize = 1 << 10
	answers := t.bucket(events.BucketAnswers, "Answers of language models to identical questions.", 30*day)
	answers.MaxMsgSize, answers.MaxBytes = 1<<20, t.keptAnswers()
	policy := t.bucket(events.BucketPolicy, "What policies asked for, and what they know of their targets; changed by compare-and-set only.", 400*day)
	policy.MaxMsgSize = maxRecordBytes
	permits := t.bucket(events.BucketPermits, "Which runs hold a permit to profile; changed by compare-and-set only.", 45*day)
	notify := t.bucket(events.BucketNotify, "What was told to whom.", 45*day)
	findings := t.bucket(events.BucketFindings, "The lives of findings, by job; changed by compare-and-set only.", 400*day)
	findings.MaxMsgSize = maxLivesBytes
	return []jetstream.StreamConfig{runs, lease, policy, permits, notify, findings, spending, answers}
}

// maxLivesBytes bounds what is remembered of the findings of one job: far more than it takes, and below the payload that
// every server allows.
const maxLivesBytes = 900 << 10

// leaseShare is the part of AckWait for which a process that is silent counts as alive. A dead one has sent its last
// heartbeat up to a third of AckWait before its end, so its lease has expired when its message goes to another.
const leaseShare = 2

// bucket is a key-value bucket with one value per key, as the stream that it is: the client makes every bucket with direct
// get on. The settings are the client's own otherwise.
func (t Topology) bucket(name, what string, age time.Duration) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: bucketPrefix + name, Description: what, Subjects: []string{keyPrefix + name + ".>"},
		MaxMsgsPerSubject: 1, MaxAge: age, MaxMsgs: -1, MaxBytes: -1, MaxMsgSize: -1, MaxConsumers: -1,
		Replicas: max(t.Replicas, 1), Storage: t.storage(), Discard: jetstream.DiscardNew,
		Duplicates: min(age, bucketWindow), AllowRollup: true, DenyDelete: true,
	}
}

// Artifacts is the artifact store in JetStream.
func (b *Bus) Artifacts() *artifact.Store { return artifact.OpenJetStream(b.js) }
