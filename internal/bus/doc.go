// Package bus carries Squirrly's messages over NATS JetStream: connecting, provisioning, publishing facts once, the one
// loop that consumes them, dead letters, typed buckets changed by compare-and-set, and trace propagation.
//
// Nobody gets the client itself. Three habits of a replicated JetStream are kept in here:
//   - A decision is a compare-and-set that succeeded, never a read: no read is linearizable, an isolated leader answers
//     with what it knew. A conflict proves nothing either, since it is also given for a message that is only on its way;
//     after one, the message is read back.
//   - Every stream is read at its leader: direct get, with which any replica answers, is off.
//   - A call without an answer may have had its effect. It is repeated with the same message id, which the server
//     stores once.
//
// What may not go in: what a run is (package run), what a service does, Flink, object storage, HTTP.
package bus
