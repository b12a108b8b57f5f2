// Package run keeps the life of a run: its record, who works on it, how a step of it is done once, and how it ends.
//
// A service gives a [Handler] to [Runs.Work] and sees a [Claim] on one run: it may look at the record, change it while
// it owns it, and return the payload of the event to publish next, or an error that says what to do ([bus.Wait],
// [bus.Permanent]). Everything else (claiming, leases, cancelling, the order of event, record and acknowledgement) happens
// here and nowhere else.
//
// The record is the truth about a run and is changed by compare-and-set only. Nothing is decided by what was read of it:
// whoever is about to do something outside writes the record first ([Claim.Check]), which fails when the run is another's.
//
// What may not go in: anything that knows what a particular service does, Flink, object storage, HTTP, NATS.
package run
