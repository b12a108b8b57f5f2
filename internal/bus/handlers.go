package bus

import (
	"context"

	"squirrly.dev/pkg/events"
)

const (
	// inboxGivesUp is the delivery at which a request is a dead letter.
	inboxGivesUp = 5
	// inboxBatch is how many requests one slot handles at a time. Each is a message of 64 KiB at most.
	inboxBatch = 64
	// backgroundGivesUp is far more than how often a request is put back that waits for a permit for a day.
	backgroundGivesUp = 2000
	// channelGivesUp is more than how often the channels of a type, which share a message and give up by themselves, bring it
	// back.
	channelGivesUp = 1000
	// findingsGiveUp is for a result that cannot be taken into the lives of findings.
	findingsGiveUp = 48
)

// Inbox is the consumer of requests. Each slot handles many at a time, since they wait for others: for targets that do
// not answer, and for permits.
func Inbox(slots int) Consumer {
	return Consumer{
		Stream: events.StreamRequests, Durable: events.DurableTrigger, Slots: slots, Batch: inboxBatch, GiveUp: inboxGivesUp,
	}
}

// Background is the consumer of requests that nobody waits for. As many come as gate lets in, and one that has to wait
// is put back as often as it takes.
func Background(gate func(context.Context) (int, error)) Consumer {
	return Consumer{
		Stream: events.StreamRequests, Durable: events.DurableBackground, Batch: inboxBatch, Gate: gate, GiveUp: backgroundGivesUp,
	}
}

// Cancels is the consumer of what ends runs; it passes all requests.
func Cancels(slots int) Consumer {
	return Consumer{
		Stream: events.StreamRequests, Durable: events.DurableCancel, Slots: slots, GiveUp: inboxGivesUp, Limit: DefaultAckWait,
	}
}

// Channel is the consumer of a notification channel.
func Channel(name string, slots int) Consumer {
	return Consumer{Stream: events.StreamEvents, Durable: NotifierDurable(name), Slots: slots, GiveUp: channelGivesUp}
}

// Findings is the consumer of results for the lives of findings.
func Findings(slots int) Consumer {
	return Consumer{Stream: events.StreamEvents, Durable: events.DurableFindings, Slots: slots, GiveUp: findingsGiveUp}
}

// Messages makes a handler of a function that takes a message as it came; [Delivery.Settle] says what its error means.
func Messages(handle func(context.Context, Delivery) error) func(context.Context, Delivery) Result {
	return func(ctx context.Context, d Delivery) Result { return d.Settle(ctx, handle(ctx, d)) }
}

// Facts makes a handler of a function that takes a fact, for the given time (1 is the first); [Delivery.Settle] says
// what its error means. What is no event, or not the one that its subject and its headers say, is a dead letter.
func Facts(handle func(ctx context.Context, e events.Event, delivery uint64) error) func(context.Context, Delivery) Result {
	return func(ctx context.Context, d Delivery) Result {
		e, err := events.DecodeEvent(d.Body)
		if err != nil {
			return Dead(events.CodeUndecodable, err)
		}
		if err := genuine(d, e); err != nil {
			return Dead(events.CodeUndecodable, err)
		}
		return d.Settle(ctx, handle(ctx, e, d.Number))
	}
}
