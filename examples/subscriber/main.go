// Command subscriber shows how another team reads Squirrly's recommendations: a durable consumer of its own, written
// with pkg/events and nats.go alone. It prints a line for each recommendation, and goes on where it stopped when it is
// started again.
//
// NATS_URL, NATS_USER and NATS_PASSWORD say where and who (NATS_CREDS a credentials file instead), DURABLE names the
// consumer (default: the user, or "example"), FILTER narrows what is read, for example to
// squirrly.v1.recommendation.ready.prod.flink.>, and BIND=1 uses a durable that an administrator made. NATS_API_PREFIX says
// where the API of JetStream is for users of another account: a user of `squirrly nats-users --subscriber NAME` sets it to
// SQUIRRLY.API, and DURABLE to subscriber-NAME; it binds.
package main

import (
	"cmp"
	"context"
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
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "subscriber:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	name := cmp.Or(os.Getenv("DURABLE"), os.Getenv("NATS_USER"), "example")
	nc, err := connect(cmp.Or(os.Getenv("NATS_USER"), name))
	if err != nil {
		return fmt.Errorf("connect to NATS: %w", err)
	}
	defer nc.Close()
	consumer, err := open(ctx, nc, name)
	if err != nil {
		return fmt.Errorf("open durable %s (a call that is not permitted looks like a timeout): %w", name, err)
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(1))
	if err != nil {
		return fmt.Errorf("read from durable %s: %w", name, err)
	}
	defer context.AfterFunc(ctx, messages.Stop)()
	for {
		m, err := messages.Next()
		if errors.Is(err, jetstream.ErrMsgIteratorClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read from durable %s: %w", name, err)
		}
		if err := handle(ctx, m, out); err != nil {
			return fmt.Errorf("handle message on %s: %w", m.Subject(), err)
		}
	}
}

// connect gives the connection an inbox of its own, so that no other user can read its replies.
func connect(name string) (*nats.Conn, error) {
	options := []nats.Option{
		nats.Name("squirrly example subscriber"), nats.MaxReconnects(-1), nats.CustomInboxPrefix("_INBOX_" + name),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { fmt.Fprintln(os.Stderr, "NATS:", err) }),
	}
	if user := os.Getenv("NATS_USER"); user != "" {
		options = append(options, nats.UserInfo(user, os.Getenv("NATS_PASSWORD")))
	}
	if creds := os.Getenv("NATS_CREDS"); creds != "" {
		options = append(options, nats.UserCredentials(creds))
	}
	return nats.Connect(cmp.Or(os.Getenv("NATS_URL"), nats.DefaultURL), options...) //nolint:wrapcheck // wrapped by run.
}

// open creates the durable, or finds it as it is.
func open(ctx context.Context, nc *nats.Conn, name string) (jetstream.Consumer, error) {
	const timeout = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	prefix := os.Getenv("NATS_API_PREFIX")
	js, err := jetstream.NewWithAPIPrefix(nc, cmp.Or(prefix, jetstream.DefaultAPIPrefix))
	if err != nil {
		return nil, err //nolint:wrapcheck // wrapped by run.
	}
	if prefix != "" || os.Getenv("BIND") != "" {
		return js.Consumer(ctx, events.StreamEvents, name) //nolint:wrapcheck // wrapped by run.
	}
	return js.CreateOrUpdateConsumer(ctx, events.StreamEvents, jetstream.ConsumerConfig{ //nolint:wrapcheck // as above.
		Durable:       name,
		FilterSubject: cmp.Or(os.Getenv("FILTER"), events.SubjectReady),
		AckPolicy:     jetstream.AckExplicitPolicy,
	})
}

// handle prints a recommendation and acknowledges it. What cannot be read never will be: it is ended, not repeated.
func handle(ctx context.Context, m jetstream.Msg, out io.Writer) error {
	event, err := events.DecodeEvent(m.Data())
	if err != nil {
		return m.TermWithReason(err.Error()) //nolint:wrapcheck // wrapped by run.
	}
	r, err := events.Data[events.RecommendationReady](event)
	if err != nil {
		return m.TermWithReason(err.Error()) //nolint:wrapcheck // wrapped by run.
	}
	if _, err := fmt.Fprintf(out, "%s\t%s\t%s\t%q\n", r.Run, r.Identity, r.Severity, r.Verdict.Headline); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	for _, f := range r.Findings {
		if _, err := fmt.Fprintf(out, "\t%s %s\t%q\n", f.ID, f.Severity, f.Recommendation.Change); err != nil {
			return fmt.Errorf("print: %w", err)
		}
	}
	// What was printed is acknowledged, even when the program is being stopped.
	return m.DoubleAck(context.WithoutCancel(ctx)) //nolint:wrapcheck // wrapped by run.
}
