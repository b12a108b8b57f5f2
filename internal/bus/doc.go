// Package bus carries Squirrly's events over NATS JetStream: connecting, provisioning, publishing facts once, the
// worker protocol, run records, dead letters and trace propagation.
//
// A service gives a [Handler] to [Bus.Work] and sees a [Claim] on one run: it may look at the record, change it while
// it owns it, and return the payload of the event to publish next, or an error that says what to do ([Wait],
// [Permanent]). Everything else — claiming, heartbeats, cancelling, the order of event, record and acknowledgement,
// dead letters — happens here and nowhere else.
//
// What may not go in: anything that knows what a particular service does, Flink, object storage, HTTP.
package bus
