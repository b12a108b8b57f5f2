package events

import (
	"strconv"
	"time"
)

// LifeChange is a change in the life of a finding. Its life spans the runs of a job: a finding that shows again as large
// as before has none.
type LifeChange string

// The changes.
const (
	LifeOpened    LifeChange = "opened"    // a run shows it for the first time
	LifeWorsened  LifeChange = "worsened"  // more can be gained by mending it than when it was last told, beyond noise
	LifeImproved  LifeChange = "improved"  // less can be gained
	LifeResolved  LifeChange = "resolved"  // a run that could have shown it does not
	LifeReopened  LifeChange = "reopened"  // it is back after it was resolved, or its dismissal ended
	LifeDismissed LifeChange = "dismissed" // somebody wants to hear of it no more
)

// LifeState is where a finding is in its life.
type LifeState string

// The states.
const (
	LifeStateOpen      LifeState = "open"
	LifeStateResolved  LifeState = "resolved"
	LifeStateDismissed LifeState = "dismissed"
)

// GainUnit is what a [Gain] is counted in. Gains of two units are not compared.
type GainUnit string

// The units.
const (
	GainShare GainUnit = "share" // of the limiting vertex's time, 0 to 1: mending it makes the job faster
	GainCores GainUnit = "cores" // CPU that is freed; the job gets no faster
	GainTE    GainUnit = "te"    // thread equivalents that are freed; the job gets no faster
)

// Gain is what can be gained by mending a finding.
type Gain struct {
	Unit   GainUnit `json:"unit"`
	Value  float64  `json:"value"`
	StdErr float64  `json:"stdErr,omitempty"` // sampling error of Value; 0 is unknown
	Bound  float64  `json:"bound,omitempty"`  // upper bound of the speed-up; 0 is none
}

// Gain is what can be gained by mending the finding, as far as this run shows: its bound is the one of the verdict's words.
func (f Finding) Gain() Gain {
	switch {
	case f.OnPath:
		return Gain{Unit: GainShare, Value: f.P, StdErr: f.StdErr, Bound: f.Attainable}
	case f.Cores > 0:
		return Gain{Unit: GainCores, Value: f.Cores}
	}
	return Gain{Unit: GainTE, Value: f.TE}
}

// DismissedAs is why somebody wants to hear no more of a finding.
type DismissedAs string

// The reasons.
const (
	DismissedRight   DismissedAs = "right"    // it is true, and somebody is at it
	DismissedWrong   DismissedAs = "wrong"    // it is not true
	DismissedWontFix DismissedAs = "wont_fix" // it is true, and stays
)

// Valid reports a reason that is known.
func (d DismissedAs) Valid() bool {
	return d == DismissedRight || d == DismissedWrong || d == DismissedWontFix
}

// Dismissal is what somebody decided about a finding.
type Dismissal struct {
	As           DismissedAs `json:"as"`
	Reason       string      `json:"reason,omitempty"` // for people
	By           string      `json:"by,omitempty"`
	At           time.Time   `json:"at"`
	Until        time.Time   `json:"until,omitzero"`         // when it ends by itself; zero is never
	UntilRelease bool        `json:"untilRelease,omitempty"` // it ends with the next release of the job
	Release      string      `json:"release,omitempty"`      // that the job had then
}

// FindingChanged says what changed in the life of a finding.
type FindingChanged struct {
	ID          string     `json:"id"`     // of the finding over all runs of its job, for commands: 12 hex digits
	Number      int        `json:"number"` // of the change in the life of the finding; 1 is the first
	State       LifeState  `json:"state"`  // after the change
	Run         string     `json:"run"`    // that shows the change; of a dismissal, the last one that looked
	Identity    Identity   `json:"identity"`
	JobName     string     `json:"jobName,omitempty"`
	Fingerprint string     `json:"fingerprint"`
	Rule        string     `json:"rule,omitempty"`
	Category    string     `json:"category"`
	Title       string     `json:"title"`
	Severity    Severity   `json:"severity"`
	Anchor      string     `json:"anchor,omitempty"`
	Vertices    []string   `json:"vertices,omitempty"`
	Mode        Mode       `json:"mode,omitempty"`
	Proof       Proof      `json:"proof,omitempty"`
	Advice      string     `json:"advice,omitempty"`  // what to change, in a sentence
	Before      *Gain      `json:"before,omitempty"`  // when it was last told
	Now         *Gain      `json:"now,omitempty"`     // in this run; of one that is not found there is none
	OpenedAt    time.Time  `json:"openedAt,omitzero"` // when the run was analyzed that showed it first
	At          time.Time  `json:"at"`                // when the run was analyzed, or the finding dismissed
	Dismissal   *Dismissal `json:"dismissal,omitempty"`
}

// part tells the changes of one run apart.
func (c FindingChanged) part() string { return c.ID + "-" + strconv.Itoa(c.Number) }

// Validate reports the first missing field.
func (c FindingChanged) Validate() error {
	switch {
	case c.ID == "":
		return field("id", "the id of a finding", "")
	case c.Number < 1:
		return field("number", "a number from 1", "")
	case c.Run == "":
		return field("run", "a run id", "")
	case c.Fingerprint == "":
		return field("fingerprint", "a fingerprint", "")
	case c.Title == "":
		return field("title", "a sentence", "")
	case c.State == "":
		return field("state", "open, resolved or dismissed", "")
	}
	return nil
}

// FindingTold is a change of a finding as it is told outside of Squirrly.
type FindingTold struct {
	FindingChanged

	Change  LifeChange `json:"change"`            // what became of the finding
	Reminds bool       `json:"reminds,omitempty"` // nothing changed since it was last told; Change is what was told then
	Dismiss string     `json:"dismiss,omitempty"` // the command by which a reader says that they want to hear of it no more
}

// FindingOpened says that a run shows a finding for the first time.
type FindingOpened struct{ FindingChanged }

// EventType implements Payload.
func (FindingOpened) EventType() Type { return TypeFindingOpened }

// FindingWorsened says that more can be gained than when the finding was last told.
type FindingWorsened struct{ FindingChanged }

// EventType implements Payload.
func (FindingWorsened) EventType() Type { return TypeFindingWorsened }

// FindingImproved says that less can be gained.
type FindingImproved struct{ FindingChanged }

// EventType implements Payload.
func (FindingImproved) EventType() Type { return TypeFindingImproved }

// FindingResolved says that a run which could have shown the finding does not.
type FindingResolved struct{ FindingChanged }

// EventType implements Payload.
func (FindingResolved) EventType() Type { return TypeFindingResolved }

// FindingReopened says that a finding is back.
type FindingReopened struct{ FindingChanged }

// EventType implements Payload.
func (FindingReopened) EventType() Type { return TypeFindingReopened }

// FindingDismissed says that somebody wants to hear no more of a finding.
type FindingDismissed struct{ FindingChanged }

// EventType implements Payload.
func (FindingDismissed) EventType() Type { return TypeFindingDismissed }

// Fact is the payload that tells a change; nil for one that is not known here.
func (l LifeChange) Fact(c FindingChanged) Payload {
	switch l {
	case LifeOpened:
		return FindingOpened{c}
	case LifeWorsened:
		return FindingWorsened{c}
	case LifeImproved:
		return FindingImproved{c}
	case LifeResolved:
		return FindingResolved{c}
	case LifeReopened:
		return FindingReopened{c}
	case LifeDismissed:
		return FindingDismissed{c}
	}
	return nil
}
