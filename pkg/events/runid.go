package events

import (
	"crypto/sha1" //nolint:gosec // UUIDv5 is defined over SHA-1; it names runs and protects nothing.
	"encoding/hex"
	"strconv"
	"time"
)

// runNamespace is the UUID namespace of run ids: UUIDv5 of the DNS name squirrly.dev.
var runNamespace = [16]byte{0xee, 0xef, 0xda, 0x99, 0xcb, 0xe5, 0x55, 0x5e, 0x88, 0xe2, 0x00, 0xa0, 0x2e, 0xbf, 0xab, 0x13}

// RunIDFromEvent is the run id of a request that is a CloudEvent: the same source and id are the same run.
func RunIDFromEvent(source, id string) string { return uuid5("ce\n" + source + "\n" + id) }

// RunIDFromMsgID is the run id of a plain request with a Nats-Msg-Id: the same id on the same UTC day is the same run.
func RunIDFromMsgID(msgID string, stored time.Time) string {
	return uuid5("msg\n" + msgID + "\n" + stored.UTC().Format(time.DateOnly))
}

// RunIDFromSequence is the run id of any other request: its place in the stream. streamCreated tells two streams of
// one name apart.
func RunIDFromSequence(stream string, streamCreated time.Time, seq uint64) string {
	return uuid5("seq\n" + stream + "\n" + streamCreated.UTC().Format(time.RFC3339Nano) + "\n" + strconv.FormatUint(seq, 10))
}

// uuid5 is RFC 9562 §5.5: SHA-1 over namespace and name, with version and variant bits set.
func uuid5(name string) string {
	h := sha1.New() //nolint:gosec // see the import.
	h.Write(runNamespace[:])
	h.Write([]byte(name))
	var u [16]byte
	copy(u[:], h.Sum(nil))
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	s := hex.EncodeToString(u[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
