package notifier_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier"
)

// night is what one job shows in one night: the shares of its findings, by fingerprint.
type night map[string]float64

// plant is a change that is really there from a night on.
type plant struct {
	job, from int
	finding   string
	share     float64 // 0: it is gone
	want      events.LifeChange
}

// plants are 20 changes in a month of 12 jobs, of each kind, large and small.
var plants = []plant{
	{0, 4, "b", 0.30, events.LifeOpened},
	{1, 6, "b", 0.07, events.LifeOpened},
	{2, 8, "b", 0.55, events.LifeOpened},
	{3, 10, "b", 0.12, events.LifeOpened},
	{4, 12, "b", 0.20, events.LifeOpened},
	{5, 5, "a", 0.70, events.LifeWorsened},
	{6, 9, "a", 0.60, events.LifeWorsened},
	{7, 13, "a", 0.55, events.LifeWorsened},
	{8, 17, "a", 0.85, events.LifeWorsened},
	{9, 7, "a", 0.20, events.LifeImproved},
	{10, 11, "a", 0.25, events.LifeImproved},
	{11, 15, "a", 0.15, events.LifeImproved},
	{0, 18, "a", 0, events.LifeResolved},
	{1, 19, "a", 0, events.LifeResolved},
	{2, 20, "b", 0, events.LifeResolved},
	{3, 21, "a", 0, events.LifeResolved},
	{1, 22, "b", 0, events.LifeResolved},
	{0, 25, "a", 0.40, events.LifeReopened},
	{3, 26, "a", 0.40, events.LifeReopened},
	{2, 26, "b", 0.50, events.LifeReopened},
}

const (
	jobs, nights = 12, 31
	firstShare   = 0.40 // of finding a of each job
	most         = 3    // nights from a change until it is told
)

// shows is what a job shows in a night, without noise.
func shows(job, day int) night {
	n := night{"a": firstShare}
	for _, p := range plants {
		if p.job == job && day >= p.from {
			n[p.finding] = p.share
		}
	}
	return n
}

// result is what a run makes of a night: with the error of sampling, other words, another order, and severities on the edge.
func result(rng *rand.Rand, job, day int, n night) events.RecommendationReady {
	const samples = 2400
	run := fmt.Sprintf("run-%02d-%02d", job, day)
	r := events.RecommendationReady{
		Run: run, Identity: events.Identity{Cluster: "c", Namespace: "n", Job: fmt.Sprintf("job-%02d", job)},
		CreatedAt: start.Add(time.Duration(day)*24*time.Hour + time.Duration(job)*time.Minute),
		Verdict:   events.Verdict{Limit: events.LimitVertex, Headline: fmt.Sprintf("A verdict in other words %d.", rng.IntN(100))},
		Severity:  events.SeverityWarning, Findings: []events.FindingExcerpt{},
		Looked:   &events.Looked{Load: true, Modes: []events.LookedAt{{Mode: events.ModeWall, JVMs: 2, Samples: samples}}},
		Analysis: events.ObjectRef{Key: "k", SHA256: strings.Repeat("a", 64)},
	}
	blind := day%9 == 8 // such a run lost a capture: that it misses a finding proves nothing
	if blind {
		r.Looked.Modes[0].Lost = 1
	}
	for _, name := range []string{"a", "b"} {
		share := n[name]
		if share == 0 || blind && rng.IntN(2) == 0 {
			continue
		}
		share = min(max(share+rng.NormFloat64()*0.01*(1+share), 0.01), 0.98) // jobs differ from night to night
		severity := events.SeverityWarning
		if rng.IntN(2) == 0 {
			severity = events.SeverityCritical
		}
		r.Findings = append(r.Findings, events.FindingExcerpt{Facts: []events.Fact{}, Finding: events.Finding{
			ID: "R1", Fingerprint: fmt.Sprintf("%s-%02d", name, job), FingerprintVersion: 2, Rule: "A1", Category: "blocking",
			Title: fmt.Sprintf("Words %d", rng.IntN(1000)), Severity: severity, Anchor: "X." + name, OnPath: true, Mode: events.ModeWall,
			Samples: int64(share * samples), P: share, StdErr: math.Sqrt(share * (1 - share) / samples), Bound: 1 / (1 - share), Evidence: []string{},
		}})
	}
	rng.Shuffle(len(r.Findings), func(i, j int) { r.Findings[i], r.Findings[j] = r.Findings[j], r.Findings[i] })
	return r
}

// start of the month is recent enough for the events to be told: the days of a result are its own.
var start = time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)

func publishReady(t *testing.T, b *bus.Bus, r events.RecommendationReady) {
	t.Helper()
	e, err := events.New("squirrly/analyzer", r.Run, time.Now(), r)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.PublishFact(t.Context(), r.Identity.Subject(e.Type, r.Run), e); err != nil {
		t.Fatal(err)
	}
}

// runs counts what a webhook gets, by run.
type hook struct {
	mu   sync.Mutex
	runs map[string]int
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	e, bad := events.DecodeEvent(body)
	if err != nil || bad != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.runs[e.RunID]++
}

func (h *hook) told() map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.runs)
}

// two starts two notifiers, which share a webhook.
func two(t *testing.T, b *bus.Bus, h *hook) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 2 {
		s, err := notifier.New(notifier.Config{
			WebhookURL: daemon.Secret(srv.URL), WebhookSecret: secret, OutboundPrivate: true, Backoff: 10 * time.Millisecond,
		}, notifier.Deps{Bus: bustest.As(t, b, natsusers.Notifier)})
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			if err := s.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() { stop(); wg.Wait() })
}

// drained waits until the consumers of the notifiers have nothing left.
func drained(t *testing.T, b *bus.Bus) {
	t.Helper()
	until(t, "end of the backlog", func() bool {
		for _, name := range []string{events.DurableFindings, bus.NotifierDurable("webhook")} {
			c, err := bustest.JetStream(b).Consumer(t.Context(), events.StreamEvents, name)
			if err != nil {
				t.Fatal(err)
			}
			if i := c.CachedInfo(); i.NumPending > 0 || i.NumAckPending > 0 {
				return false
			}
		}
		return true
	})
}

// facts are the changes of findings that are told on the bus.
func facts(t *testing.T, b *bus.Bus) []events.FindingChanged {
	t.Helper()
	s, err := bustest.JetStream(b).Stream(t.Context(), events.StreamEvents)
	if err != nil {
		t.Fatal(err)
	}
	var all []events.FindingChanged
	for seq := uint64(1); ; seq++ {
		m, err := s.GetMsg(t.Context(), seq, jetstream.WithGetMsgSubject(events.SubjectFindings))
		if err != nil {
			return all
		}
		seq = m.Sequence
		e, err := events.DecodeEvent(m.Data)
		if err != nil {
			t.Fatal(err)
		}
		c := fact(t, e)
		c.Rule = string(e.Type) // where the tests look for what happened
		all = append(all, c)
	}
}

func fact(t *testing.T, e events.Event) events.FindingChanged {
	t.Helper()
	switch e.Type { //nolint:exhaustive // of findings only.
	case events.TypeFindingOpened:
		p, err := events.Data[events.FindingOpened](e)
		return must(t, p.FindingChanged, err)
	case events.TypeFindingWorsened:
		p, err := events.Data[events.FindingWorsened](e)
		return must(t, p.FindingChanged, err)
	case events.TypeFindingImproved:
		p, err := events.Data[events.FindingImproved](e)
		return must(t, p.FindingChanged, err)
	case events.TypeFindingResolved:
		p, err := events.Data[events.FindingResolved](e)
		return must(t, p.FindingChanged, err)
	case events.TypeFindingReopened:
		p, err := events.Data[events.FindingReopened](e)
		return must(t, p.FindingChanged, err)
	case events.TypeFindingDismissed:
		p, err := events.Data[events.FindingDismissed](e)
		return must(t, p.FindingChanged, err)
	}
	t.Fatalf("no fact of a finding: %s", e.Type)
	return events.FindingChanged{}
}

func must[T any](t *testing.T, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// months is how many months with other noise are tried.
var months = flag.Uint64("months", 2, "simulated months of TestMonth, each with a seed of its own")

// A month of nightly runs of 12 jobs: each of 20 changes is told once, within a few nights, and nothing else is, by two
// notifiers at once.
func TestMonth(t *testing.T) {
	for seed := range *months {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { month(t, seed) })
	}
}

func month(t *testing.T, seed uint64) {
	t.Helper()
	b := bustest.Start(t, "webhook")
	h := &hook{runs: map[string]int{}}
	two(t, b, h)
	rng := rand.New(rand.NewPCG(seed, 2))
	for day := range nights {
		for job := range jobs {
			publishReady(t, b, result(rng, job, day, shows(job, day)))
		}
		drained(t, b)
	}
	all := facts(t, b)
	var left []events.FindingChanged
	for _, c := range all {
		if c.Rule != string(events.TypeFindingOpened) || !strings.HasSuffix(c.Run, "-00") {
			left = append(left, c)
		}
	}
	if opened := len(all) - len(left); opened != jobs {
		t.Errorf("%d findings were opened in the first night, want %d", opened, jobs)
	}
	once := 0
	for _, p := range plants {
		fits := func(c events.FindingChanged) bool {
			day := int(c.At.Sub(start) / (24 * time.Hour))
			return c.Fingerprint == fmt.Sprintf("%s-%02d", p.finding, p.job) && strings.Contains(c.Rule, string(p.want)) &&
				day >= p.from && day <= p.from+most
		}
		if i := slices.IndexFunc(left, fits); i >= 0 {
			left = slices.Delete(left, i, i+1)
			once++
		} else {
			t.Errorf("not told: %+v", p)
		}
	}
	for _, c := range left {
		t.Errorf("told without a change: %s of %s in %s: %+v, %+v", c.Rule, c.Fingerprint, c.Run, c.Before, c.Now)
	}
	changed := map[string]bool{}
	for _, c := range all {
		changed[c.Run] = true
	}
	told, doubled, empty := h.told(), 0, 0
	for run, n := range told {
		doubled += n - 1
		if !changed[run] {
			empty++
		}
	}
	t.Logf("%d runs, %d of %d changes told once, %d messages, %d doubled, %d without a change", jobs*nights, once, len(plants), len(told), doubled, empty)
	if doubled > 0 || empty > 0 || len(told) != len(changed) {
		t.Errorf("%d messages for %d runs with changes, %d doubled, %d without a change", len(told), len(changed), doubled, empty)
	}
}
