package channel_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/internal/netguard"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
	"squirrly.dev/services/notifier/internal/delivery"
	"squirrly.dev/services/notifier/internal/lives"
	"squirrly.dev/services/notifier/internal/route"
)

var deliveries = flag.Int("deliveries", 40, "messages for each channel of TestDeliveries, and for TestLatency")

// flaky fails a third of the requests: half of them before it hands them on, and half after that, so that the answer is lost.
type flaky struct {
	next http.Handler

	mu     sync.Mutex
	rng    *rand.Rand
	faults int
	calm   bool
}

func (f *flaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	n := f.rng.IntN(12)
	if f.calm {
		n = 11
	}
	if n < 4 {
		f.faults++
	}
	f.mu.Unlock()
	switch n {
	case 0:
		w.WriteHeader(http.StatusInternalServerError)
	case 1:
		w.WriteHeader(http.StatusTooManyRequests)
	case 2, 3: // taken, and the connection is cut, or the answer is another
		f.next.ServeHTTP(httptest.NewRecorder(), r)
		if h, ok := w.(http.Hijacker); ok && n == 2 {
			if c, _, err := h.Hijack(); err == nil {
				_ = c.Close()
				return
			}
		}
		w.WriteHeader(http.StatusBadGateway)
	default:
		f.next.ServeHTTP(w, r)
	}
}

// stand is a channel with a receiver that is flaky.
type stand struct {
	typ        string
	idempotent bool // the receiver takes a message that is told again for the same
	channel    channel.Channel
	faults     func() int
	// taken are the ids of what the receiver took, once for each time that it counts.
	taken func() []string
}

// web is a receiver by HTTP.
func web(t *testing.T, next http.Handler) (*httptest.Server, *flaky) {
	f := &flaky{next: next, rng: rand.New(rand.NewPCG(1, 2))}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	return srv, f
}

// ids keeps the ids that a receiver is told.
type ids struct {
	mu  sync.Mutex
	all []string
}

func (i *ids) add(id string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.all = append(i.all, id)
}

func (i *ids) list() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.all)
}

var jobInText = regexp.MustCompile(`job-\d+`)

func stands(t *testing.T, b *bus.Bus) map[string]func() stand {
	return map[string]func() stand{
		"log": func() stand {
			var w bytes.Buffer
			return stand{typ: "log", channel: channel.NewLog("log", &w, channel.FormatJSON), taken: func() []string { return jobs(w.String()) }}
		},
		"webhook": func() stand {
			seen := map[string]bool{} // as a receiver does that knows the standard
			var got ids
			srv, f := web(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				e, err := events.DecodeEvent(body)
				if err != nil {
					t.Error(err)
				}
				got.mu.Lock()
				known := seen[r.Header.Get("webhook-id")]
				seen[r.Header.Get("webhook-id")] = true
				got.mu.Unlock()
				if !known {
					got.add(e.Subject)
				}
			}))
			return stand{typ: "webhook", idempotent: true, faults: f.count, taken: got.list, channel: open(t, &channel.WebhookSettings{URL: srv.URL, Secret: secret})}
		},
		"nats": func() stand {
			js := bustest.JetStream(b)
			s, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "ACME", Subjects: []string{"acme.>"}, Duplicates: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			flakyBus := &flakyForwarder{to: bustest.As(t, b, natsusers.Notifier), rng: rand.New(rand.NewPCG(1, 2))}
			ch, err := channel.NewSubject("nats", "acme.{job}", flakyBus)
			if err != nil {
				t.Fatal(err)
			}
			return stand{typ: "nats", idempotent: true, channel: ch, faults: func() int { return flakyBus.faults }, taken: func() []string {
				var all []string
				for seq := uint64(1); ; seq++ {
					m, err := s.GetMsg(t.Context(), seq)
					if err != nil {
						return all
					}
					all = append(all, m.Subject)
				}
			}}
		},
		"slack": func() stand {
			s := newSlack(t)
			srv, f := web(t, s)
			return stand{typ: "slack", faults: f.count, channel: open(t, &channel.SlackSettings{TokenFile: "x", Channel: "#flink", APIURL: srv.URL}), taken: func() []string {
				var all []string
				for _, m := range s.messages {
					all = append(all, jobInText.FindString(m.text))
				}
				return all
			}}
		},
		"alertmanager": func() stand {
			a := newAlerts(t)
			srv, f := web(t, a)
			return stand{typ: "alertmanager", idempotent: true, faults: f.count, channel: open(t, &channel.AlertSettings{URL: srv.URL}), taken: func() []string {
				var all []string
				for _, x := range a.alerts {
					if x.Labels["severity"] == "warning" {
						all = append(all, x.Labels["job"])
					}
				}
				return all
			}}
		},
		"github": func() stand {
			g := newGitHub(t)
			srv, f := web(t, g)
			return stand{typ: "github", idempotent: true, faults: f.count, channel: open(t, &channel.GitHubSettings{Repo: "acme/flink-jobs", TokenFile: "x", APIURL: srv.URL}), taken: func() []string {
				var all []string
				for _, i := range g.issues {
					all = append(all, jobInText.FindString(i.Title))
					for range i.comments {
						all = append(all, jobInText.FindString(i.Title))
					}
				}
				return all
			}}
		},
		"mail": func() stand {
			srv := newMailServer(t, false)
			srv.rng = rand.New(rand.NewPCG(1, 2))
			return stand{
				typ: "mail", idempotent: true, faults: func() int { return srv.faults }, channel: mailTo(t, srv.addr, srv.ca, channel.MailPlain),
				taken: func() []string { // by Message-ID, as mailboxes do that drop doubles
					seen := map[string]bool{}
					var all []string
					for _, raw := range srv.mails {
						m, err := mail.ReadMessage(strings.NewReader(raw))
						if err != nil {
							t.Fatal(err)
						}
						if id := m.Header.Get("Message-ID"); !seen[id] {
							all = append(all, jobInText.FindString(m.Header.Get("Subject")))
							seen[id] = true
						}
					}
					return all
				},
			}
		},
		"shoutrrr": func() stand {
			var p posts
			srv, f := web(t, &p)
			ch, err := byURL(t, generic(srv.URL), netguard.Outbound(true))
			if err != nil {
				t.Fatal(err)
			}
			return stand{typ: "shoutrrr", faults: f.count, channel: ch, taken: func() []string {
				var all []string
				for _, text := range p.all {
					all = append(all, jobInText.FindString(text))
				}
				return all
			}}
		},
	}
}

func (f *flaky) count() int { f.mu.Lock(); defer f.mu.Unlock(); return f.faults }

type flakyForwarder struct {
	to     channel.Forwarder
	mu     sync.Mutex
	rng    *rand.Rand
	faults int
}

func (f *flakyForwarder) Forward(ctx context.Context, subject string, header map[string]string, body []byte) error {
	f.mu.Lock()
	n := f.rng.IntN(6)
	if n < 2 {
		f.faults++
	}
	f.mu.Unlock()
	if n == 0 {
		return io.ErrUnexpectedEOF
	}
	if err := f.to.Forward(ctx, subject, header, body); err != nil {
		return err
	}
	if n == 1 { // it got through, and nobody heard of it
		return io.ErrUnexpectedEOF
	}
	return nil
}

func jobs(log string) []string {
	var all []string
	for line := range strings.Lines(log) {
		var r struct{ Job string }
		if json.Unmarshal([]byte(line), &r) == nil {
			all = append(all, r.Job)
		}
	}
	return all
}

// result is one that opens a finding of a job.
func result(n int) events.RecommendationReady {
	job := fmt.Sprintf("job-%d", n)
	return events.RecommendationReady{
		Run: "run-" + job, Identity: events.Identity{Cluster: "c", Namespace: "n", Job: job}, JobName: job, CreatedAt: time.Now(),
		Verdict: events.Verdict{Limit: events.LimitVertex, Headline: "Vertex enrich limits the job.", Confidence: events.ConfidenceHigh}, Severity: events.SeverityWarning,
		Looked: &events.Looked{Load: true, Modes: []events.LookedAt{{Mode: events.ModeWall, JVMs: 1, Samples: 2000}}},
		Findings: []events.FindingExcerpt{{Facts: []events.Fact{}, Finding: events.Finding{
			ID: "R1", Fingerprint: "f-" + job, FingerprintVersion: 2, Rule: "A1", Category: "blocking", Title: "A wait", Severity: events.SeverityWarning,
			Anchor: "X.map", OnPath: true, Mode: events.ModeWall, Samples: 1000, P: 0.5, StdErr: 0.01, Bound: 2, Evidence: []string{},
		}}},
		Analysis: events.ObjectRef{Key: "k", SHA256: strings.Repeat("a", 64)}, ReportURL: "https://squirrly.example/run-1",
	}
}

func publishResult(t *testing.T, b *bus.Bus, n int) {
	t.Helper()
	r := result(n)
	e, err := events.New("squirrly/analyzer", r.Run, time.Now(), r)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.PublishFact(t.Context(), r.Identity.Subject(e.Type, r.Run), e); err != nil {
		t.Fatal(err)
	}
}

// deliver runs the delivery of a channel until the test ends.
func deliver(t *testing.T, b *bus.Bus, typ string, ch channel.Channel) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	policy := delivery.Policy{Attempts: 1000, Backoff: time.Millisecond, MaxAge: time.Hour}
	b = bustest.As(t, b, natsusers.Notifier)
	d := delivery.New(named{ch, typ}, b, b, lives.New(b, log), route.Everyone([]string{typ}, nil), policy, log)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = b.Consume(ctx, bus.Channel(typ, 4), bus.Facts(d.Handle)) }()
	t.Cleanup(func() { cancel(); <-done })
}

// named is a channel by the name of its type.
type named struct {
	channel.Channel

	name string
}

func (n named) Name() string { return n.name }

// told waits until a number of messages is told, and none is given up.
func toldAll(t *testing.T, b *bus.Bus, want int) {
	t.Helper()
	s, err := bustest.JetStream(b).Stream(t.Context(), events.StreamEvents)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		info, err := s.Info(t.Context(), jetstream.WithSubjectFilter(events.SubjectNotices))
		if err != nil {
			t.Fatal(err)
		}
		sent := 0
		for subject := range info.State.Subjects {
			if strings.Contains(subject, "notification.failed") {
				t.Fatalf("given up: %s", subject)
			}
			sent++
		}
		if sent >= want {
			return
		}
	}
	t.Fatal("not all messages were told")
}

// Through receivers that fail a third of the time, and lose the answer to half of what they fail, no message is lost, and
// none is doubled where the receiver can tell.
func TestDeliveries(t *testing.T) {
	for _, typ := range channel.Names() {
		t.Run(typ, func(t *testing.T) {
			b := bustest.Start(t, typ)
			made := stands(t, b)[typ]
			if made == nil {
				t.Fatal("this type of channel is not measured")
			}
			s := made()
			deliver(t, b, typ, s.channel)
			for n := range *deliveries {
				publishResult(t, b, n)
			}
			toldAll(t, b, *deliveries)
			taken := s.taken()
			distinct := map[string]bool{}
			for _, id := range taken {
				distinct[id] = true
			}
			lost, doubled, faults := *deliveries-len(distinct), len(taken)-len(distinct), 0
			if s.faults != nil {
				faults = s.faults()
			}
			t.Logf("%d messages, %d faults: lost %d, doubled %d (the receiver can tell: %t)", *deliveries, faults, lost, doubled, s.idempotent)
			if lost != 0 || s.idempotent && doubled != 0 {
				t.Errorf("lost %d, doubled %d", lost, doubled)
			}
		})
	}
}

// How long it takes from the event to the webhook.
func TestLatency(t *testing.T) {
	b := bustest.Start(t, "webhook")
	got := make(chan time.Time, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { got <- time.Now() }))
	defer srv.Close()
	deliver(t, b, "webhook", open(t, &channel.WebhookSettings{URL: srv.URL, Secret: secret}))
	took := make([]time.Duration, *deliveries)
	for n := range took {
		began := time.Now()
		publishResult(t, b, n)
		took[n] = (<-got).Sub(began)
	}
	slices.Sort(took)
	t.Logf("event to webhook, %d messages one after another: p50 %s, p99 %s, longest %s", len(took), took[len(took)/2], took[len(took)*99/100], took[len(took)-1])
	if took[0] <= 0 {
		t.Errorf("a message came before its event: %s", took[0])
	}
}
