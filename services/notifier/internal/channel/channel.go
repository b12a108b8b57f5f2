// Package channel holds the ways in which people and systems are told what changed. A channel takes one message and says
// whether it got through; what is told to whom, when to try again, and what was told already, does not belong here.
//
// To add a type of channel, write one file with its [Settings] and its [Channel], and add one line to the table in
// types.go: configuration, provisioning, documentation and completion are made from that. What a channel has to know:
//
//   - A [Message] holds the ends of runs, each with the changes of its findings: the verdict and what to change stand in
//     Ready, what is new since the last message in Changes. A channel that can hold one thing only sends each run by itself.
//   - [Message].ID is the same at every attempt. A receiver that knows an idempotency key gets it.
//   - [Change].ID names a finding over all runs of its job: the key of a thread, an issue or an alert. What the receiver
//     calls it (a time stamp, a number) goes into the [Receipt] of Send, and comes back as [Change].Ref.
//   - [Change].Dismiss is the command with which a reader says that he wants to hear of it no more.
//   - All texts, names of jobs and frames among them, come from outside: a channel escapes what its receiver would take
//     for markup, mentions or control characters ([Plain] drops the last).
package channel

import "context"

// Channel delivers messages. Send is called by several goroutines. A nil error means that the message was taken. The
// error may be [ErrRefused], or a [*RetryAfter]; its text holds no secret, since it becomes part of an event.
type Channel interface {
	// Name is that of the configuration; that of the type, if there is but one.
	Name() string
	Send(ctx context.Context, m Message) (Receipt, error)
}

// Receipt is what a channel wants to know again when it tells more of the same findings: by [Change].ID, at most
// [MaxRef] bytes each. Nil is nothing.
type Receipt map[string]string

// MaxRef bounds what is kept of a receipt for each finding, in bytes.
const MaxRef = 256
