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
	"squirrly.dev/internal/bus/bustest"
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

func durable(name string, filters ...string) jetstream.ConsumerConfig {
	c := jetstream.ConsumerConfig{Durable: name, AckPolicy: jetstream.AckExplicitPolicy, FilterSubjects: filters}
	if len(filters) == 1 {
		c.FilterSubject, c.FilterSubjects = filters[0], nil
	}
	return c
}

// A subscriber makes a durable of its own and reads recommendations with it, and no other fact.
func TestSubscriber_ReadsRecommendations(t *testing.T) {
	url, b := start(t)
	publish(t, b, events.TypeProfilePlanned, "r1")
	publish(t, b, events.TypeRecommendationReady, "r1")
	_, js := as(t, url, "dashboard")
	c, err := js.CreateOrUpdateConsumer(t.Context(), events.StreamEvents, durable("dashboard", events.SubjectReady))
	if err != nil {
		t.Fatal(err)
	}
	readOne(t, c)

	// The other one is made by an administrator.
	if _, err := bustest.JetStream(b).CreateConsumer(t.Context(), events.StreamEvents, durable("audit", events.SubjectReady)); err != nil {
		t.Fatal(err)
	}
	_, js = as(t, url, "audit")
	if c, err = js.Consumer(t.Context(), events.StreamEvents, "audit"); err != nil {
		t.Fatal(err)
	}
	readOne(t, c)
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
	for _, user := range []string{"dashboard", "audit"} {
		for _, subject := range []string{
			events.SubjectRequested,
			orders.RequestSubject(),
			events.SubjectCancel + "r1",
			orders.Subject(events.TypeRecommendationReady, "r1"),
			"$KV." + events.BucketRuns + ".run.r1",
			"$JS.API.STREAM.INFO." + s,
			"$JS.API.STREAM.PURGE." + s,
			"$JS.API.STREAM.MSG.GET." + s,
			"$JS.API.STREAM.MSG.DELETE." + s,
			"$JS.API.DIRECT.GET." + s,
			"$JS.API.DIRECT.GET." + s + "." + orders.Subject(events.TypeProfilePlanned, "r1"),
			"$JS.API.CONSUMER.CREATE." + s,
			"$JS.API.CONSUMER.CREATE." + s + "." + user,
			"$JS.API.CONSUMER.CREATE." + s + ".other." + events.SubjectReady,
			"$JS.API.CONSUMER.CREATE." + s + "." + user + "." + events.SubjectPlanned,
			"$JS.API.CONSUMER.DURABLE.CREATE." + s + "." + user,
			"$JS.API.CONSUMER.DELETE." + s + "." + events.DurableCollector,
			"$JS.API.CONSUMER.MSG.NEXT." + s + "." + events.DurableCollector,
			"$JS.API.CONSUMER.INFO." + s + "." + events.DurableAnalyzer,
			"$JS.ACK." + s + "." + events.DurableCollector + ".1.1.1.1.1",
		} {
			if mayPublish(t, url, user, subject) {
				t.Errorf("%s may publish on %s", user, subject)
			}
		}
		for _, subject := range []string{">", events.SubjectReady, "_INBOX.>", "_INBOX_squirrly.>", "$JS.EVENT.>"} {
			if maySubscribe(t, url, user, subject) {
				t.Errorf("%s may listen on %s", user, subject)
			}
		}
	}
	if mayPublish(t, url, "audit", "$JS.API.CONSUMER.CREATE."+s+".audit."+events.SubjectReady) {
		t.Error("audit may make a durable")
	}
	if after := total(t, b); after != before {
		t.Errorf("%d messages more are stored", after-before)
	}
}

// The subject of the call and the filter in its body have to agree: nobody gets more by asking for two things.
func TestSubscriber_CannotWidenItsFilter(t *testing.T) {
	url, b := start(t)
	nc, js := as(t, url, "dashboard")
	for _, filters := range [][]string{nil, {events.SubjectPlanned}, {events.SubjectReady, events.SubjectPlanned}} {
		if _, err := js.CreateOrUpdateConsumer(soon(t), events.StreamEvents, durable("dashboard", filters...)); err == nil {
			t.Errorf("may filter %v", filters)
		}
	}
	body := `{"stream_name":"SQUIRRLY_EVENTS","config":{"durable_name":"dashboard","ack_policy":"explicit","filter_subject":"squirrly.>"}}`
	reply, err := nc.Request("$JS.API.CONSUMER.CREATE.SQUIRRLY_EVENTS.dashboard."+events.SubjectReady, []byte(body), time.Second)
	if err != nil || !strings.Contains(string(reply.Data), `"error"`) {
		t.Errorf("another filter in the body: %v, %s", err, reply.Data)
	}
	if _, err := bustest.JetStream(b).Consumer(t.Context(), events.StreamEvents, "dashboard"); err == nil {
		t.Error("the durable was made")
	}
}

// A durable that pushes to a subject of the inbox puts nothing there.
func TestSubscriber_CannotPushIntoTheInbox(t *testing.T) {
	url, b := start(t)
	publish(t, b, events.TypeRecommendationReady, "r1")
	before := total(t, b)
	nc, _ := as(t, url, "dashboard")
	for _, subject := range []string{events.SubjectRequested, events.SubjectCancel + "r1", orders.Subject(events.TypeRunFailed, "r1")} {
		body := `{"stream_name":"SQUIRRLY_EVENTS","config":{"durable_name":"dashboard","deliver_subject":"` + subject +
			`","ack_policy":"none","filter_subject":"` + events.SubjectReady + `"}}`
		if _, err := nc.Request("$JS.API.CONSUMER.CREATE.SQUIRRLY_EVENTS.dashboard."+events.SubjectReady, []byte(body), time.Second); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond) // long enough for a message that would be pushed at once
		_ = bustest.JetStream(b).DeleteConsumer(t.Context(), events.StreamEvents, "dashboard")
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
	env := append(os.Environ(), "NATS_URL="+url, "NATS_USER=dashboard", "NATS_PASSWORD=secret-of-dashboard")

	publish(t, b, events.TypeRecommendationReady, "r1")
	if run := firstRun(t, program, env); run != "r1" {
		t.Errorf("first %s", run)
	}
	publish(t, b, events.TypeRunFailed, "r2")
	publish(t, b, events.TypeRecommendationReady, "r3")
	if run := firstRun(t, program, env); run != "r3" {
		t.Errorf("then %s", run)
	}
	if _, err := bustest.JetStream(b).CreateConsumer(t.Context(), events.StreamEvents, durable("audit", events.SubjectReady)); err != nil {
		t.Fatal(err)
	}
	env = append(os.Environ(), "NATS_URL="+url, "NATS_USER=audit", "NATS_PASSWORD=secret-of-audit", "BIND=1")
	if run := firstRun(t, program, env); run != "r1" {
		t.Errorf("with the durable of an administrator %s", run)
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
