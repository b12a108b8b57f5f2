package channel

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"squirrly.dev/internal/strictyaml"
	"squirrly.dev/pkg/events"
)

// SubjectSettings are those of a [Subject].
type SubjectSettings struct{ Subject string }

// Fields implements Settings.
func (s *SubjectSettings) Fields() (map[string]func(strictyaml.Value), []string) {
	return map[string]func(strictyaml.Value){
		"subject": func(v strictyaml.Value) { s.Subject = v.Text() },
	}, []string{"subject"}
}

// Open implements Settings.
func (s *SubjectSettings) Open(name string, d Deps) (Channel, error) {
	return NewSubject(name, s.Subject, d.NATS)
}

// Subject republishes the event of a message on a NATS subject that is not Squirrly's own.
type Subject struct {
	name     string
	template string
	to       Forwarder
}

// NewSubject makes the channel. The subject may hold {type}, {severity}, {cluster}, {namespace}, {job} and {run}.
func NewSubject(name, template string, to Forwarder) (*Subject, error) {
	s := &Subject{name: name, template: template, to: to}
	example := s.subject(Run{Event: events.Event{Type: events.TypeRunFailed}, ID: "r"})
	switch {
	case template == "" || strings.ContainsAny(example, "*>{}") || strings.ContainsFunc(example, unicode.IsSpace):
		return nil, errors.New("subject: expected a NATS subject without wildcards and spaces, with {type}, {severity}, {cluster}, {namespace}, {job} or {run} in it")
	case strings.HasPrefix(example, ".") || strings.HasSuffix(example, ".") || strings.Contains(example, ".."):
		return nil, errors.New("subject: expected tokens that are not empty")
	case strings.HasPrefix(example, "squirrly.v") || strings.HasPrefix(example, "$") || strings.HasPrefix(example, "_INBOX"):
		return nil, errors.New("subject: expected one that is neither Squirrly's own nor the server's")
	}
	return s, nil
}

// Name implements Channel.
func (s *Subject) Name() string { return s.name }

// Send implements Channel. The message id lets a stream of the receiver's tell a repeated delivery.
func (s *Subject) Send(ctx context.Context, m Message) (Receipt, error) {
	for _, r := range m.Runs {
		if err := s.send(ctx, r, m.eventID(r)); err != nil {
			return nil, err
		}
	}
	return nil, nil //nolint:nilnil // a subject has nothing to remember.
}

func (s *Subject) send(ctx context.Context, m Run, id string) error {
	body, err := outgoing(m, id)
	if err != nil {
		return err
	}
	header := map[string]string{
		events.HeaderContentType: events.ContentType, events.HeaderMsgID: id, events.HeaderRun: m.ID,
	}
	if m.Severity() != "" {
		header[events.HeaderSeverity] = string(m.Severity())
	}
	if err := s.to.Forward(ctx, s.subject(m), header, body); err != nil {
		return fmt.Errorf("forward the event: %w", err)
	}
	return nil
}

func (s *Subject) subject(m Run) string {
	kind := strings.TrimSuffix(strings.TrimPrefix(string(m.Event.Type), "dev.squirrly."), ".v1")
	return strings.NewReplacer(
		"{type}", events.Token(strings.ReplaceAll(kind, ".", "-")), "{severity}", events.Token(string(m.Severity())),
		"{cluster}", events.Token(m.Identity.Cluster), "{namespace}", events.Token(m.Identity.Namespace),
		"{job}", events.Token(m.Identity.Job), "{run}", events.Token(m.ID),
	).Replace(s.template)
}
