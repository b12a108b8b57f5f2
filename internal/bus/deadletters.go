package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/redact"
	"squirrly.dev/pkg/events"
)

// DeadLetter is a message that could not be handled, with why.
type DeadLetter struct {
	Seq     uint64        `json:"seq"` // in the stream of dead letters
	At      time.Time     `json:"at"`
	Service string        `json:"service"`
	Reason  events.Code   `json:"reason"`
	Error   string        `json:"error,omitempty"`
	Subject string        `json:"subject"` // on which the message came
	Run     string        `json:"run,omitempty"`
	Header  events.Header `json:"header,omitempty"` // original headers
	Body    []byte        `json:"body"`
}

const headerService = "Squirrly-Service"

// deadLetter copies a message to the dead letters. No Nats-* header is copied: a requester's Nats-Expected-Stream would make
// this publish fail for ever. The message id makes it one letter however often. What nobody could read is people's text, with
// whatever they typed: secrets in it are not kept. Other messages stay as they were, so that they can be sent again.
func (b *Bus) deadLetter(ctx context.Context, service string, d Delivery, reason events.Code, why error) error {
	h := nats.Header{
		events.HeaderOrigSubject: {d.Subject},
		events.HeaderReason:      {string(reason)},
		headerService:            {service},
	}
	if why != nil {
		const most = 1024
		h[events.HeaderError] = []string{OneLine(why.Error(), most)}
	}
	body := d.Body
	keep := func(text string) string { return text }
	if reason == events.CodeUndecodable {
		keep = redact.Text
		body = []byte(keep(string(body)))
	}
	for k, v := range d.Header {
		if !strings.HasPrefix(strings.ToLower(k), "nats-") {
			for _, text := range v {
				h[events.HeaderOrigPrefix+k] = append(h[events.HeaderOrigPrefix+k], keep(text))
			}
		}
	}
	id := "dead/" + service + "/" + d.Stream + "/" + strconv.FormatUint(d.Seq, 10)
	return b.Publish(ctx, events.DeadSubject(service, reason), id, events.Header(h), body)
}

// OneLine makes a text fit for a header or a line of a history, of at most the given bytes.
func OneLine(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// DeadLetters lists the dead letters, newest last, at most the given number of the newest.
func (b *Bus) DeadLetters(ctx context.Context, most int) ([]DeadLetter, error) {
	var state jetstream.StreamState
	err := b.read(ctx, events.StreamDead, func(ctx context.Context, s jetstream.Stream) error {
		info, err := s.Info(ctx)
		if err == nil {
			state = info.State
		}
		return err //nolint:wrapcheck // said below.
	})
	if err != nil {
		return nil, fmt.Errorf("look up the dead letters: %w", err)
	}
	var all []DeadLetter
	for seq := state.LastSeq; seq >= state.FirstSeq && seq > 0 && len(all) < most; seq-- {
		l, err := b.DeadLetter(ctx, seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append([]DeadLetter{l}, all...)
	}
	return all, nil
}

// DeadLetter reads one dead letter; [ErrNotFound] when there is none of that number.
func (b *Bus) DeadLetter(ctx context.Context, seq uint64) (DeadLetter, error) {
	var m *jetstream.RawStreamMsg
	err := b.read(ctx, events.StreamDead, func(ctx context.Context, s jetstream.Stream) error {
		var err error
		m, err = s.GetMsg(ctx, seq)
		return err //nolint:wrapcheck // said below.
	})
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		err = ErrNotFound
	}
	if err != nil {
		return DeadLetter{}, fmt.Errorf("read dead letter %d: %w", seq, err)
	}
	h := events.Header(m.Header)
	l := DeadLetter{
		Seq: seq, At: m.Time, Service: h.Get(headerService), Reason: events.Code(h.Get(events.HeaderReason)),
		Error: h.Get(events.HeaderError), Subject: h.Get(events.HeaderOrigSubject), Body: m.Data,
		Run: h.Get(events.HeaderOrigPrefix + events.HeaderRun), Header: events.Header{},
	}
	for k, v := range m.Header {
		if orig, ok := strings.CutPrefix(k, events.HeaderOrigPrefix); ok && k != events.HeaderOrigSubject {
			l.Header[orig] = v
		}
	}
	return l, nil
}
