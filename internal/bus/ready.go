package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/pkg/events"
)

const (
	// room is how many bytes must be left in a stream that refuses what is beyond its limit: the largest record.
	room = maxRecordBytes
	// probeBytes is what a probe writes: as much as a large record, since the last bytes of a limit are of use to nobody.
	probeBytes = 32 << 10
	probeKey   = "ready."
)

// Ready reports whether a service can work: the connection is up, every stream and bucket is there, is read at its leader
// only and has room, and what is written is stored. The last is tried with one message, which expires with the leases: a
// full disk and a limit of the server or of the account are seen in no other way.
//
// The inbox is left out, whose room only who puts requests there needs: [Bus.InboxReady]; and so is that of the answers of
// language models, which may be lost.
func (b *Bus) Ready(ctx context.Context) error {
	if !b.nc.IsConnected() {
		return errors.New("NATS is not connected")
	}
	roomless := []string{events.StreamRequests, bucketPrefix + events.BucketAnswers}
	for _, c := range (Topology{}).all() {
		info, err := b.info(ctx, c.Name)
		if err != nil {
			return err
		}
		if info.Config.AllowDirect {
			return fmt.Errorf("stream %s allows direct get, so a replica that lags may answer: run `squirrly provision`", c.Name)
		}
		if err := full(info); err != nil && !slices.Contains(roomless, c.Name) {
			return err
		}
	}
	return b.probe(ctx)
}

// InboxReady reports whether the inbox takes requests.
func (b *Bus) InboxReady(ctx context.Context) error {
	info, err := b.info(ctx, events.StreamRequests)
	if err != nil {
		return err
	}
	return full(info)
}

func (b *Bus) info(ctx context.Context, stream string) (*jetstream.StreamInfo, error) {
	s, err := b.js.Stream(ctx, stream)
	if err != nil {
		return nil, fmt.Errorf("stream %s (run `squirrly provision`): %w", stream, err)
	}
	return s.CachedInfo(), nil
}

// full tells of a stream that refuses, or is about to refuse, what is published to it.
func full(info *jetstream.StreamInfo) error {
	c := info.Config
	switch {
	case c.Discard != jetstream.DiscardNew:
	case c.MaxBytes > 0 && info.State.Bytes+room > uint64(c.MaxBytes):
		return fmt.Errorf("stream %s is full: %d of %d bytes (max_bytes)", c.Name, info.State.Bytes, c.MaxBytes)
	case c.MaxMsgs > 0 && info.State.Msgs >= uint64(c.MaxMsgs):
		return fmt.Errorf("stream %s is full: %d of %d messages (max_msgs)", c.Name, info.State.Msgs, c.MaxMsgs)
	}
	return nil
}

// probe stores a message among the leases, in the place of the last one of the clients of this name.
func (b *Bus) probe(ctx context.Context) error {
	key := ProbeKey(b.nc.Opts.Name)
	m := &nats.Msg{Subject: keyPrefix + events.BucketLeases + "." + key, Data: []byte(strings.Repeat(" ", probeBytes)), Header: nats.Header{}}
	if _, err := b.store(ctx, m, uuid.NewString()); err != nil {
		return fmt.Errorf("NATS stores nothing (a full disk, or a limit of the server or the account): %w", err)
	}
	return nil
}
