// Package finding is the life of findings: opened, seen again, worse, improved, resolved, back again, dismissed. It decides
// from what runs show, by fingerprint and by how much can be gained, never by wording. It is values and decisions alone;
// where lives are kept, and who is told, does not belong here.
//
// What changes from run to run without anything having changed must not be told, so that each decision has a margin, and
// a second run has to agree where the margin is small:
//
//   - Worse and improved are measured against the mean since the last change, beyond the error of sampling, beyond three
//     times what runs were seen to differ by, and beyond a share of it.
//   - Resolved needs a run that looked where the finding was: the same family of modes, with enough samples, the same
//     TaskManagers, the job running whole, and with a model for what only a model found. A small finding has to be missed
//     three times, and one that came back, or that some runs missed, more often.
package finding

import (
	"time"

	"squirrly.dev/pkg/events"
)

// Job is what is remembered of the findings of one job. The zero value knows nothing.
type Job struct {
	Identity events.Identity `json:"identity"`
	JobName  string          `json:"jobName,omitempty"`
	Release  string          `json:"release,omitempty"` // that the last run saw; empty is unknown
	Version  int             `json:"version,omitempty"` // of the fingerprints
	Last     time.Time       `json:"last,omitzero"`     // when the newest run was analyzed
	LastRun  string          `json:"lastRun,omitempty"`
	Findings []*Life         `json:"findings,omitempty"`
	Told     []Told          `json:"told,omitempty"`     // runs that changed something, the oldest first
	Pending  []Step          `json:"pending,omitempty"`  // changes that no run made and whose facts may not be told yet
	Failing  events.Code     `json:"failing,omitempty"`  // why the last run failed; empty when it did not
	Failures []string        `json:"failures,omitempty"` // runs that were the first to fail for their reasons, the oldest first
	Again    *Recovery       `json:"again,omitempty"`    // the last run that succeeded after others had failed
}

// Recovery is a run that succeeded after others had failed.
type Recovery struct {
	Run  string      `json:"run"`
	Code events.Code `json:"code"` // why the one before failed
}

// Told is a run and what it changed, so that whoever asks later gets the same answer.
type Told struct {
	Run   string    `json:"run"`
	At    time.Time `json:"at"`
	Steps []Step    `json:"steps"`
}

// Step is one change in the life of a finding.
type Step struct {
	Kind      events.LifeChange `json:"kind"`
	ID        string            `json:"id"`
	Number    int               `json:"number"`
	Run       string            `json:"run"`
	At        time.Time         `json:"at"`
	State     events.LifeState  `json:"state"`
	Before    *events.Gain      `json:"before,omitempty"`
	Now       *events.Gain      `json:"now,omitempty"`
	Dismissal *events.Dismissal `json:"dismissal,omitempty"`
}

// Life is one finding over the runs of its job.
type Life struct {
	Seen // as the last run that showed it has it

	ID        string            `json:"id"`
	State     events.LifeState  `json:"state"`
	Number    int               `json:"number"` // of the last change
	OpenedAt  time.Time         `json:"openedAt"`
	SeenAt    time.Time         `json:"seenAt"`
	ChangedAt time.Time         `json:"changedAt"`
	Run       string            `json:"run"` // that showed it last
	Told      events.Gain       `json:"told"`
	Spread    spread            `json:"spread"` // of the gain since the last change
	Beyond    int               `json:"beyond,omitempty"`
	Absent    int               `json:"absent,omitempty"`   // runs in a row that looked and did not find it
	Gaps      int               `json:"gaps,omitempty"`     // how often runs missed it and it was there again
	Row       int               `json:"row,omitempty"`      // runs in a row that found it
	Present   int               `json:"present,omitempty"`  // runs in a row that found it after it was resolved
	Returned  int               `json:"returned,omitempty"` // how often it came back
	Dismissal *events.Dismissal `json:"dismissal,omitempty"`
	Place     place             `json:"place,omitzero"` // where the last run that showed it looked
}

// Run is what a run shows.
type Run struct {
	ID       string
	Identity events.Identity
	JobName  string
	Release  string
	At       time.Time // when it was analyzed
	Version  int       // of the fingerprints; 0 is unknown
	Looked   *events.Looked
	Model    bool // a model answered, so that it could have claimed what models claimed before
	More     bool // there are findings of which not even the fingerprint is known
	Findings []Seen
}

// Seen is a finding in one run.
type Seen struct {
	Fingerprint string          `json:"fingerprint"`
	Rule        string          `json:"rule,omitempty"`
	Category    string          `json:"category"`
	Title       string          `json:"title"`
	Severity    events.Severity `json:"severity"`
	Anchor      string          `json:"anchor,omitempty"`
	Vertices    []string        `json:"vertices,omitempty"`
	Mode        events.Mode     `json:"mode,omitempty"`
	Proof       events.Proof    `json:"proof,omitempty"`
	Advice      string          `json:"advice,omitempty"`
	Samples     int64           `json:"samples,omitempty"`
	Gain        events.Gain     `json:"gain"`
}

// Fact is the fact that tells a step.
func (j *Job) Fact(s Step) (events.FindingChanged, bool) {
	l := j.Find(s.ID)
	if l == nil {
		return events.FindingChanged{}, false
	}
	return events.FindingChanged{
		ID: s.ID, Number: s.Number, State: s.State, Run: s.Run, Identity: j.Identity, JobName: j.JobName,
		Fingerprint: l.Fingerprint, Rule: l.Rule, Category: l.Category, Title: l.Title, Severity: l.Severity,
		Anchor: l.Anchor, Vertices: l.Vertices, Mode: l.Mode, Proof: l.Proof, Advice: l.Advice,
		Before: s.Before, Now: s.Now, OpenedAt: l.OpenedAt, At: s.At, Dismissal: s.Dismissal,
	}, true
}

// Find returns the finding of an id, or nil.
func (j *Job) Find(id string) *Life {
	for _, l := range j.Findings {
		if l.ID == id {
			return l
		}
	}
	return nil
}

// step notes a change.
func (l *Life) step(kind events.LifeChange, run string, at time.Time, before, now *events.Gain) Step {
	l.Number++
	l.ChangedAt = at
	l.Beyond, l.Absent, l.Present = 0, 0, 0
	return Step{
		Kind: kind, ID: l.ID, Number: l.Number, Run: run, At: at, State: l.State, Before: before, Now: now, Dismissal: l.Dismissal,
	}
}
