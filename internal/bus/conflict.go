package bus

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// IsConflict reports whether a compare-and-set was refused. It does not say that somebody else's message is stored: a
// replicated stream refuses also because of a message that is only on its way, and that may never arrive. It knows the
// sentinels of the client, and the two codes of the server behind them, which publishing and creating a key over a
// deleted one return bare.
func IsConflict(err error) bool {
	if errors.Is(err, jetstream.ErrKeyRevisionMismatch) || errors.Is(err, jetstream.ErrKeyExists) {
		return true
	}
	api, ok := errors.AsType[*jetstream.APIError](err)
	return ok && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
		api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

// Codes of the server for calls that may be made again; the client has no names for them.
const (
	codeClusterNotAvailable jetstream.ErrorCode = 10008
	codeSameIDInFlight      jetstream.ErrorCode = 10158
)

// IsUnanswered reports whether a call had no answer that decides: it timed out, nobody leads the stream, or the same
// message is on its way. It may have had its effect.
func IsUnanswered(err error) bool {
	for _, kind := range []error{
		context.DeadlineExceeded, nats.ErrTimeout, nats.ErrNoResponders, jetstream.ErrNoStreamResponse,
		nats.ErrDisconnected, nats.ErrReconnectBufExceeded, nats.ErrStaleConnection,
	} {
		if errors.Is(err, kind) {
			return true
		}
	}
	api, ok := errors.AsType[*jetstream.APIError](err)
	return ok && (api.ErrorCode == codeClusterNotAvailable || api.ErrorCode == codeSameIDInFlight)
}

// isUnheard reports whether a message had no effect, since nobody listened: no server leads its stream, or there is none.
func isUnheard(err error) bool {
	return errors.Is(err, nats.ErrNoResponders) || errors.Is(err, jetstream.ErrNoStreamResponse)
}

// IsMissing reports whether the stream or bucket of a call is not there: it was not provisioned, or somebody deleted it.
func IsMissing(err error) bool { return errors.Is(err, jetstream.ErrStreamNotFound) }
