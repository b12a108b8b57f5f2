// Package events is Squirrly's public contract: every event, subject, header, state and reason code that
// crosses a process boundary, with strict decoders and validation.
//
// The flow, in the order in which events happen:
//
//	profile.requested   anyone    → trigger    somebody wishes for a profile (may be refused)
//	profile.planned     trigger   → collector  the validated run: the profile job
//	artifact.ready      collector → analyzer   captures and context are stored
//	recommendation.ready analyzer → notifier   the verdict, and to anyone who subscribes
//	run.rejected, run.failed, run.cancelled    the other ways in which a run ends
//
// Every fact is a CloudEvents 1.0 JSON envelope ([Event]) on a subject of the shape
// squirrly.v1.<noun>.<verb>.<cluster>.<namespace>.<job>.<run> ([Identity.Subject]). Events carry object keys and
// hashes, never large data. In facts unknown fields are ignored, so that services of two versions can run side by
// side; in plain requests they are refused, because there they are typos.
//
// The package uses the standard library only, and nothing else may be imported here: other teams' services import
// it. It does no I/O.
package events
