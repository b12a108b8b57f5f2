package local

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/bus/bustest/shipped"
	"squirrly.dev/internal/logbuffer"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier"
)

// recommendation is a result as the analyzer publishes it, about a run.
func (s *secured) recommendation(run string) (events.Event, events.Identity) {
	s.Helper()
	const golden = "1e9b84ce-433c-529f-af1d-788d2d2f9cde"
	body, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "pkg", "events", "testdata", string(events.TypeRecommendationReady)+".json"))
	s.must(err)
	e, err := events.DecodeEvent([]byte(strings.ReplaceAll(string(body), golden, run)))
	s.must(err)
	e.ID, e.RunID, e.Time = run+"/"+string(e.Type), run, time.Now()
	r, err := events.Data[events.RecommendationReady](e)
	s.must(err)
	if r.Run != run {
		s.Fatalf("the golden is about run %s", r.Run)
	}
	return e, r.Identity
}

// message is an event with the headers of a fact.
func message(subject string, e events.Event) (*nats.Msg, error) {
	body, err := e.Encode()
	return &nats.Msg{Subject: subject, Data: body, Header: nats.Header{
		events.HeaderContentType: {events.ContentType}, events.HeaderRun: {e.RunID}, jetstream.MsgIDHeader: {e.ID},
	}}, err
}

// TestUsers_Forged: whatever a user sends that says that it is a recommendation, in every place where it might be taken for
// one, nobody is told of it; only the analyzer may publish one, and only where it belongs.
func TestUsers_Forged(t *testing.T) {
	for _, overlay := range []string{shipped.Base, shipped.Prod} {
		t.Run(overlay, func(t *testing.T) { forgedBy(secure(t, overlay)) })
	}
}

func forgedBy(s *secured) {
	t := s.T
	cfg, err := load(Options{})
	s.must(err)
	cfg.Notifier.Log, cfg.Notifier.LogFormat, cfg.Notifier.Everything = true, "json", []string{"log"}
	told := &logbuffer.Buffer{}
	n, err := notifier.New(cfg.Notifier, notifier.Deps{Bus: s.bus(natsusers.Notifier), Log: told, Logger: s.log(natsusers.Notifier)})
	s.must(err)
	s.run(n)

	genuine, id := s.recommendation("genuine")
	place := id.Subject(genuine.Type, "genuine")
	var sent int
	for _, u := range s.folder.Users {
		nc := s.client(u.Name)
		s.must(nc.PublishRequest(u.Publish[0], place, nil)) // the answer of the server, in the place of the genuine one
		for i, forge := range []func(run string, id events.Identity, e events.Event) (*nats.Msg, error){
			func(run string, id events.Identity, e events.Event) (*nats.Msg, error) { // in its place, by all but its author
				if u.Name == natsusers.Analyzer {
					e.RunID = run + "-other"
				}
				return message(id.Subject(events.TypeRecommendationReady, run), e)
			},
			func(run string, id events.Identity, e events.Event) (*nats.Msg, error) { // as `nats pub` does
				m, err := message(id.Subject(events.TypeRecommendationReady, run), e)
				m.Header = nil
				return m, err
			},
			elsewhere(events.TypeRunFailed), elsewhere(events.TypeRunRejected), elsewhere(events.TypeRunCancelled),
			elsewhere(events.TypeFindingDismissed), elsewhere(events.TypeFindingReopened),
			func(run string, id events.Identity, e events.Event) (*nats.Msg, error) { // in the place of another run
				return message(id.Subject(events.TypeRecommendationReady, run+"-other"), e)
			},
			func(run string, id events.Identity, e events.Event) (*nats.Msg, error) { // with the id of another
				e.ID = run + "-other/" + string(e.Type)
				return message(id.Subject(events.TypeRecommendationReady, run), e)
			},
			func(run string, id events.Identity, e events.Event) (*nats.Msg, error) { // for the answer to a request
				m, err := message(u.Publish[0], e)
				m.Reply = id.Subject(events.TypeRecommendationReady, run)
				return m, err
			},
		} {
			run := fmt.Sprintf("forged-%s-%d", u.Name, i)
			e, id := s.recommendation(run)
			m, err := forge(run, id, e)
			s.must(err)
			s.must(nc.PublishMsg(m))
			sent++
		}
		s.must(nc.Flush())
	}

	s.must(s.bus(natsusers.Analyzer).PublishFact(t.Context(), place, genuine))
	s.until("the genuine one is told", func() bool { return strings.Contains(told.String(), "genuine") })
	js := bustest.JetStream(s.bus(natsusers.Operator))
	for _, durable := range []string{bus.NotifierDurable("log"), events.DurableFindings} {
		s.until("all is handled by "+durable, func() bool {
			c, err := js.Consumer(t.Context(), events.StreamEvents, durable)
			return err == nil && c.CachedInfo().NumPending == 0 && c.CachedInfo().NumAckPending == 0
		})
	}
	if text := told.String(); strings.Contains(text, "forged-") {
		t.Errorf("told:\n%s", text)
	}
	letters, err := s.bus(natsusers.Operator).DeadLetters(t.Context(), 1000)
	s.must(err)
	var refused int
	for _, l := range letters {
		if l.Service == bus.NotifierDurable("log") {
			refused++
		}
	}
	if refused == 0 {
		t.Error("nothing was refused by the notifier: what was tried?")
	}
	t.Logf("%d forged by %d users, told: 0; %d came to the notifier and are dead letters", sent, len(s.folder.Users), refused)
}

// elsewhere puts a result in the place of another kind of fact.
func elsewhere(t events.Type) func(run string, id events.Identity, e events.Event) (*nats.Msg, error) {
	return func(run string, id events.Identity, e events.Event) (*nats.Msg, error) {
		subject := id.Subject(t, run)
		if strings.Contains(string(t), "finding") {
			subject += ".f-1"
		}
		return message(subject, e)
	}
}
