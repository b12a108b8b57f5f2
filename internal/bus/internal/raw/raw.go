// Package raw lets the helpers of tests (package bustest) reach the JetStream client of a bus. Nothing outside the bus's
// own folder can import it.
package raw

import "github.com/nats-io/nats.go/jetstream"

// JetStream returns the client of a *bus.Bus; package bus sets it.
var JetStream func(bus any) jetstream.JetStream
