// Command requester shows how a program asks for a profile and waits for its end, with pkg/events and nats.go alone:
//
//	go run ./examples/requester http://127.0.0.1:8081
//
// It publishes a CloudEvent, prints the run that it leads to, follows the facts about that run, and prints the verdict or
// why there is none. The same SOURCE and ID are the same run, however often they are sent; SUBJECT is where requests go,
// and NOWAIT=1 ends it once the request is stored. NATS_URL, NATS_USER and NATS_PASSWORD say where and who (NATS_CREDS a
// credentials file instead).
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/pkg/events"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) != 2 { //nolint:mnd // the program and a URL.
		fmt.Fprintln(os.Stderr, "usage: requester URL")
		os.Exit(2) //nolint:gocritic // nothing is left to stop.
	}
	if err := run(ctx, os.Args[1], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "requester:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, url string, out io.Writer) error {
	nc, err := connect()
	if err != nil {
		return fmt.Errorf("connect to NATS: %w", err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return fmt.Errorf("use JetStream: %w", err)
	}
	e, err := request(url)
	if err != nil {
		return err
	}
	body, err := e.Encode()
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	m := &nats.Msg{Subject: cmp.Or(os.Getenv("SUBJECT"), events.SubjectRequested), Data: body, Header: nats.Header{"Content-Type": {events.ContentType}}}
	ack, err := js.PublishMsg(ctx, m)
	if err != nil {
		return fmt.Errorf("publish the request: %w", err)
	}
	id := events.RunIDFromEvent(e.Source, e.ID)
	if _, err := fmt.Fprintf(out, "%s\t%s\t%d\n", id, ack.Stream, ack.Sequence); err != nil || os.Getenv("NOWAIT") != "" {
		return err //nolint:wrapcheck // of the output.
	}
	return follow(ctx, js, id, out)
}

func connect() (*nats.Conn, error) {
	user := os.Getenv("NATS_USER")
	options := []nats.Option{nats.Name("squirrly example requester"), nats.CustomInboxPrefix("_INBOX_" + cmp.Or(user, "requester"))}
	if user != "" {
		options = append(options, nats.UserInfo(user, os.Getenv("NATS_PASSWORD")))
	}
	if creds := os.Getenv("NATS_CREDS"); creds != "" {
		options = append(options, nats.UserCredentials(creds))
	}
	return nats.Connect(cmp.Or(os.Getenv("NATS_URL"), nats.DefaultURL), options...) //nolint:wrapcheck // wrapped by run.
}

// request is the CloudEvent that asks for a profile.
func request(url string) (events.Event, error) {
	const duration = 30 * time.Second
	p := events.ProfileRequested{Target: events.Target{URL: url}, Duration: events.Duration(duration), Reason: "examples/requester"}
	if err := p.Validate(); err != nil {
		return events.Event{}, fmt.Errorf("make the request: %w", err)
	}
	data, err := json.Marshal(p)
	if err != nil {
		return events.Event{}, fmt.Errorf("make the request: %w", err)
	}
	now := time.Now().UTC()
	return events.Event{
		SpecVersion: events.SpecVersion, ID: cmp.Or(os.Getenv("ID"), now.Format(time.RFC3339Nano)), Source: cmp.Or(os.Getenv("SOURCE"), "requester"),
		Type: events.TypeProfileRequested, Time: now, DataContentType: "application/json", Data: data,
	}, nil
}

// follow reads the facts about a run from its first until one ends it. An ordered consumer needs no name and leaves nothing
// behind.
func follow(ctx context.Context, js jetstream.JetStream, id string, out io.Writer) error {
	c, err := js.OrderedConsumer(ctx, events.StreamEvents, jetstream.OrderedConsumerConfig{FilterSubjects: []string{"squirrly.v1.*.*.*.*.*." + id}})
	if err != nil {
		return fmt.Errorf("read the facts: %w", err)
	}
	messages, err := c.Messages()
	if err != nil {
		return fmt.Errorf("read the facts: %w", err)
	}
	defer context.AfterFunc(ctx, messages.Stop)()
	for {
		m, err := messages.Next()
		if errors.Is(err, jetstream.ErrMsgIteratorClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the facts: %w", err)
		}
		e, err := events.DecodeEvent(m.Data())
		if err != nil {
			return fmt.Errorf("read the facts: %w", err)
		}
		if over, err := tell(e, out); over || err != nil {
			return err
		}
	}
}

// tell prints a fact, and reports whether it ends its run.
func tell(e events.Event, out io.Writer) (bool, error) {
	var text string
	switch e.Type { //nolint:exhaustive // what else is told about a run is named, and no more.
	case events.TypeRecommendationReady:
		r, err := events.Data[events.RecommendationReady](e)
		if err != nil {
			return true, fmt.Errorf("read the result: %w", err)
		}
		text = fmt.Sprintf("%s\t%q", r.Severity, r.Verdict.Headline)
	case events.TypeRunRejected, events.TypeRunFailed, events.TypeRunCancelled:
		var o events.Outcome
		if err := json.Unmarshal(e.Data, &o); err != nil {
			return true, fmt.Errorf("read why there is no result: %w", err)
		}
		text = fmt.Sprintf("%s\t%s: %s", e.Type, o.Code, o.Message)
	default:
		_, err := fmt.Fprintln(out, e.Type)
		return false, err //nolint:wrapcheck // of the output.
	}
	_, err := fmt.Fprintln(out, text)
	return true, err //nolint:wrapcheck // of the output.
}
