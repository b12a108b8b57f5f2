package finding

import (
	"testing"

	"squirrly.dev/pkg/events"
)

// A run that does not show a finding proves something only if it looked where the finding was, as well as the run that showed
// it did.
func TestLooked(t *testing.T) {
	const samples = 2000
	all := func(modes ...events.LookedAt) *events.Looked { return &events.Looked{Load: true, Modes: modes} }
	wall := func(jvms int, samples int64) events.LookedAt {
		return events.LookedAt{Mode: events.ModeWall, JVMs: jvms, Samples: samples}
	}
	lost := wall(2, samples)
	lost.Lost = 1
	busiest := func(n, jvms int) *events.Looked {
		l := all(wall(jvms, samples))
		l.Scope = events.Scope{MaxTaskManagers: n}
		return l
	}
	noLoad := all(wall(2, samples))
	noLoad.Load = false
	asITimer := events.LookedAt{Mode: events.ModeITimer, JVMs: 2, Samples: samples}
	asCPU := asITimer
	asCPU.Mode = events.ModeCPU

	type shown struct {
		mode  events.Mode
		n     int64 // samples of the finding
		proof events.Proof
		at    *events.Looked
	}
	large := shown{mode: events.ModeWall, n: 400, at: all(wall(2, samples))}
	for name, c := range map[string]struct {
		was  shown
		run  Run
		want bool
	}{
		"the same":                     {large, Run{Looked: all(wall(2, samples))}, true},
		"an older version, which says": {large, Run{}, false},
		"a profile was lost":           {large, Run{Looked: all(lost)}, false},
		"no samples":                   {large, Run{Looked: all(wall(2, 0))}, false},
		"another mode":                 {large, Run{Looked: all(asITimer)}, false},
		"the same family of modes":     {shown{mode: events.ModeCPU, n: 400, at: all(asCPU)}, Run{Looked: all(asITimer)}, true},
		"and the other way round":      {shown{mode: events.ModeITimer, n: 400, at: all(asITimer)}, Run{Looked: all(asCPU)}, true},
		"more findings than are told":  {large, Run{Looked: all(wall(2, samples)), More: true}, false},
		"the load is not known":        {large, Run{Looked: noLoad}, false},
		"nor was it then":              {shown{mode: events.ModeWall, n: 400, at: noLoad}, Run{Looked: noLoad}, true},
		"more TaskManagers":            {large, Run{Looked: all(wall(5, samples))}, true},
		"fewer TaskManagers, but all":  {large, Run{Looked: all(wall(1, samples))}, true},
		"fewer, as many as fit":        {shown{mode: events.ModeWall, n: 400, at: all(wall(mostJVMs+9, samples))}, Run{Looked: all(wall(mostJVMs, samples))}, false},
		"of all, the busiest now":      {large, Run{Looked: busiest(2, 2)}, false},
		"of the busiest, all now":      {shown{mode: events.ModeWall, n: 400, at: busiest(2, 2)}, Run{Looked: all(wall(3, samples))}, true},
		"of the busiest, all of few":   {shown{mode: events.ModeWall, n: 400, at: busiest(2, 2)}, Run{Looked: all(wall(1, samples))}, false},
		"the busiest again":            {shown{mode: events.ModeWall, n: 400, at: busiest(2, 2)}, Run{Looked: busiest(2, 2)}, true},
		"more of the busiest":          {shown{mode: events.ModeWall, n: 400, at: busiest(2, 2)}, Run{Looked: busiest(4, 4)}, false},
		"few samples":                  {large, Run{Looked: all(wall(2, 49))}, false},
		"few samples, just enough":     {large, Run{Looked: all(wall(2, 50))}, true},
		"too few for a small one":      {shown{mode: events.ModeWall, n: 20, at: all(wall(2, samples))}, Run{Looked: all(wall(2, samples/2-1))}, false},
		"enough for a small one":       {shown{mode: events.ModeWall, n: 20, at: all(wall(2, samples))}, Run{Looked: all(wall(2, samples/2))}, true},
		"how many is not known":        {shown{mode: events.ModeWall, at: all(wall(2, samples))}, Run{Looked: all(wall(2, samples/2))}, true},
		"and half is too few":          {shown{mode: events.ModeWall, at: all(wall(2, samples))}, Run{Looked: all(wall(2, samples/2-1))}, false},
		"by metrics":                   {shown{at: all()}, Run{Looked: all()}, true},
		"by metrics, without them":     {shown{at: all()}, Run{Looked: noLoad}, false},
		"of a model, with one":         {shown{mode: events.ModeWall, n: 400, proof: events.ProofSupported, at: all(wall(2, samples))}, Run{Looked: all(wall(2, samples)), Model: true}, true},
		"of a model, without":          {shown{mode: events.ModeWall, n: 400, proof: events.ProofSupported, at: all(wall(2, samples))}, Run{Looked: all(wall(2, samples))}, false},
	} {
		l := Life{Seen: Seen{Mode: c.was.mode, Samples: c.was.n, Proof: c.was.proof}}
		if p, ok := at(c.was.at, c.was.mode); ok || c.was.mode == "" {
			l.Place = p
		}
		if got := l.looked(c.run); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
