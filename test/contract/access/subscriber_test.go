package access_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/pkg/events"
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// publish stores a fact of the goldens as a service does.
func publish(t *testing.T, b *bus.Bus, typ events.Type, run string) {
	t.Helper()
	e, err := events.DecodeEvent(golden(t, string(typ)))
	if err != nil {
		t.Fatal(err)
	}
	e.ID, e.RunID = run+"/"+string(typ), run
	e.Data = []byte(strings.ReplaceAll(string(e.Data), "1e9b84ce-433c-529f-af1d-788d2d2f9cde", run))
	if err := b.PublishFact(t.Context(), orders.Subject(typ, run), e); err != nil {
		t.Fatal(err)
	}
}

// A subscriber reads recommendations from the durable that was made for it, and no other fact; and it hears them as they come.
func TestSubscriber_ReadsRecommendations(t *testing.T) {
	url, b := start(t)
	nc, js := as(t, url, subscriber)
	live, err := nc.SubscribeSync(events.SubjectReady)
	if err != nil {
		t.Fatal(err)
	}
	if !permitted(t, nc) {
		t.Fatal("may not listen")
	}
	publish(t, b, events.TypeProfilePlanned, "r1")
	publish(t, b, events.TypeRecommendationReady, "r1")
	c, err := js.Consumer(t.Context(), events.StreamEvents, subscriberDurable)
	if err != nil {
		t.Fatal(err)
	}
	readOne(t, c)
	if m, err := live.NextMsg(5 * time.Second); err != nil || m.Subject != orders.Subject(events.TypeRecommendationReady, "r1") {
		t.Errorf("as it comes: %+v, %v", m, err)
	}
}

// readOne reads the only recommendation and acknowledges it.
func readOne(t *testing.T, c jetstream.Consumer) {
	t.Helper()
	batch, err := c.Fetch(5, jetstream.FetchMaxWait(500*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for m := range batch.Messages() {
		n++
		e, err := events.DecodeEvent(m.Data())
		if err != nil {
			t.Fatal(err)
		}
		r, err := events.Data[events.RecommendationReady](e)
		if err != nil || r.Run != "r1" || len(r.Findings) == 0 {
			t.Errorf("recommendation of run %s, %d findings, %v", r.Run, len(r.Findings), err)
		}
		if err := m.DoubleAck(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	info, err := c.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n != 1 || batch.Error() != nil || info.NumPending+uint64(info.NumAckPending) != 0 {
		t.Errorf("%d messages, %v, %d pending, %d not acknowledged", n, batch.Error(), info.NumPending, info.NumAckPending)
	}
}

func TestSubscriber_MayNothingElse(t *testing.T) {
	url, b := start(t)
	publish(t, b, events.TypeProfilePlanned, "r1")
	before := total(t, b)
	const s = events.StreamEvents
	for _, api := range []string{"$JS.API", natsusers.APIPrefix} {
		for _, call := range []string{
			"STREAM.INFO." + s, "STREAM.PURGE." + s, "STREAM.MSG.GET." + s, "STREAM.MSG.DELETE." + s, "DIRECT.GET." + s,
			"DIRECT.GET." + s + "." + orders.Subject(events.TypeProfilePlanned, "r1"),
			"CONSUMER.CREATE." + s, "CONSUMER.CREATE." + s + "." + subscriberDurable,
			"CONSUMER.CREATE." + s + ".other." + events.SubjectReady, "CONSUMER.CREATE." + s + "." + subscriberDurable + "." + events.SubjectReady,
			"CONSUMER.DURABLE.CREATE." + s + "." + subscriberDurable, "CONSUMER.DELETE." + s + "." + subscriberDurable,
			"CONSUMER.MSG.NEXT." + s + "." + events.DurableCollector, "CONSUMER.INFO." + s + "." + events.DurableAnalyzer,
		} {
			if mayPublish(t, url, subscriber, api+"."+call) {
				t.Errorf("may publish on %s.%s", api, call)
			}
		}
	}
	for _, subject := range []string{
		events.SubjectRequested, orders.RequestSubject(), events.SubjectCancel + "r1", orders.Subject(events.TypeRecommendationReady, "r1"),
		"$KV." + events.BucketRuns + ".run.r1", "$JS.ACK." + s + "." + events.DurableCollector + ".1.1.1.1.1",
	} {
		if mayPublish(t, url, subscriber, subject) {
			t.Errorf("may publish on %s", subject)
		}
	}
	for _, subject := range []string{">", events.SubjectPlanned, "_INBOX.>", "_INBOX_squirrly.>", "$JS.EVENT.>"} {
		if maySubscribe(t, url, subscriber, subject) {
			t.Errorf("may listen on %s", subject)
		}
	}
	if after := total(t, b); after != before {
		t.Errorf("%d messages more are stored", after-before)
	}
}

// The example goes on where it stopped: what came while it was down is printed once, after what came before.
func TestExampleSubscriber(t *testing.T) {
	url, b := start(t)
	program := filepath.Join(t.TempDir(), "subscriber")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./subscriber")
	build.Dir, build.Env = filepath.Join(root, "examples"), append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	env := append(os.Environ(), "NATS_URL="+url, "NATS_USER="+subscriber, "NATS_PASSWORD="+passwordOf(subscriber),
		"NATS_API_PREFIX="+natsusers.APIPrefix, "DURABLE="+subscriberDurable)

	publish(t, b, events.TypeRecommendationReady, "r1")
	if run := firstRun(t, program, env); run != "r1" {
		t.Errorf("first %s", run)
	}
	publish(t, b, events.TypeRunFailed, "r2")
	publish(t, b, events.TypeRecommendationReady, "r3")
	if run := firstRun(t, program, env); run != "r3" {
		t.Errorf("then %s", run)
	}
}

// firstRun starts the subscriber, reads the run of its first line, waits until that is acknowledged, and stops it.
func firstRun(t *testing.T, program string, env []string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), program)
	c.Env, c.Stderr = env, t.Output()
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("it printed nothing")
	}
	run, rest, _ := strings.Cut(lines.Text(), "\t")
	if !strings.Contains(rest, "prod/flink/orders\tcritical") {
		t.Errorf("printed %q", lines.Text())
	}
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "\tR1 critical") {
		t.Errorf("printed %q", lines.Text())
	}
	// An interrupt is waited for by the message in hand, so that it is acknowledged.
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	return run
}
