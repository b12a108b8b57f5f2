package lives_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/lives"
)

var start = time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)

// store is that of a notifier, as its user.
func store(t *testing.T, b *bus.Bus) *lives.Store {
	t.Helper()
	return storeOf(t, b, natsusers.Notifier)
}

func storeOf(t *testing.T, b *bus.Bus, user string) *lives.Store {
	t.Helper()
	return lives.New(bustest.As(t, b, user), slog.New(slog.DiscardHandler))
}

// result is a run of a job in which findings have shares.
func result(job, day, version int, shares map[string]float64) events.RecommendationReady {
	const samples = 2400
	run := fmt.Sprintf("run-%d-%d", job, day)
	r := events.RecommendationReady{
		Run: run, Identity: events.Identity{Cluster: "c", Namespace: "n", Job: fmt.Sprintf("job-%d", job)}, Severity: events.SeverityWarning,
		CreatedAt: start.Add(time.Duration(day) * 24 * time.Hour), Verdict: events.Verdict{Limit: events.LimitVertex, Headline: "It is limited."},
		Findings: []events.FindingExcerpt{}, Analysis: events.ObjectRef{Key: "k", SHA256: strings.Repeat("a", 64)},
		Looked: &events.Looked{Load: true, Modes: []events.LookedAt{{Mode: events.ModeWall, JVMs: 2, Samples: samples}}},
	}
	for name, p := range shares {
		r.Findings = append(r.Findings, events.FindingExcerpt{Facts: []events.Fact{}, Finding: events.Finding{
			ID: "R1", Fingerprint: fmt.Sprintf("%s-v%d", name, version), FingerprintVersion: version, Rule: "A-" + name, Category: "blocking", Title: "A title",
			Severity: events.SeverityWarning, Anchor: "X." + name, Vertices: []string{"v"}, OnPath: true, Mode: events.ModeWall,
			Samples: int64(p * samples), P: p, StdErr: math.Sqrt(p * (1 - p) / samples), Bound: 1 / (1 - p), Evidence: []string{},
		}})
	}
	return r
}

// observe returns what a run changes, in short.
func observe(t *testing.T, s *lives.Store, r events.RecommendationReady) string {
	t.Helper()
	_, steps, err := s.Observe(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, x := range steps {
		all = append(all, string(x.Kind))
	}
	return strings.Join(all, " ")
}

// handle has the facts of a result told.
func handle(t *testing.T, s *lives.Store, r events.RecommendationReady) {
	t.Helper()
	e, err := events.New("squirrly/analyzer", r.Run, time.Now(), r)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Handle(t.Context(), e, 1); err != nil {
		t.Fatal(err)
	}
}

// told counts the facts of findings.
func told(t *testing.T, b *bus.Bus) uint64 {
	t.Helper()
	s, err := bustest.JetStream(b).Stream(t.Context(), events.StreamEvents)
	if err != nil {
		t.Fatal(err)
	}
	info, err := s.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return info.State.Msgs
}

// Ten notifiers that take the same run, again and again, change and tell each finding once; each hears what changed.
func TestStore_ManyAtOnce(t *testing.T) {
	b := bustest.Start(t)
	r := result(0, 0, 2, map[string]float64{"a": .4, "b": .2, "c": .1})
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			s := store(t, b)
			if got := observe(t, s, r); got != "opened opened opened" {
				t.Errorf("changes: %q", got)
			}
			handle(t, s, r)
		})
	}
	wg.Wait()
	if n := told(t, b); n != 3 {
		t.Errorf("%d facts, want 3", n)
	}
	if got := observe(t, store(t, b), result(0, 1, 2, map[string]float64{"a": .41, "b": .2, "c": .1})); got != "" {
		t.Errorf("the next night changes %q", got)
	}
	if got := observe(t, store(t, b), r); got != "opened opened opened" {
		t.Errorf("a run that comes late a second time changed %q", got)
	}
}

// Other fingerprints of the same findings open nothing again and resolve nothing, and their ids stay.
func TestStore_FingerprintVersion(t *testing.T) {
	b := bustest.Start(t)
	s, person := store(t, b), storeOf(t, b, natsusers.Operator)
	shares := map[string]float64{"a": .4, "b": .2, "c": .1}
	observe(t, s, result(0, 0, 2, shares))
	before, err := person.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for day := 1; day < 6; day++ {
		if got := observe(t, s, result(0, day, 3, shares)); got != "" {
			t.Errorf("day %d: %q", day, got)
		}
	}
	after, err := person.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range before {
		if before[i].ID != after[i].ID || after[i].Fingerprint == before[i].Fingerprint {
			t.Errorf("%s %s became %s %s", before[i].ID, before[i].Fingerprint, after[i].ID, after[i].Fingerprint)
		}
	}
	if got := observe(t, s, result(0, 6, 4, map[string]float64{"a": .4, "b": .2, "c": .1, "d": .3})); got != "opened" {
		t.Errorf("a finding more, with a new version: %q", got)
	}
	if got := observe(t, s, result(0, 7, 4, map[string]float64{"b": .2, "c": .1, "d": .3})); got != "resolved" {
		t.Errorf("one that is gone: %q", got)
	}
}

// Without the bucket, everything is told once more, and nothing is kept back; a bucket that was made again, too.
func TestStore_LostBucket(t *testing.T) {
	b := bustest.Start(t)
	s := store(t, b)
	shares := map[string]float64{"a": .4}
	observe(t, s, result(0, 0, 2, shares))
	js := bustest.JetStream(b)
	if err := js.DeleteKeyValue(t.Context(), events.BucketFindings); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, steps, err := s.Observe(ctx, result(0, 1, 2, shares))
	if err != nil || len(steps) != 1 {
		t.Errorf("without a bucket: %v, %v", steps, err)
	}
	handle(t, s, result(0, 1, 2, shares))
	if n := told(t, b); n != 1 {
		t.Errorf("%d facts, want 1", n)
	}
	if err := b.Provision(t.Context(), bus.Topology{AckWait: bustest.AckWait}); err != nil {
		t.Fatal(err)
	}
	if got := observe(t, s, result(0, 2, 2, shares)); got != "opened" {
		t.Errorf("with a new bucket: %q", got)
	}
	if got := observe(t, s, result(0, 3, 2, shares)); got != "" {
		t.Errorf("and then: %q", got)
	}
}

// 10,000 findings are kept, listed and found within seconds.
func TestStore_TenThousand(t *testing.T) {
	const ofJob, ofAll = 12, 10_000
	b := bustest.Start(t)
	s, person := store(t, b), storeOf(t, b, natsusers.Operator)
	shares := map[string]float64{}
	for i := range ofJob {
		shares[fmt.Sprintf("f%d", i)] = .05 + float64(i)/100
	}
	jobs := (ofAll + ofJob - 1) / ofJob
	began := time.Now()
	for job := range jobs {
		if _, steps, err := s.Observe(t.Context(), result(job, 0, 2, shares)); err != nil || len(steps) != ofJob {
			t.Fatalf("job %d: %d changes, %v", job, len(steps), err)
		}
	}
	kept := time.Since(began)
	began = time.Now()
	all, err := person.List(t.Context())
	if err != nil || len(all) != jobs*ofJob {
		t.Fatalf("%d findings, %v", len(all), err)
	}
	listed := time.Since(began)
	x, err := person.Get(t.Context(), all[777].ID)
	if err != nil || x.ID != all[777].ID {
		t.Errorf("found %+v, %v", x, err)
	}
	t.Logf("%d findings of %d jobs: kept in %s, listed in %s", len(all), jobs, kept.Round(time.Millisecond), listed.Round(time.Millisecond))
	if listed > 5*time.Second {
		t.Errorf("listed in %s", listed)
	}
}

func TestStore_Dismiss(t *testing.T) {
	b := bustest.Start(t)
	s, person := store(t, b), storeOf(t, b, natsusers.Operator)
	shares := map[string]float64{"a": .4}
	handle(t, s, result(0, 0, 2, shares))
	all, err := person.List(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatalf("%v, %v", all, err)
	}
	id := all[0].ID
	until := start.Add(5*24*time.Hour - time.Hour)
	x, err := person.Dismiss(t.Context(), id[:6], &events.Dismissal{As: events.DismissedWrong, Reason: "no", By: "me", At: time.Now(), Until: until})
	if err != nil || x.State != events.LifeStateDismissed {
		t.Fatalf("%+v, %v", x, err)
	}
	if n := told(t, b); n != 2 {
		t.Errorf("%d facts, want 2: opened and dismissed", n)
	}
	for day, p := range []float64{0, .9, .9, 0, .4} { // neither worse nor gone is told
		now := map[string]float64{"a": p}
		if p == 0 {
			now = nil
		}
		if got := observe(t, s, result(0, day, 2, now)); day > 0 && got != "" {
			t.Errorf("day %d: %q", day, got)
		}
	}
	if got := observe(t, s, result(0, 5, 2, shares)); got != "reopened" {
		t.Errorf("after its date: %q", got)
	}
	if _, err := person.Dismiss(t.Context(), id, nil); !errors.Is(err, lives.ErrSame) {
		t.Errorf("an open finding was undismissed: %v", err)
	}
	if _, err := person.Dismiss(t.Context(), "ffff", nil); !errors.Is(err, lives.ErrNotFound) {
		t.Errorf("no such finding: %v", err)
	}
	if _, err := person.Dismiss(t.Context(), id, &events.Dismissal{As: events.DismissedWontFix, UntilRelease: true}); err != nil {
		t.Fatal(err)
	}
	next := result(0, 6, 2, shares)
	next.Labels = map[string]string{events.LabelRelease: "2"}
	if got := observe(t, s, next); got != "reopened" {
		t.Errorf("with the next release: %q", got)
	}
}

// A run that fails is news once for each reason, until one succeeds, which is news as well; what comes late is not.
func TestStore_Fail(t *testing.T) {
	s := store(t, bustest.Start(t))
	r := result(0, 0, 2, nil)
	fail := func(run string, code events.Code, at time.Time) bool {
		news, err := s.Fail(t.Context(), events.Outcome{Run: run, Identity: r.Identity, Code: code, Message: "m"}, at)
		if err != nil {
			t.Fatal(err)
		}
		return news
	}
	recovered := func(r events.RecommendationReady) events.Code {
		job, _, err := s.Observe(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		return job.Recovered(r.Run)
	}
	for range 2 {
		if !fail("r1", events.CodeJobGone, start.Add(-3*time.Hour)) {
			t.Error("the first failure is news, whoever asks")
		}
	}
	if fail("r2", events.CodeJobGone, start.Add(-2*time.Hour)) {
		t.Error("the same again is none")
	}
	if !fail("r3", events.CodeProfilerBusy, start.Add(-time.Hour)) {
		t.Error("another reason is news")
	}
	for range 2 {
		if got := recovered(r); got != events.CodeProfilerBusy {
			t.Errorf("the first success is news, whoever asks: %q", got)
		}
	}
	if got := recovered(result(0, 1, 2, nil)); got != "" {
		t.Errorf("the second success is none: %q", got)
	}
	if !fail("r3", events.CodeProfilerBusy, start.Add(-time.Hour)) {
		t.Error("what was news is, for whoever asks late")
	}
	if fail("r4", events.CodeJobGone, start.Add(-time.Hour)) {
		t.Error("what failed before the last success is none")
	}
	if !fail("r5", events.CodeProfilerBusy, start.Add(48*time.Hour)) {
		t.Error("after a success, it is news again")
	}
}

// What is remembered of a job stays below the limit of its bucket, however many findings of whatever names it has had.
func TestStore_ManyOfOneJob(t *testing.T) {
	const runs, each = 50, 200
	b := bustest.Start(t)
	s := store(t, b)
	long := strings.Repeat("\u2028<\"", 2000)
	began, longest := time.Now(), time.Duration(0)
	for day := range runs {
		shares := map[string]float64{}
		for i := range each {
			shares[fmt.Sprintf("%d-%d-%s", day, i, long[:120])] = .05
		}
		r := result(0, day, 2, shares)
		for i := range r.Findings {
			f := &r.Findings[i]
			f.Title, f.Anchor, f.Recommendation.Change, f.Vertices = long, long, long, slices.Repeat([]string{long}, 100)
		}
		at := time.Now()
		if _, _, err := s.Observe(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		longest = max(longest, time.Since(at))
	}
	m, err := bustest.JetStream(b).Stream(t.Context(), "KV_"+events.BucketFindings)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.GetMsg(t.Context(), m.CachedInfo().State.LastSeq)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d findings in %d runs of one job: %d KiB, in %s, a run in %s at most", runs*each, runs, len(got.Data)>>10, time.Since(began).Round(time.Millisecond), longest.Round(time.Millisecond))
	if len(got.Data) > 700<<10 {
		t.Errorf("%d KiB", len(got.Data)>>10)
	}
}
