package run

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/pkg/events"
)

// Whatever workers, sweepers and requesters do to a run, in whatever order, and wherever a process dies meanwhile: the run
// only moves forward, it ends once, and what a worker does that has lost its hold changes nothing. In calm it ends.
// `go test ./internal/run -run TestModel -rapid.checks=10000` tries more sequences.
func TestModel(t *testing.T) {
	b := bustest.Start(t)
	r := New(b)
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t, r)
		t.Repeat(map[string]func(*rapid.T){
			"":        m.check,
			"deliver": m.deliver,
			"settle":  m.settle,
			"cancel":  m.cancel,
			"sweep":   m.sweep,
		})
		m.calm(t)
	})
}

// model is one run and those who work on it.
type model struct {
	runs   *Runs
	id     string
	state  events.State // as it was seen last
	claims []*Claim     // of workers that do not know whether they still own the run
	seq    uint64
	died   bool // the last action was cut short
}

var steps = []Step{
	{Service: events.DurableCollector, Working: events.StateProfiling, Done: events.StateCaptured},
	{Service: events.DurableAnalyzer, Working: events.StateAnalyzing, Done: events.StateAnalyzed},
}

// ends are the facts that end a run, by the state that they belong to.
var ends = map[events.State]events.Type{
	events.StateAnalyzed: events.TypeRecommendationReady, events.StateFailed: events.TypeRunFailed,
	events.StateCancelled: events.TypeRunCancelled, events.StateRejected: events.TypeRunRejected,
}

func newModel(t *rapid.T, r *Runs) *model {
	m := &model{runs: r, id: uuid.NewString(), state: events.StatePlanned, seq: 1}
	left := rapid.SampledFrom([]time.Duration{time.Hour, time.Hour, -time.Second}).Draw(t, "time to the deadline")
	p := events.Plan{
		Run: m.id, Identity: events.Identity{Cluster: "local", Namespace: "flink", Job: m.id}, RestURL: "http://localhost:8081",
		JobID: "j", Modes: []events.Mode{events.ModeWall}, Duration: events.Duration(time.Second),
		Deadline: time.Now().Add(left), RequestedAt: time.Now(), Target: events.Target{URL: "http://localhost:8081"},
	}
	rec := Record{Run: m.id, State: m.state, Plan: p}
	if rapid.Bool().Draw(t, "captured") {
		m.state, rec.State = events.StateCaptured, events.StateCaptured
		e, err := rec.Event(events.DurableCollector, m.payload(steps[0]))
		if err != nil {
			t.Fatal(err)
		}
		if err := r.bus.PublishFact(t.Context(), p.Identity.Subject(e.Type, m.id), e); err != nil {
			t.Fatal(err)
		}
	}
	if created, err := r.Create(t.Context(), rec); err != nil || !created {
		t.Fatalf("create: %v, %v", created, err)
	}
	return m
}

// moment is the context of one action: of a process that lives, or of one that dies somewhere in the middle.
func (m *model) moment(t *rapid.T) context.Context {
	m.died = rapid.IntRange(0, 3).Draw(t, "dies") == 0
	if !m.died {
		return t.Context()
	}
	after := time.Duration(rapid.IntRange(0, 3000).Draw(t, "after µs")) * time.Microsecond
	ctx, cancel := context.WithTimeout(t.Context(), after)
	t.Cleanup(cancel)
	return ctx
}

// deliver gives a message of a step to a worker: a new one, or the one that another has.
func (m *model) deliver(t *rapid.T) {
	step := rapid.SampledFrom(steps).Draw(t, "step")
	if step.Service == events.DurableAnalyzer && !m.published(t, events.TypeArtifactReady) {
		return // there is no message for the analyzer
	}
	d := bus.Delivery{Seq: m.seq, AckWait: rapid.SampledFrom([]time.Duration{0, time.Hour}).Draw(t, "ack wait")}
	if rapid.Bool().Draw(t, "new message") {
		m.seq++
		d.Seq = m.seq
	}
	process := m.process(t)
	before := m.record(t)
	c, err := m.runs.claim(m.moment(t), step, m.id, events.Event{}, d, process)
	busy := before.Owner != "" && before.OwnerStep == step.Service && before.OwnerSeq != d.Seq && d.AckWait > 0
	switch {
	case m.died: // whoever it was has a claim or not
	case before.State.Reached(step.Done) != errors.Is(err, errBeyond), err == nil && busy:
		t.Fatalf("claim by %s of a run that is %s, busy %v: %v", step.Service, before.State, busy, err)
	case errors.Is(err, errEnding):
		m.do(t, "end as intended", c.publishEnd(m.moment(t)))
	case errors.Is(err, errCrash):
		m.do(t, "end a crash loop", c.end(m.moment(t), events.StateFailed, events.CodeCrashLoop, err))
	case err != nil && !errors.Is(err, errBeyond) && !errors.Is(err, errBusy):
		t.Fatalf("claim: %v", err)
	}
	if c != nil {
		m.claims = append(m.claims, c)
	}
}

// process is the lease of a process that lives, or of one that is gone.
func (m *model) process(t *rapid.T) string {
	key := events.DurableCollector + "." + rapid.SampledFrom([]string{"one", "two", "gone"}).Draw(t, "process")
	if key != events.DurableCollector+".gone" {
		if err := m.runs.leases.Put(t.Context(), key, lease{}); err != nil {
			t.Fatal(err)
		}
	}
	return key
}

// settle lets a worker do what workers do with a claim. It may have lost its hold long ago.
func (m *model) settle(t *rapid.T) {
	if len(m.claims) == 0 {
		return // nobody works on the run
	}
	c := m.claims[len(m.claims)-1]
	if rapid.Bool().Draw(t, "an older one") {
		c = rapid.SampledFrom(m.claims).Draw(t, "claim")
	}
	before, facts := m.record(t), m.facts(t)
	ctx := m.moment(t)
	var err error
	switch what := rapid.SampledFrom([]string{"check", "finish", "finish", "publish", "wait", "hand back", "panic", "fail", "cancelled"}).Draw(t, "what"); what {
	case "check":
		err = c.Check(ctx)
	case "finish":
		err = c.finish(ctx, m.payload(c.step))
	case "publish": // and die before the record is written
		err = m.publish(ctx, c)
	case "wait":
		after := rapid.SampledFrom([]time.Duration{0, time.Minute}).Draw(t, "wait")
		_, err = c.wait(ctx, bus.AsFault(bus.Wait(events.CodeProfilerBusy, after, errors.New("busy")), 0))
	case "hand back":
		err = c.handBack(ctx)
	case "panic":
		err = c.crashed(ctx, "index out of range")
	case "fail":
		err = c.end(ctx, events.StateFailed, events.CodeInternal, errors.New("it does not work"))
	case "cancelled":
		if !before.Cancel {
			return // nobody asked for the end
		}
		err = c.end(ctx, events.StateCancelled, events.CodeCancelled, ErrCancelled)
	}
	m.do(t, "settle", err)
	if before.Owner == c.owner {
		return
	}
	if after := m.record(t); !cmp.Equal(before, after) {
		t.Fatalf("a worker without hold changed the record:\n%s", cmp.Diff(before, after))
	}
	if after := m.facts(t); !cmp.Equal(facts, after) {
		t.Fatalf("a worker without hold published: %v, before %v", after, facts)
	}
}

// publish is the first half of what a worker does with its result.
func (m *model) publish(ctx context.Context, c *Claim) error {
	rec, p := c.Record(), m.payload(c.step)
	e, err := rec.Event(c.step.Service, p)
	if err != nil {
		return err
	}
	err = c.Mutate(ctx, func(r *Record) error {
		if c.step.Done.Terminal() {
			r.Ending, r.Result = c.step.Done, &e
		}
		return nil
	})
	if err != nil {
		return err
	}
	return m.runs.bus.PublishFact(ctx, rec.Plan.Identity.Subject(p.EventType(), m.id), e)
}

// do checks that an action failed in no other way than it may.
func (m *model) do(t *rapid.T, what string, err error) {
	var f *bus.Fault
	if err == nil || m.died || errors.Is(err, ErrSuperseded) || errors.Is(err, ErrCancelled) || errors.As(err, &f) {
		return
	}
	t.Fatalf("%s: %v", what, err)
}

// cancel is what the intake does with a request for the end.
func (m *model) cancel(t *rapid.T) {
	_, err := m.runs.Update(m.moment(t), m.id, func(r *Record) error {
		if r.State.Terminal() {
			return errBeyond
		}
		r.Cancel = true
		return nil
	})
	if !errors.Is(err, errBeyond) {
		m.do(t, "cancel", err)
	}
}

// sweep looks at the run as a sweeper does that has seen it a while ago, or just now.
func (m *model) sweep(t *rapid.T) {
	s := Sweeper{Runs: m.runs, Stale: rapid.SampledFrom([]time.Duration{-time.Second, time.Hour}).Draw(t, "stale")}
	if err := s.look(m.moment(t), m.record(t)); !errors.Is(err, errUnchanged) {
		m.do(t, "sweep", err)
	}
}

// check is what holds after every action.
func (m *model) check(t *rapid.T) {
	r, facts := m.record(t), m.facts(t)
	if m.state.Terminal() && r.State != m.state || !r.State.Reached(m.state) {
		t.Fatalf("the run was %s and is %s", m.state, r.State)
	}
	m.state = r.State
	if len(facts) > 1 || r.State.Terminal() && (len(facts) != 1 || facts[0] != ends[r.State]) {
		t.Fatalf("the run is %s, and what ends it is %v", r.State, facts)
	}
	if r.Crashes > maxCrashes+1 {
		t.Fatalf("%d crashes, and the run goes on", r.Crashes)
	}
}

// calm ends the run without any fault: each message comes to a worker that lives, and the sweeper looks.
func (m *model) calm(t *rapid.T) {
	m.died = false
	const most = 20
	for range most {
		if m.record(t).State.Terminal() {
			m.check(t)
			return
		}
		for _, step := range steps {
			m.work(t, step)
		}
		s := Sweeper{Runs: m.runs, Stale: -time.Second}
		if err := s.look(t.Context(), m.record(t)); err != nil && !errors.Is(err, errUnchanged) {
			t.Fatalf("sweep: %v", err)
		}
		m.check(t)
	}
	t.Fatalf("the run is still %s: %+v", m.state, m.record(t))
}

// work is one delivery to a worker without a fault.
func (m *model) work(t *rapid.T, step Step) {
	if step.Service == events.DurableAnalyzer && !m.published(t, events.TypeArtifactReady) {
		return
	}
	m.seq++
	w := worker{runs: m.runs, step: step, process: events.DurableCollector + ".one", handle: func(context.Context, *Claim) (events.Payload, error) {
		return m.payload(step), nil
	}}
	if err := m.runs.leases.Put(t.Context(), w.process, lease{}); err != nil {
		t.Fatal(err)
	}
	e, err := (&Record{Run: m.id}).Event("model", m.payload(step))
	if err != nil {
		t.Fatal(err)
	}
	body, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	w.deliver(t.Context(), bus.Delivery{Seq: m.seq, Body: body, Number: 1, Stored: time.Now()})
}

func (m *model) payload(s Step) events.Payload {
	id := events.Identity{Cluster: "local", Namespace: "flink", Job: m.id}
	ref := events.ObjectRef{Key: "k", SHA256: fmt.Sprintf("%064d", 1), Size: 1}
	if s.Service == events.DurableAnalyzer {
		return events.RecommendationReady{
			Run: m.id, Identity: id, Severity: events.SeverityInfo, Analysis: ref,
			Verdict: events.Verdict{Headline: "not limited", Limit: events.LimitNone},
		}
	}
	return events.ArtifactReady{Run: m.id, Identity: id, Manifest: ref, Captures: []events.CaptureRef{
		{JVM: "tm", Mode: events.ModeWall, Status: events.CaptureStored, ObjectRef: ref},
	}}
}

func (m *model) record(t *rapid.T) Record {
	r, err := m.runs.Get(t.Context(), m.id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// facts are those that end the run.
func (m *model) facts(t *rapid.T) []events.Type {
	var all []events.Type
	for _, of := range []events.Type{
		events.TypeRecommendationReady, events.TypeRunFailed, events.TypeRunCancelled, events.TypeRunRejected,
	} {
		if m.published(t, of) {
			all = append(all, of)
		}
	}
	return all
}

func (m *model) published(t *rapid.T, of events.Type) bool {
	id := events.Identity{Cluster: "local", Namespace: "flink", Job: m.id}
	seq, err := m.runs.bus.LastFact(t.Context(), id.Subject(of, m.id))
	if err != nil {
		t.Fatal(err)
	}
	return seq > 0
}
