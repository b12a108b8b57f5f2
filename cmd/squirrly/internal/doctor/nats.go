package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

const (
	areaNATS  = "NATS"
	areaStore = "Artifact store"

	clockNote = 2 * time.Second  // by which clocks may differ unsaid
	clockFail = 30 * time.Second // beyond that deadlines and cooldowns are wrong
	fullShare = 0.8              // of what a stream may hold
	provision = "Run `squirrly provision`, as somebody who may create streams."
)

// NATS looks at a server and at what it has of Squirrly's streams, buckets and consumers.
func NATS(ctx context.Context, b *bus.Bus) []Finding {
	in, err := b.Inspect(ctx, bus.Topology{})
	if err != nil {
		return []Finding{{areaNATS, Fail, err.Error(), "Check the server, and that it is the one that you mean (--nats)."}}
	}
	all := []Finding{{areaNATS, OK, fmt.Sprintf("nats-server %s at %s, %s away", in.Server, in.URL, in.RTT.Round(10*time.Microsecond)), ""}}
	all = append(all, parts(in.Streams, "streams and buckets are as they should be")...)
	all = append(all, parts(in.Durables, "consumers of the services are as they should be")...)
	for _, p := range append(in.Durables, in.Others...) {
		if waiting := p.Messages + uint64(max(p.Pending, 0)); waiting > 0 && p.Problem == "" {
			all = append(all, Finding{areaNATS, Note, fmt.Sprintf("consumer %s: %d wait, %d of them are being worked on", p.Name, waiting, p.Pending), ""})
		}
	}
	for _, p := range in.Streams {
		if p.MaxBytes > 0 && float64(p.Bytes) > fullShare*float64(p.MaxBytes) {
			all = append(all, Finding{
				areaNATS, Note, fmt.Sprintf("stream %s is %s full", p.Name, wording.Percent(float64(p.Bytes)/float64(p.MaxBytes))),
				"The oldest messages go when it is full; the inbox refuses new ones.",
			})
		}
		if p.Name == events.StreamDead && p.Messages > 0 {
			all = append(all, Finding{areaNATS, Note, wording.Plural(int(p.Messages), "dead letter"), "See `squirrly dead ls`."}) //nolint:gosec // below 2^31
		}
	}
	return append(all, clock(areaNATS, "NATS", in.Clock))
}

// parts tells those with problems, or that all are well.
func parts(all []bus.Part, well string) []Finding {
	var found []Finding
	for _, p := range all {
		if p.Problem != "" {
			found = append(found, Finding{areaNATS, Fail, strings.TrimPrefix(p.Name, "KV_") + ": " + p.Problem, provision})
		}
	}
	if found == nil {
		found = []Finding{{areaNATS, OK, fmt.Sprintf("%d %s", len(all), well), ""}}
	}
	return found
}

// clock judges by how much another clock differs.
func clock(area, whose string, ahead time.Duration) Finding {
	f := Finding{Area: area, State: OK, Says: fmt.Sprintf("the clock of %s differs by %s", whose, ahead.Abs().Round(time.Millisecond))}
	if ahead.Abs() >= clockNote {
		f.State, f.Do = Note, "Keep the clocks of all machines in time (NTP)."
	}
	if ahead.Abs() >= clockFail {
		f.State = Fail
	}
	return f
}

// Store looks whether the artifact store answers and has its bucket.
func Store(ctx context.Context, s *artifact.Store, where string) []Finding {
	if err := s.Ready(ctx); err != nil {
		return []Finding{{areaStore, Fail, err.Error(), events.CodeStoreUnavailable.Hint()}}
	}
	return []Finding{{areaStore, OK, where + " answers; `squirrly doctor --store` looks at its objects", ""}}
}
