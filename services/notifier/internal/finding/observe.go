package finding

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"squirrly.dev/pkg/events"
)

const (
	largeShare = 0.1 // of the limiting vertex's time: far above what any rule takes for a finding
	largeOther = 0.5 // cores or thread equivalents
	smallLooks = 3   // runs that have to miss a small finding
	modelLooks = 5   // of runs with a model that have to miss what only a model found
	gapLooks   = 2   // further ones for each time that it was missed and seen again
	mostLooks  = 12  // whatever it did before
	steady     = 10  // runs in a row that show a finding, from which its gaps are forgotten
)

// Observe takes a run into the lives of its job's findings and returns what it changes. The same run changes the same,
// however often it comes; one that is older than what is known changes nothing.
func (j *Job) Observe(r Run) []Step {
	for _, t := range j.Told {
		if t.Run == r.ID {
			return t.Steps
		}
	}
	if r.ID == j.LastRun || !r.At.After(j.Last) {
		return nil
	}
	j.adopt(r)
	steps := j.take(r)
	if j.Failing != "" {
		j.Again = &Recovery{r.ID, j.Failing}
	}
	j.Identity, j.Last, j.LastRun, j.Failing = r.Identity, r.At, r.ID, ""
	j.JobName, j.Release, j.Version = cmp.Or(r.JobName, j.JobName), cmp.Or(r.Release, j.Release), cmp.Or(r.Version, j.Version)
	if len(steps) > 0 {
		j.Told = append(j.Told, Told{Run: r.ID, At: r.At, Steps: steps})
	}
	j.prune()
	return steps
}

// take takes what a run shows, and then what it does not.
func (j *Job) take(r Run) []Step {
	var steps []Step
	seen := map[*Life]bool{}
	for _, s := range r.Findings {
		l := j.byFingerprint(s.Fingerprint)
		if l == nil {
			l = j.open(s, r)
			steps = append(steps, l.opened(r))
		} else if !seen[l] {
			if step, changed := l.see(s, r); changed {
				steps = append(steps, step)
			}
		}
		seen[l] = true
	}
	for _, l := range j.Findings {
		if seen[l] {
			continue
		}
		if step, changed := l.miss(r); changed {
			steps = append(steps, step)
		}
	}
	return steps
}

func (j *Job) byFingerprint(f string) *Life {
	for _, l := range j.Findings {
		if l.Fingerprint == f {
			return l
		}
	}
	return nil
}

// open begins a life. Its id stays, whatever becomes of the fingerprint.
func (j *Job) open(s Seen, r Run) *Life {
	l := &Life{State: events.LifeStateOpen, OpenedAt: r.At}
	for n := 0; l.ID == "" || j.Find(l.ID) != nil; n++ {
		l.ID = id(r.Identity, s.Fingerprint, n)
	}
	l.note(s, r)
	j.Findings = append(j.Findings, l)
	return l
}

// id is that of a finding; n tells those apart that were made of one fingerprint.
func id(of events.Identity, fingerprint string, n int) string {
	const digits = 12
	text := of.Key() + "\n" + fingerprint
	if n > 0 {
		text += "\n" + strconv.Itoa(n)
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:digits]
}

func (l *Life) opened(r Run) Step {
	l.rebase(l.Gain)
	return l.step(events.LifeOpened, r.ID, r.At, nil, &l.Gain)
}

// note keeps what a run shows of the finding.
func (l *Life) note(s Seen, r Run) {
	if len(s.Vertices) == 0 && s.Advice == "" { // in the fewest words
		s.Vertices, s.Advice, s.Samples, s.Proof = l.Vertices, l.Advice, l.Samples, l.Proof
	}
	l.Seen, l.SeenAt, l.Run, l.Absent = s, r.At, r.ID, 0
	if p, ok := at(r.Looked, s.Mode); ok {
		l.Place = p
	}
}

// see takes a run that shows the finding.
func (l *Life) see(s Seen, r Run) (Step, bool) {
	l.gaps()
	l.note(s, r)
	before, now := l.Told, s.Gain
	switch l.State {
	case events.LifeStateDismissed:
		if !ended(l.Dismissal, r) {
			return Step{}, false
		}
		l.State, l.Dismissal = events.LifeStateOpen, nil
		l.rebase(now)
		return l.step(events.LifeReopened, r.ID, r.At, &before, &now), true
	case events.LifeStateResolved:
		l.Present++
		if !large(now) && l.Present <= min(1+l.Returned, mostLooks) {
			return Step{}, false
		}
		l.State = events.LifeStateOpen
		l.Returned++
		l.rebase(now)
		return l.step(events.LifeReopened, r.ID, r.At, &before, &now), true
	case events.LifeStateOpen:
	}
	kind := l.judge(now)
	if kind == "" {
		return Step{}, false
	}
	l.rebase(now)
	return l.step(kind, r.ID, r.At, &before, &now), true
}

// gaps counts how often runs in between did not show the finding: one on the edge of what a rule reports comes and goes.
func (l *Life) gaps() {
	if l.State != events.LifeStateOpen {
		return
	}
	if l.Absent > 0 {
		l.Gaps, l.Row = min(l.Gaps+1, mostLooks), 0
	}
	if l.Row++; l.Row >= steady {
		l.Gaps = 0
	}
}

// looks is how many runs in a row have to miss the finding until it is resolved.
func (l *Life) looks() int {
	looks := smallLooks
	switch {
	case l.Proof == events.ProofSupported:
		looks = modelLooks
	case large(l.Told) && l.Returned == 0:
		looks = 1 // so that whoever mended it hears so from the next run
	}
	return min(looks*(1+l.Returned)+gapLooks*l.Gaps, mostLooks)
}

// miss takes a run that does not show the finding.
func (l *Life) miss(r Run) (Step, bool) {
	l.Present = 0
	if l.State == events.LifeStateResolved || !l.looked(r) {
		return Step{}, false
	}
	if l.Absent++; l.Absent < l.looks() {
		return Step{}, false
	}
	if l.Dismissal != nil && l.Dismissal.As != events.DismissedRight {
		return Step{}, false // whoever does not want to hear of it does not want to hear that it is gone, either
	}
	before := l.Told
	l.State, l.Dismissal = events.LifeStateResolved, nil
	return l.step(events.LifeResolved, r.ID, r.At, &before, nil), true
}

func large(g events.Gain) bool {
	if g.Unit == events.GainShare {
		return g.Value >= largeShare
	}
	return g.Value >= largeOther
}

// Dismiss says that nobody wants to hear of a finding, or, with nil, that somebody does again. It reports whether that
// changes anything.
func (j *Job) Dismiss(l *Life, d *events.Dismissal, now time.Time) bool {
	if d == nil && l.State != events.LifeStateDismissed || d != nil && l.State == events.LifeStateResolved {
		return false
	}
	kind, gain := events.LifeDismissed, l.Gain
	if d == nil {
		kind, l.State, l.Dismissal = events.LifeReopened, events.LifeStateOpen, nil
	} else {
		own := *d
		if own.UntilRelease {
			own.Release = j.Release
		}
		l.State, l.Dismissal = events.LifeStateDismissed, &own
	}
	before := l.Told
	l.rebase(gain)
	j.Pending = append(j.Pending, l.step(kind, l.Run, now, &before, &gain))
	return true
}

// ended reports whether a dismissal is over by the time of a run.
func ended(d *events.Dismissal, r Run) bool {
	switch {
	case d == nil:
		return true
	case !d.Until.IsZero() && !r.At.Before(d.Until):
		return true
	}
	return d.UntilRelease && r.Release != "" && r.Release != d.Release
}
