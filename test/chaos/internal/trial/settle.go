package trial

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/pkg/events"
)

// leader is the name of the server that leads a stream; empty when none does, or on a single server.
func (s *stand) leader(ctx context.Context, stream string) string {
	info := s.info(ctx, stream)
	if info == nil || info.Cluster == nil {
		return ""
	}
	return info.Cluster.Leader
}

func (s *stand) info(ctx context.Context, stream string) *jetstream.StreamInfo {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	st, err := s.js.Stream(ctx, stream)
	if err != nil {
		return nil
	}
	return st.CachedInfo()
}

// settle waits, for a while, until every copy of the streams is current again: a second server that goes down before
// the first has caught up would be the loss of a majority, which is not what is tried.
func (in *injector) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		if in.s.current(ctx) {
			return
		}
		time.Sleep(500 * time.Millisecond)
	}
	in.s.o.Log.WarnContext(ctx, "the servers have not caught up within two minutes")
}

// current reports that every stream of ours has a leader, and all its copies.
func (s *stand) current(ctx context.Context) bool {
	for _, name := range []string{events.StreamRequests, events.StreamEvents, events.StreamDead, "KV_" + events.BucketRuns} {
		info := s.info(ctx, name)
		switch {
		case info == nil:
			return false
		case info.Cluster == nil || s.o.nodes() == 1:
			continue
		case info.Cluster.Leader == "" || len(info.Cluster.Replicas) < s.o.nodes()-1:
			return false
		}
		for _, r := range info.Cluster.Replicas {
			if !r.Current || r.Offline {
				return false
			}
		}
	}
	return true
}

// told waits, for a while, until no notification is waiting any more.
func (s *stand) told(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		c, err := s.js.Consumer(ctx, events.StreamEvents, events.DurableNotifierPrefix+"webhook")
		if err == nil {
			if i := c.CachedInfo(); i.NumPending == 0 && i.NumAckPending == 0 {
				return
			}
		}
		time.Sleep(500 * time.Millisecond)
	}
	s.o.Log.WarnContext(ctx, "notifications are still waiting after two minutes")
}
