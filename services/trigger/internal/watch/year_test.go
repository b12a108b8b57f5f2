package watch_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/fleet"
	"squirrly.dev/services/trigger/internal/policy"
	"squirrly.dev/services/trigger/internal/source"
	"squirrly.dev/services/trigger/internal/source/schedule"
	"squirrly.dev/services/trigger/internal/watch"
)

// The policies of the year: at night where clocks change, every hour, on some days, and a while as often as the cooldown
// allows.
const yearly = `
policies:
- name: nightly
  zone: Europe/Berlin
  targets: {urls: [{name: a, url: "http://a:8081"}, {name: b, url: "http://b:8081"}, {name: c, url: "http://c:8081"}]}
  on: {schedule: {cron: "30 2 * * *", jitter: 30m}}
- name: hourly
  zone: America/New_York
  targets: {urls: [{name: d, url: "http://d:8081"}]}
  on: {schedule: {cron: "30 * * * *", jitter: 10m}}
  cooldown: 1h
- name: office
  zone: Australia/Lord_Howe
  targets: {urls: [{name: e, url: "http://e:8081"}]}
  on: {schedule: {cron: "15 2 * * mon-fri"}}
- name: often
  targets: {urls: [{name: f, url: "http://f:8081"}]}
  on: {schedule: {cron: "*/30 * * 1-3 *"}}
  cooldown: 30m
`

// slotsOf counts the slots of a year by looking at the clock on the wall every minute, as a person would.
func slotsOf(t *testing.T, zone string, from, to time.Time, due func(time.Time) bool, once bool) map[string]bool {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	slots, days := map[string]bool{}, map[string]bool{}
	for at := from; at.Before(to); at = at.Add(time.Minute) {
		wall := at.In(loc)
		day := wall.Format(time.DateOnly)
		if due(wall) && (!once || !days[day]) {
			days[day] = true
			slots[at.UTC().Format(time.RFC3339)] = true
		}
	}
	return slots
}

// replica runs a watcher with a clock of its own, which is restarted now and then; alive says whether it may be down.
func replica(ctx context.Context, skew time.Duration, policies []policy.Policy, w *world, chance *rand.Rand, down chan bool) {
	for ctx.Err() == nil {
		life, stop := context.WithTimeout(ctx, time.Duration(1+chance.IntN(96))*time.Hour)
		log := slog.New(slog.DiscardHandler)
		gate := &source.Gate{Inbox: w.inbox, Records: w.inbox, Ledgers: w.ledgers, Releases: none{}, Usual: 30 * time.Second}
		f := fleet.New(func() []policy.Policy { return policies }, nil, log)
		watcher := watch.Watcher{
			Fleet: f, Sources: []watch.Source{schedule.New(gate, w.slots, log)}, Changed: func() uint64 { return 0 },
			Refresh: time.Hour, Most: time.Minute, Now: func() time.Time { return time.Now().Add(skew) },
		}
		watcher.Run(life)
		stop()
		down <- true // one at a time, so that two are up
		w.restarts++
		select {
		case <-time.After(time.Duration(chance.IntN(300)) * time.Second):
		case <-ctx.Done():
		}
		<-down
	}
}

// none watches no rollouts.
type none struct{}

func (none) Label(context.Context, string) (string, error) { return "", nil }

type world struct {
	inbox    *inbox
	slots    *book[schedule.Done]
	ledgers  *book[source.Ledger]
	restarts int
}

func newWorld(seed uint64) *world {
	chance := rand.New(rand.NewPCG(seed, 1))
	mu := &sync.Mutex{}
	w := &world{slots: newBook[schedule.Done](mu, chance), ledgers: newBook[source.Ledger](mu, chance)}
	w.inbox = &inbox{mu: &sync.Mutex{}, chance: rand.New(rand.NewPCG(seed, 2)), runs: map[string]events.Event{}, records: map[string]run.Record{}}
	return w
}

// A year with three replicas whose clocks are up to four minutes wrong, which are restarted every few days, on a store
// that now and then does not answer: each slot has one run, also where clocks change.
func TestYear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := time.Date(2027, 1, 1, 12, 5, 0, 0, time.UTC)
		time.Sleep(time.Until(from))
		to := from.AddDate(1, 0, 0)
		policies, err := policy.Read([]byte(yearly), 30*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld(7)
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		down := make(chan bool, 1)
		for i, skew := range []time.Duration{-3 * time.Minute, 0, 4 * time.Minute} {
			wg.Go(func() { replica(ctx, skew, policies, w, rand.New(rand.NewPCG(7, uint64(10+i))), down) })
		}
		time.Sleep(time.Until(to))
		stop()
		wg.Wait()

		clock := func(hour, minute int) func(time.Time) bool {
			return func(wall time.Time) bool { return wall.Hour() == hour && wall.Minute() == minute }
		}
		// On the day of the jump the clock never shows the time of these two; a person reads it one jump later.
		nightly := slotsOf(t, "Europe/Berlin", from, to, func(wall time.Time) bool {
			return clock(2, 30)(wall) || wall.Format("01-02") == "03-28" && clock(3, 30)(wall)
		}, true)
		office := slotsOf(t, "Australia/Lord_Howe", from, to, func(wall time.Time) bool {
			weekend := wall.Weekday() == time.Saturday || wall.Weekday() == time.Sunday
			return !weekend && clock(2, 15)(wall)
		}, true)
		hourly := slotsOf(t, "America/New_York", from, to, func(wall time.Time) bool { return wall.Minute() == 30 }, false)
		often := slotsOf(t, "UTC", from, to, func(wall time.Time) bool { return wall.Month() <= time.March && wall.Minute()%30 == 0 }, false)
		expected := map[string]map[string]bool{"a": nightly, "b": nightly, "c": nightly, "d": hourly, "e": office, "f": often}
		count(t, w, policies, expected, from, to)
	})
}

// count compares the runs with the slots: none is missed, none doubled, and none is there that no slot asks for.
func count(t *testing.T, w *world, policies []policy.Policy, expected map[string]map[string]bool, from, to time.Time) {
	t.Helper()
	got := map[string]map[string]int{}
	for _, e := range w.inbox.runs {
		parts := strings.Split(e.ID, "/")
		name := names(policies)[parts[1]]
		if got[name] == nil {
			got[name] = map[string]int{}
		}
		got[name][parts[2]]++
	}
	const edge = time.Hour // the last slots may not be due yet, and the first are before a replica had seen the target
	slots, missed, doubled := 0, 0, 0
	for name, all := range expected {
		for slot := range all {
			at, err := time.Parse(time.RFC3339, slot)
			if err != nil {
				t.Fatal(err)
			}
			if at.Before(from.Add(edge)) || at.After(to.Add(-edge)) {
				delete(got[name], slot)
				continue
			}
			slots++
			switch n := got[name][slot]; {
			case n == 0:
				missed++
				t.Errorf("%s: slot %s is missed", name, slot)
			case n > 1:
				doubled++
			}
			delete(got[name], slot)
		}
	}
	for name, rest := range got {
		for slot := range rest {
			if at, err := time.Parse(time.RFC3339, slot); err != nil || at.After(from.Add(edge)) && at.Before(to.Add(-edge)) {
				t.Errorf("%s: a run for %s, which is no slot", name, slot)
			}
		}
	}
	report := fmt.Sprintf("%d slots of %d targets, %d restarts, %d requests published: %d missed, %d doubled",
		slots, len(expected), w.restarts, w.inbox.published, missed, doubled)
	t.Log(report)
	if slots < 14_000 || w.restarts < 200 || doubled > 0 {
		t.Error(report)
	}
}

func names(policies []policy.Policy) map[string]string {
	all := map[string]string{}
	for _, p := range policies {
		for _, u := range p.URLs {
			all[u.Key()] = u.Name
		}
	}
	return all
}

// After days in which nobody was there, the last slot that was missed is made up, and no other.
func TestDowntime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2027, 3, 1, 12, 5, 0, 0, time.UTC)))
		policies, err := policy.Read([]byte(yearly), 30*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld(3)
		for _, length := range []time.Duration{24 * time.Hour, 10 * time.Minute} {
			ctx, stop := context.WithTimeout(t.Context(), length)
			for i := range 3 {
				go replica(ctx, 0, policies, w, rand.New(rand.NewPCG(7, uint64(10+i))), make(chan bool, 1))
			}
			<-ctx.Done()
			stop()
			synctest.Wait()
			if length > time.Hour {
				w.inbox.order = nil
				time.Sleep(3*24*time.Hour + 10*time.Minute) // until 12:15, after the slots of the hour
			}
		}
		made := map[string]int{}
		for _, id := range w.inbox.order {
			made[w.inbox.records[id].Plan.Target.URL]++
			if why := w.inbox.records[id].Plan.Reason; !strings.Contains(why, "made up") {
				t.Error(why)
			}
		}
		for url, n := range made {
			if n != 1 {
				t.Errorf("%d runs of %s are made up", n, url)
			}
		}
		if len(made) != 6 {
			t.Errorf("made up: %v", made)
		}
	})
}
