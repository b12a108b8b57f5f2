package bus

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/pkg/events"
)

// Letter is a dead letter: a message that could not be handled, with why.
type Letter struct {
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

// bury copies a message to the dead letters. No Nats-* header is copied: a requester's Nats-Expected-Stream would make
// this publish fail for ever. The message id makes burying twice one letter.
func (b *Bus) bury(ctx context.Context, service string, m jetstream.Msg, reason events.Code, why error) error {
	h := nats.Header{
		events.HeaderOrigSubject: {m.Subject()},
		events.HeaderReason:      {string(reason)},
		headerService:            {service},
	}
	if why != nil {
		const most = 1024
		h[events.HeaderError] = []string{oneLine(why.Error(), most)}
	}
	for k, v := range m.Headers() {
		if !strings.HasPrefix(strings.ToLower(k), "nats-") {
			h[events.HeaderOrigPrefix+k] = v
		}
	}
	id := "dead/" + service
	if meta, err := m.Metadata(); err == nil {
		id += "/" + meta.Stream + "/" + strconv.FormatUint(meta.Sequence.Stream, 10)
	}
	return b.publish(ctx, events.DeadSubject(service, reason), id, m.Data(), h)
}

// oneLine keeps a text fit for a header.
func oneLine(s string, most int) string {
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
func (b *Bus) DeadLetters(ctx context.Context, most int) ([]Letter, error) {
	stream, err := b.js.Stream(ctx, events.StreamDead)
	if err != nil {
		return nil, fmt.Errorf("open dead letters: %w", err)
	}
	info := stream.CachedInfo()
	var all []Letter
	for seq := info.State.LastSeq; seq >= info.State.FirstSeq && seq > 0 && len(all) < most; seq-- {
		l, err := b.DeadLetter(ctx, seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append([]Letter{l}, all...)
	}
	return all, nil
}

// DeadLetter reads one dead letter.
func (b *Bus) DeadLetter(ctx context.Context, seq uint64) (Letter, error) {
	stream, err := b.js.Stream(ctx, events.StreamDead)
	if err != nil {
		return Letter{}, fmt.Errorf("open dead letters: %w", err)
	}
	m, err := stream.GetMsg(ctx, seq)
	if err != nil {
		return Letter{}, fmt.Errorf("read dead letter %d: %w", seq, err)
	}
	h := events.Header(m.Header)
	l := Letter{
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

// ReplayResult says what a replay started.
type ReplayResult struct {
	Run     string `json:"run,omitempty"`     // taken up again
	Request string `json:"request,omitempty"` // id of a new request
}

// Replay sends a dead letter on its way again. A letter of the inbox becomes a new request; a letter of a worker
// resumes its run, or requests the same profile anew when that run is over, since a terminal state never changes.
func (b *Bus) Replay(ctx context.Context, seq uint64) (ReplayResult, error) {
	l, err := b.DeadLetter(ctx, seq)
	if err != nil {
		return ReplayResult{}, err
	}
	id := "replay/" + strconv.FormatUint(seq, 10) + "/" + strconv.FormatInt(time.Now().Unix(), 10)
	if l.Service == events.DurableTrigger {
		h := nats.Header{}
		maps.Copy(h, l.Header)
		return ReplayResult{Request: id}, b.publish(ctx, l.Subject, id, l.Body, h)
	}
	if strings.HasPrefix(l.Service, events.DurableNotifierPrefix) {
		return ReplayResult{}, fmt.Errorf("dead letter %d is a notification about run %s: its result stands, and is told once only", seq, l.Run)
	}
	rec, err := b.Runs.Get(ctx, l.Run)
	if err != nil {
		return ReplayResult{}, fmt.Errorf("replay dead letter %d: %w", seq, err)
	}
	if !rec.State.Terminal() {
		return ReplayResult{Run: l.Run}, b.Resume(ctx, l.Service, l.Run)
	}
	return ReplayResult{Request: id}, b.requestAgain(ctx, rec.Plan, id)
}

// requestAgain asks for the same profile as an earlier plan.
func (b *Bus) requestAgain(ctx context.Context, p events.Plan, id string) error {
	e, err := events.New("squirrly/replay", id, time.Now(), events.ProfileRequested{
		Target: p.Target, Modes: p.Modes, Duration: p.Duration, Scope: p.Scope, Context: p.Context, Prompt: p.Prompt,
		Reason: "replay of run " + p.Run, Labels: p.Labels,
	})
	if err != nil {
		return fmt.Errorf("request run %s again: %w", p.Run, err)
	}
	e.RunID = ""
	body, err := e.Encode()
	if err != nil {
		return fmt.Errorf("request run %s again: %w", p.Run, err)
	}
	return b.Request(ctx, events.SubjectRequested, id, events.ContentType, body)
}
