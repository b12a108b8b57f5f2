package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/backends"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/bus/bustest/shipped"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/llmtest"
	"squirrly.dev/internal/logbuffer"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
	"squirrly.dev/services/collector"
	"squirrly.dev/services/notifier"
	"squirrly.dev/services/trigger"
)

// secured is the NATS that deploy/ ships, with accounts and users as `squirrly nats-users` makes them.
type secured struct {
	*testing.T

	url        string
	ca         string // file of the authority of the servers; empty: no TLS
	folder     *natsusers.Folder
	mu         sync.Mutex
	violations []string
}

func secure(t *testing.T, overlay string) *secured {
	t.Helper()
	dir := t.TempDir()
	folder, err := natsusers.Prepare(dir, "", natsusers.Options{
		Channels: []string{"log", "nats"}, Forward: []string{"acme.flink.advice"},
		Requesters: []natsusers.Requester{{Name: "ci"}}, Subscribers: []string{"dashboard"},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &secured{T: t, folder: folder}
	nodes, ca := bustest.Shipped(t, filepath.Join("..", "..", "..", ".."), overlay, folder.Conf)
	for _, n := range nodes {
		s.url += "," + n.URL()
		if n.TLS {
			s.ca = ca
		}
	}
	s.url = strings.TrimPrefix(s.url, ",")
	b := s.bus(natsusers.Provision)
	if err := b.Provision(t.Context(), bus.Topology{Channels: []string{"log", "nats"}, Subscribers: []string{"dashboard"}, Replicas: len(nodes)}); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *secured) password(user string) string {
	s.Helper()
	for _, l := range s.folder.Users {
		if l.Name == user {
			return l.Password
		}
	}
	s.Fatalf("no user %s", user)
	return ""
}

// Write keeps what connections log of violations.
func (s *secured) Write(line []byte) (int, error) {
	if bytes.Contains(bytes.ToLower(line), []byte("violation")) {
		s.mu.Lock()
		s.violations = append(s.violations, string(line))
		s.mu.Unlock()
	}
	return s.Output().Write(line)
}

func (s *secured) log(user string) *slog.Logger {
	return slog.New(slog.NewTextHandler(s, nil)).With("user", user)
}

// bus is the connection of a service.
func (s *secured) bus(user string) *bus.Bus {
	s.Helper()
	b, err := bus.Connect(s.Context(), bus.Options{
		URL: s.url, CAFile: s.ca, Name: "squirrly-" + user, User: user, Password: s.password(user), Impatient: true, Logger: s.log(user),
	})
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(b.Close)
	return b
}

// client is the connection of somebody outside.
func (s *secured) client(user string) *nats.Conn {
	s.Helper()
	trust := func(*nats.Options) error { return nil }
	if s.ca != "" {
		trust = nats.RootCAs(s.ca)
	}
	nc, err := nats.Connect(s.url, trust, nats.UserInfo(user, s.password(user)), nats.CustomInboxPrefix("_INBOX_"+user),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { s.log(user).Error("NATS error", "error", err) }))
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(nc.Close)
	return nc
}

func (s *secured) run(r runner) {
	ctx, cancel := context.WithCancel(s.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	s.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			s.Error(err)
		}
	})
}

// services starts the four services, each on a connection of its own user.
func (s *secured) services(told io.Writer) {
	s.Helper()
	cfg, err := load(Options{})
	s.must(err)
	model := llmtest.NewServer(llmtest.Honest(), llmtest.Honest(), llmtest.Honest())
	s.Cleanup(model.Close)
	cfg.Analyzer.LLM, err = analyzer.LLMFromEnv("SQUIRRLY_LLM_PROVIDER=openai", "SQUIRRLY_LLM_URL="+model.URL(),
		"SQUIRRLY_LLM_KEY="+llmtest.Key, "SQUIRRLY_LLM_MODEL="+llmtest.Model, "SQUIRRLY_LLM_BUDGET_DAY_TOKENS=10000000")
	s.must(err)
	cfg.Notifier.Log, cfg.Notifier.Subject, cfg.Trigger.Sweep = true, "acme.flink.advice", 100*time.Millisecond
	way, err := access.Open(cfg.Flink, access.Options{})
	s.must(err)
	store := func(b *bus.Bus) *artifact.Store {
		opened, err := backends.Store(s.Context(), b, artifact.S3Config{})
		s.must(err)
		return opened
	}
	buses := map[string]*bus.Bus{}
	for _, name := range []string{natsusers.Trigger, natsusers.Collector, natsusers.Analyzer, natsusers.Notifier} {
		buses[name] = s.bus(name)
		if err := buses[name].Ready(s.Context()); err != nil {
			s.Fatalf("%s is not ready: %v", name, err)
		}
	}
	b := buses[natsusers.Trigger]
	s.must(b.InboxReady(s.Context()))
	t, err := trigger.New(cfg.Trigger, trigger.Deps{Bus: b, Store: store(b), Flink: way, Logger: s.log("trigger")})
	s.must(err)
	b = buses[natsusers.Collector]
	c, err := collector.New(cfg.Collector, collector.Deps{Bus: b, Store: store(b), Flink: way, Logger: s.log("collector")})
	s.must(err)
	b = buses[natsusers.Analyzer]
	a, err := analyzer.New(cfg.Analyzer, analyzer.Deps{Bus: b, Store: store(b), HTTP: http.DefaultClient, Logger: s.log("analyzer")})
	s.must(err)
	n, err := notifier.New(cfg.Notifier, notifier.Deps{
		Bus: buses[natsusers.Notifier], Log: told, Logger: s.log("notifier"),
	})
	s.must(err)
	for _, r := range []runner{t, c, a, n} {
		s.run(r)
	}
}

func (s *secured) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// TestUsers_Chain: from the request of somebody who may only ask to the recommendation read by somebody who may only read, with
// each service under its own user. Nobody does what it may not.
func TestUsers_Chain(t *testing.T) {
	s := secure(t, shipped.Prod)
	replay, err := flinktest.NewReplay("1.20.5")
	s.must(err)
	flink := httptest.NewServer(replay)
	t.Cleanup(flink.Close)
	told := &logbuffer.Buffer{}
	s.services(told)

	reader := s.client("dashboard")
	live, err := reader.SubscribeSync(events.SubjectReady)
	s.must(err)
	advice, err := reader.SubscribeSync("acme.flink.advice")
	s.must(err)
	s.must(reader.Flush())

	const id = "request-of-ci"
	request := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"ci","type":%q,"data":{"target":{"url":%q},"duration":"1s"}}`,
		id, events.TypeProfileRequested, flink.URL)
	ack, err := s.client("ci").RequestMsg(&nats.Msg{
		Subject: events.SubjectRequested, Data: []byte(request), Header: nats.Header{events.HeaderContentType: {events.ContentType}},
	}, 10*time.Second)
	if err != nil || !strings.Contains(string(ack.Data), events.StreamRequests) {
		t.Fatalf("the request: %v, %+v", err, ack)
	}
	runID := events.RunIDFromEvent("ci", id)

	m, err := live.NextMsg(2 * time.Minute)
	s.must(err)
	kept, err := s.next(reader, "dashboard")
	s.must(err)
	for name, body := range map[string][]byte{"as it comes": m.Data, "from its durable": kept} {
		e, err := events.DecodeEvent(body)
		if err != nil || e.RunID != runID || e.Type != events.TypeRecommendationReady {
			t.Errorf("%s: %v, run %s, %s", name, err, e.RunID, e.Type)
		}
		r, err := events.Data[events.RecommendationReady](e)
		if err != nil || len(r.Findings) == 0 {
			t.Errorf("%s: %v, %d findings", name, err, len(r.Findings))
		}
	}
	if m, err := advice.NextMsg(time.Minute); err != nil || len(m.Data) == 0 {
		t.Errorf("on the notifier's subject: %v", err)
	}
	s.until("told in the log", func() bool { return strings.Contains(told.String(), "Thread.sleep") })
	js := bustest.JetStream(s.bus(natsusers.Operator))
	for _, bucket := range []string{events.BucketSpending, events.BucketAnswers, events.BucketFindings, events.BucketNotify} {
		stream, err := js.Stream(t.Context(), bus.BucketStream(bucket))
		s.must(err)
		if stream.CachedInfo().State.Msgs == 0 {
			t.Errorf("nothing is kept in %s", bucket)
		}
	}
	rec, err := run.New(s.bus(natsusers.Operator)).Get(t.Context(), runID)
	if err != nil || rec.State != events.StateAnalyzed {
		t.Errorf("the operator reads %s, %v", rec.State, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.violations {
		t.Error(v)
	}
}

// next takes one result from the durable of a subscriber, and acknowledges it, with the official client.
func (s *secured) next(nc *nats.Conn, name string) ([]byte, error) {
	js, err := jetstream.NewWithAPIPrefix(nc, natsusers.APIPrefix)
	s.must(err)
	durable, err := js.Consumer(s.Context(), events.StreamEvents, bus.SubscriberDurable(name))
	if err != nil {
		return nil, fmt.Errorf("bind: %w", err)
	}
	m, err := durable.Next(jetstream.FetchMaxWait(time.Minute))
	if err != nil {
		return nil, fmt.Errorf("next: %w", err)
	}
	if err := m.DoubleAck(s.Context()); err != nil {
		return nil, fmt.Errorf("acknowledge on %s: %w", m.Reply(), err)
	}
	info, err := durable.Info(s.Context())
	if err != nil || info.NumAckPending != 0 || info.AckFloor.Consumer != 1 {
		return nil, fmt.Errorf("it is not acknowledged: %w, %+v", err, info)
	}
	return m.Data(), nil
}

func (s *secured) until(what string, ok func() bool) {
	s.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
	}
	s.Fatalf("not within a minute: %s", what)
}
