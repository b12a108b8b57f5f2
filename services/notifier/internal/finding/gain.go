package finding

import (
	"math"

	"squirrly.dev/pkg/events"
)

const (
	sigmas    = 3    // of noise that changes nothing
	agree     = 2    // runs in a row that have to agree on a small change
	clearly   = 2    // times the margin: one run is enough
	shareStep = 0.06 // smallest change of a share that is told
	otherStep = 0.1  // cores or thread equivalents
	relative  = 0.25 // part of what it was
	boundStep = 1.25 // factor of the speed-up that is told, whatever the share
	sureStep  = 0.02 // smallest change of a share that is told for the sake of the speed-up
	sure      = 10   // runs without a change from which a step of the speed-up is told
	enough    = 4    // runs from which how much they differ is known
	memory    = 30   // runs that weigh in the mean
)

// spread is the running mean of gains, and how much runs differ.
type spread struct {
	N    int     `json:"n"`
	Mean float64 `json:"mean"`
	M2   float64 `json:"m2"`            // sum of squared distances from the mean
	Was  float64 `json:"was,omitempty"` // deviation before the last change, while too few runs tell that since
}

func (s *spread) add(x float64) {
	if s.N >= memory {
		s.M2 *= float64(memory-1) / float64(s.N)
		s.N = memory - 1
	}
	s.N++
	d := x - s.Mean
	s.Mean += d / float64(s.N)
	s.M2 += d * (x - s.Mean)
}

// deviation of one run from the mean; 0 while it is not known.
func (s *spread) deviation() float64 {
	if s.N < enough {
		return s.Was
	}
	few := 1 + 2/float64(s.N) // a few runs tell a deviation badly
	return few * math.Sqrt(s.M2/float64(s.N-1)) * math.Sqrt(1+1/float64(s.N))
}

// weigh compares a gain with those since the last change: by how many margins it lies above or below them.
func (l *Life) weigh(g events.Gain) float64 {
	if g.Unit != l.Told.Unit {
		switch {
		case g.Unit == events.GainShare:
			return 1 // it limits the job now
		case l.Told.Unit == events.GainShare:
			return -1
		}
		return 0
	}
	was := l.Spread.Mean
	delta := g.Value - was
	noise := max(sigmas*math.Hypot(g.StdErr, l.Told.StdErr), sigmas*l.Spread.deviation())
	step := max(otherStep, relative*was)
	if g.Unit == events.GainShare {
		step = max(shareStep, relative*was)
		if l.Spread.N >= sure && faster(was, g.Value) {
			step = min(step, sureStep)
		}
	}
	return delta / max(noise, step)
}

// faster reports whether the speed-up that two shares allow differs by more than a step.
func faster(a, b float64) bool {
	const most = 0.99 // beyond that the factor is of the error alone
	x, y := 1/(1-min(a, most)), 1/(1-min(b, most))
	return max(x, y)/min(x, y) >= boundStep
}

// judge says whether a gain is another one now: worsened, improved, or nothing.
func (l *Life) judge(g events.Gain) events.LifeChange {
	by := l.weigh(g)
	switch {
	case math.Abs(by) < 1:
		l.Beyond = 0
		if g.Unit == l.Told.Unit {
			l.Spread.add(g.Value)
		} else { // cores or threads: not another size, only another unit
			l.rebase(g)
		}
		return ""
	case by > 0:
		l.Beyond = max(l.Beyond, 0) + 1
	default:
		l.Beyond = min(l.Beyond, 0) - 1
	}
	if math.Abs(by) < clearly && l.Beyond < agree && l.Beyond > -agree {
		return ""
	}
	if by > 0 {
		return events.LifeWorsened
	}
	return events.LifeImproved
}

// rebase makes a gain the one that later ones are compared with.
func (l *Life) rebase(g events.Gain) {
	l.Told, l.Spread = g, spread{Was: l.Spread.deviation()}
	l.Spread.add(g.Value)
}
