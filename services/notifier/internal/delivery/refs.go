package delivery

import (
	"context"
	"errors"
	"log/slog"
	"time"
	"unicode/utf8"

	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
)

const (
	refPrefix = "ref."
	mostRefs  = 200 // of one channel and one job; those that were written longest ago are forgotten
)

// receipts are what a channel noted of the findings of one job, by the id of the finding.
type receipts struct {
	Refs map[string]ref `json:"refs"`
}

type ref struct {
	Ref string    `json:"ref"`
	At  time.Time `json:"at"` // when it was noted
}

// refs keep receipts beside the lives of findings, and as long as those: a thread or an issue outlives what was told lately.
type refs struct {
	bucket  *bus.Bucket[receipts]
	channel string
	log     *slog.Logger
}

func openRefs(b *bus.Bus, channel string, log *slog.Logger) refs {
	return refs{bus.OpenBucket[receipts](b, events.BucketFindings), channel, log}
}

func (r refs) key(id events.Identity) string {
	return refPrefix + events.Token(r.channel) + "." + id.Key()
}

// fill gives the changes of a message what the channel noted of their findings. What cannot be read is left out: a channel
// that begins a second thread tells at least.
func (r refs) fill(ctx context.Context, m *channel.Message) {
	known := map[string]receipts{}
	for i := range m.Runs {
		run := &m.Runs[i]
		if len(run.Changes) == 0 {
			continue
		}
		key := r.key(run.Identity)
		noted, ok := known[key]
		if !ok {
			e, err := r.bucket.Get(ctx, key)
			if err != nil && !errors.Is(err, bus.ErrNotFound) {
				r.log.WarnContext(ctx, "what a channel noted of findings cannot be read", "channel", r.channel, "error", err)
			}
			noted, known[key] = e.Value, e.Value
		}
		for j := range run.Changes {
			run.Changes[j].Ref = noted.Refs[run.Changes[j].ID].Ref
		}
	}
}

// keep keeps what a channel noted of the findings of a message.
func (r refs) keep(ctx context.Context, m channel.Message, got channel.Receipt) error {
	byJob := map[string][]string{}
	for _, run := range m.Runs {
		for _, c := range run.Changes {
			switch text := got[c.ID]; {
			case len(text) > channel.MaxRef || !utf8.ValidString(text): // half of it would be the name of something else
				r.log.ErrorContext(ctx, "what a channel noted of a finding is too long", "channel", r.channel, "finding", c.ID)
			case text != "" && text != c.Ref:
				byJob[r.key(run.Identity)] = append(byJob[r.key(run.Identity)], c.ID)
			}
		}
	}
	for key, ids := range byJob {
		_, err := r.bucket.Upsert(ctx, key, func(n *receipts) error { n.note(ids, got, time.Now().UTC()); return nil })
		if bus.IsMissing(err) {
			r.log.WarnContext(ctx, "what a channel noted of findings is lost (run `squirrly provision`)", "channel", r.channel, "error", err)
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// note takes the receipts of some findings, and forgets the oldest of too many.
func (n *receipts) note(ids []string, got channel.Receipt, now time.Time) {
	if n.Refs == nil {
		n.Refs = map[string]ref{}
	}
	for _, id := range ids {
		n.Refs[id] = ref{got[id], now}
	}
	for len(n.Refs) > mostRefs {
		oldest := ""
		for id, x := range n.Refs {
			if oldest == "" || x.At.Before(n.Refs[oldest].At) {
				oldest = id
			}
		}
		delete(n.Refs, oldest)
	}
}
