package finding_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/finding"
)

var (
	orders = events.Identity{Cluster: "prod", Namespace: "flink", Job: "orders"}
	start  = time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)
)

const samples = 2400

// run is one in which findings have shares of the limiting vertex's time.
func run(day int, shares map[string]float64) finding.Run {
	r := finding.Run{
		ID: fmt.Sprintf("run-%d", day), Identity: orders, At: start.Add(time.Duration(day) * 24 * time.Hour), Version: 2, Release: "1",
		Looked: &events.Looked{Load: true, Modes: []events.LookedAt{{Mode: events.ModeWall, JVMs: 2, Samples: samples}}},
	}
	for name, p := range shares {
		r.Findings = append(r.Findings, finding.Seen{
			Fingerprint: name, Rule: "A1", Category: "blocking", Title: fmt.Sprintf("Words of day %d", day), Anchor: "X." + name,
			Vertices: []string{"v"}, Advice: "do it", Mode: events.ModeWall, Samples: int64(p * samples),
			Gain: events.Gain{Unit: events.GainShare, Value: p, StdErr: math.Sqrt(p * (1 - p) / samples), Bound: 1 / (1 - p)},
		})
	}
	return r
}

// Years of runs in which nothing changes but by noise are silent; a size that the noise of a job swallows is, too.
func TestObserve_NoiseIsSilent(t *testing.T) {
	const years, nights = 300, 365
	for _, c := range []struct{ share, noise float64 }{{.06, .005}, {.2, .01}, {.4, .015}, {.85, .02}, {.95, .01}} {
		told := 0
		for seed := range uint64(years) {
			rng := rand.New(rand.NewPCG(seed, 7))
			var j finding.Job
			for day := range nights {
				p := min(max(c.share+rng.NormFloat64()*c.noise, 0.001), 0.999)
				told += len(j.Observe(run(day, map[string]float64{"a": p})))
			}
			told-- // it was opened
		}
		t.Logf("share %.2f, noise %.3f: %d messages in %d nights without a change", c.share, c.noise, told, years*nights)
		if most := years * nights / 20000; told > most { // one in 55 years of a finding
			t.Errorf("share %.2f, noise %.3f: %d messages, at most %d", c.share, c.noise, told, most)
		}
	}
}

// A finding on the edge of what a rule reports comes and goes. It is told about three times at first, hardly ever after that,
// less than once a month in the mean of half a year, and in the end when it is gone for good, within two weeks.
func TestObserve_OnTheEdge(t *testing.T) {
	const times, nights, months = 300, 30, 6
	for _, c := range []struct{ share, shown float64 }{{.05, .2}, {.05, .5}, {.05, .8}, {.09, .5}, {.2, .5}, {.2, .9}} {
		first, later, late, most := 0, 0, 0, 0
		for seed := range uint64(times) {
			rng := rand.New(rand.NewPCG(seed, 11))
			var j finding.Job
			observe := func(day int, shown bool) int {
				if shown {
					return len(j.Observe(run(day, map[string]float64{"a": c.share})))
				}
				return len(j.Observe(run(day, nil)))
			}
			for day := range months * nights {
				n := observe(day, day == 0 || rng.Float64() < c.shown)
				if day < nights {
					first += n
				} else {
					later += n
				}
			}
			gone := 0
			for j.Findings[0].State == events.LifeStateOpen && gone < 2*nights {
				observe(months*nights+gone, false)
				gone++
			}
			late, most = late+gone, max(most, gone)
		}
		monthly := float64(first+later) / times / months
		t.Logf("share %.2f, in %.0f%% of the runs: %.2f messages in the first month, %.2f in each of the next five; gone: told after %.1f nights, %d at most",
			c.share, c.shown*100, float64(first)/times, float64(later)/times/(months-1), float64(late)/times, most)
		if monthly > 1 || float64(first)/times > 3.2 || most > 14 {
			t.Errorf("share %.2f, in %.0f%% of the runs: that is too often, or too late", c.share, c.shown*100)
		}
	}
}

// A finding that is steady is told at once when it is gone: a large one after one run, a small one after three; and one
// that is back after two, a large one after one.
func TestObserve_Steady(t *testing.T) {
	for _, c := range []struct {
		share      float64
		gone, back int
	}{{.05, 3, 2}, {.4, 1, 1}} {
		var j finding.Job
		day := 0
		until := func(shares map[string]float64) int {
			for n := 1; ; n++ {
				day++
				if len(j.Observe(run(day, shares))) > 0 {
					return n
				}
			}
		}
		shares := map[string]float64{"a": c.share}
		until(shares)
		for range 40 { // one gap, and it is forgotten
			day++
			j.Observe(run(day, shares))
		}
		if got := until(nil); got != c.gone {
			t.Errorf("share %.2f: gone after %d runs, want %d", c.share, got, c.gone)
		}
		if got := until(shares); got != c.back {
			t.Errorf("share %.2f: back after %d runs, want %d", c.share, got, c.back)
		}
	}
}

// What a model alone found is resolved by runs with a model, never by those without.
func TestObserve_OfAModel(t *testing.T) {
	var j finding.Job
	shown := run(0, map[string]float64{"a": .4})
	shown.Findings[0].Proof, shown.Model = events.ProofSupported, true
	j.Observe(shown)
	for day := 1; day < 30; day++ {
		if steps := j.Observe(run(day, nil)); len(steps) > 0 {
			t.Fatalf("day %d, without a model: %+v", day, steps)
		}
	}
	for day := 30; ; day++ {
		r := run(day, nil)
		r.Model = true
		if len(j.Observe(r)) == 0 {
			continue
		}
		if day != 34 || j.Findings[0].State != events.LifeStateResolved {
			t.Errorf("%s after %d runs with a model", j.Findings[0].State, day-29)
		}
		return
	}
}
