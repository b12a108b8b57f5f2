package bus

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/pkg/events"
)

// publishFor is how long a fact is tried to be stored, against a stream without a majority for example.
const publishFor = time.Minute

// PublishFact stores a fact about a run, once: its subject holds the run id, so the first compare-and-set expects no
// message there. A conflict proves nothing, since it is also given for a message that is only on its way and may never
// arrive. So after one the subject is read back: with this fact on it, all is well; with none, it is published again;
// and behind a message of somebody else it is published nevertheless, with an alarm. So it is when somebody else took its
// message id, which the server would drop it for.
func (b *Bus) PublishFact(ctx context.Context, subject string, e events.Event) error {
	body, err := e.Encode()
	if err != nil {
		return fmt.Errorf("publish %s: %w", e.Type, err)
	}
	msg := &nats.Msg{Subject: subject, Data: body, Header: nats.Header{
		events.HeaderContentType: {events.ContentType},
		events.HeaderRun:         {e.RunID},
	}}
	if s := severityOf(e); s != "" {
		msg.Header[events.HeaderSeverity] = []string{string(s)}
	}
	inject(ctx, msg.Header)
	until := time.Now().Add(publishFor)
	a := attempt{msg: msg, fact: e.ID, id: e.ID}
	for try := 0; ; try++ {
		told, err := b.tell(ctx, &a)
		if told {
			return nil
		}
		if err != nil || time.Now().After(until) || pause(ctx, try) != nil {
			return fmt.Errorf("publish %s of run %s: %w", e.Type, e.RunID, errors.Join(err, ctx.Err()))
		}
	}
}

// attempt is what the next try to store a fact goes by.
type attempt struct {
	msg      *nats.Msg
	fact, id string // of the event, and of the message
	expected uint64 // sequence of the last message on the subject
}

// tell tries to store a fact once, and reports whether it is stored, now or before. Without an error it may be tried again.
func (b *Bus) tell(ctx context.Context, a *attempt) (told bool, err error) {
	known, err := b.swap(ctx, events.StreamEvents, a.msg, a.id, a.expected)
	if err != nil && !IsConflict(err) {
		return false, err
	}
	if err == nil && !known {
		return true, nil
	}
	told, a.expected, err = b.readBack(ctx, a.msg.Subject, a.fact, a.expected)
	if !told && err == nil && known {
		a.id = b.anotherID(ctx, a.msg.Subject, a.fact)
	}
	return told, err
}

// anotherID is a message id for a fact whose own id the stream knows though the fact is not there: somebody stored another
// message with it, elsewhere in the stream. [genuine] takes it.
func (b *Bus) anotherID(ctx context.Context, subject, id string) string {
	b.tel.foreign.Add(ctx, 1)
	b.log.ErrorContext(ctx, "somebody else's message has the id of a fact, which is published with another: who may publish into this stream?",
		"subject", subject, "fact", id)
	return id + "/" + rand.Text()
}

// readBack looks for a fact on its subject. Without it, it returns the sequence of the last message there, 0 being none;
// a message that was not known before is somebody else's, and an alarm.
func (b *Bus) readBack(ctx context.Context, subject, id string, known uint64) (found bool, last uint64, err error) {
	m, err := b.last(ctx, events.StreamEvents, subject)
	if err != nil || m == nil {
		return false, 0, err
	}
	if holds(m, id) {
		return true, m.Sequence, nil
	}
	if found, err = b.stands(ctx, subject, id, m.Sequence); found || err != nil {
		return found, m.Sequence, err
	}
	if m.Sequence != known {
		b.tel.foreign.Add(ctx, 1)
		b.log.ErrorContext(ctx, "somebody else's message is on the subject of a fact, which is published behind it: who may publish there?",
			"subject", subject, "seq", m.Sequence, "fact", id)
	}
	return false, m.Sequence, nil
}

// stands looks for a fact among the messages that are on its subject before the given one.
func (b *Bus) stands(ctx context.Context, subject, id string, before uint64) (bool, error) {
	const most = 64 // messages of others
	for seq, n := uint64(1), 0; n < most; n++ {
		var m *jetstream.RawStreamMsg
		err := b.read(ctx, events.StreamEvents, func(ctx context.Context, s jetstream.Stream) error {
			var err error
			m, err = s.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(subject))
			return err //nolint:wrapcheck // the caller says what for.
		})
		if errors.Is(err, jetstream.ErrMsgNotFound) || err == nil && m.Sequence >= before {
			return false, nil
		}
		if err != nil || holds(m, id) {
			return err == nil, err
		}
		seq = m.Sequence + 1
	}
	return false, nil
}

// holds reports whether a message is the event with an id.
func holds(m *jetstream.RawStreamMsg, id string) bool {
	if isID(m.Header.Get(jetstream.MsgIDHeader), id) {
		return true
	}
	e, err := events.DecodeEvent(m.Data)
	return err == nil && e.ID == id
}

// severityOf is the severity of a result, which subscribers filter by without reading the body.
func severityOf(e events.Event) events.Severity {
	if e.Type != events.TypeRecommendationReady {
		return ""
	}
	var graded struct {
		Severity events.Severity `json:"severity"`
	}
	if err := json.Unmarshal(e.Data, &graded); err != nil {
		return "" // Validate has said so before
	}
	return graded.Severity
}

// Forward publishes any message on a subject of other people's, outside the streams of this project.
func (b *Bus) Forward(ctx context.Context, subject string, header map[string]string, body []byte) error {
	msg := &nats.Msg{Subject: subject, Data: body, Header: nats.Header{}}
	for k, v := range header {
		msg.Header[k] = []string{v}
	}
	inject(ctx, msg.Header)
	if err := b.nc.PublishMsg(msg); err != nil {
		return fmt.Errorf("publish to %s: %w", subject, err)
	}
	if err := b.nc.FlushWithContext(ctx); err != nil {
		return fmt.Errorf("publish to %s: %w", subject, err)
	}
	return nil
}

// Request puts a request into the inbox and waits until it is stored. The message id makes a repeated call the same
// request; with a CloudEvent the id of the event does that already.
func (b *Bus) Request(ctx context.Context, subject, msgID, contentType string, body []byte) error {
	h := events.Header{}
	if contentType != "" {
		h[events.HeaderContentType] = []string{contentType}
	}
	return b.Publish(ctx, subject, msgID, h, body)
}

// Cancel asks, in the inbox, for the end of a run.
func (b *Bus) Cancel(ctx context.Context, run string) error {
	return b.Publish(ctx, events.SubjectCancel+events.Token(run), "", nil, nil)
}

// Publish stores a message in the stream of its subject. The message id makes a repeated call the same message, for the
// window in which the server knows it. Without one it is sent again only while nobody listens, as when the stream has no
// leader: each call that has no answer may have stored a message.
func (b *Bus) Publish(ctx context.Context, subject, msgID string, h events.Header, body []byte) error {
	m := &nats.Msg{Subject: subject, Data: body, Header: nats.Header{}}
	maps.Copy(m.Header, h)
	inject(ctx, m.Header)
	_, err := b.store(ctx, m, msgID)
	return err
}
