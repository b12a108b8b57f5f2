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

// A finding on the edge of what a rule reports comes and goes. It is told less and less often.
func TestObserve_OnTheEdge(t *testing.T) {
	const months, nights = 1000, 30
	first, later := 0, 0
	for seed := range uint64(months) {
		rng := rand.New(rand.NewPCG(seed, 11))
		var j finding.Job
		for day := range 6 * nights {
			shares := map[string]float64{"a": .05}
			if day > 0 && rng.IntN(2) == 0 {
				shares = nil
			}
			n := len(j.Observe(run(day, shares)))
			if day < nights {
				first += n
			} else {
				later += n
			}
		}
	}
	t.Logf("%.2f messages in the first month, %.2f in each of the next five", float64(first)/months, float64(later)/months/5)
	if float64(first)/months > 4 || float64(later)/months/5 > 0.5 {
		t.Error("that is too often")
	}
}
