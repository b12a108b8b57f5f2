package bus

import (
	"squirrly.dev/internal/artifact"
	"squirrly.dev/pkg/events"
)

// Durable is a durable consumer that is provisioned.
type Durable struct{ Stream, Name string }

// Durables are the durable consumers of a topology.
func (t Topology) Durables() []Durable {
	var all []Durable
	for _, d := range t.durables() {
		for _, c := range d.consumers {
			all = append(all, Durable{Stream: d.stream, Name: c.Durable})
		}
	}
	return all
}

// Streams are the names of the streams of a topology, those of buckets and of the artifact store among them.
func (t Topology) Streams() []string {
	var all []string
	for _, c := range t.all() {
		all = append(all, c.Name)
	}
	return all
}

// BucketStream is the name of the stream of a key-value bucket.
func BucketStream(bucket string) string { return bucketPrefix + bucket }

// KeySubject is the subject of a key of a bucket, or of a pattern of keys.
func KeySubject(bucket, key string) string { return keyPrefix + bucket + "." + key }

// ArtifactStream is the name of the stream of the artifact store in JetStream.
func ArtifactStream() string { return artifact.StreamConfig(1, 0).Name }

// SubscriberDurable is the durable of one subscriber from outside.
func SubscriberDurable(name string) string {
	return events.DurableSubscriberPrefix + events.Token(name)
}

// InboxPrefix is the prefix of the subjects on which a user of this name gets answers.
func InboxPrefix(user string) string { return "_INBOX_" + events.Token(user) }

// ProbeKey is the key among the leases that clients of this name write to see whether anything is stored; see [Bus.Ready].
func ProbeKey(client string) string { return probeKey + events.Token(client) }
