package run

import (
	"fmt"
	"slices"
	"time"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

const maxHistoryLines = 50

// Record is the state of one run: the truth about it, changed by compare-and-set only. Its parts belong to who writes
// them; stored they are one flat object, as they always were.
type Record struct {
	Run       string          `json:"run"`
	State     events.State    `json:"state"`
	Plan      events.Plan     `json:"plan"`
	Requester string          `json:"requester,omitempty"`
	Permit    string          `json:"permit,omitempty"` // pool of the permit that the run holds until its end
	Created   time.Time       `json:"created"`
	Updated   time.Time       `json:"updated"`
	Step      string          `json:"step,omitempty"`    // what is being done, for people
	Percent   int             `json:"percent,omitempty"` // 0 to 100
	Outcome   *events.Outcome `json:"outcome,omitempty"`
	Existing  string          `json:"existing,omitempty"` // of a rejected one: the run that answers instead, see [events.RunRejected]
	Ending    events.State    `json:"ending,omitempty"`   // intended terminal state, chosen once; its event may not be out yet
	Cancel    bool            `json:"cancel,omitempty"`   // somebody asked for the end of the run
	History   []Line          `json:"history,omitempty"`

	Collected
	Analyzed
	Ownership
}

// Collected is what the collector writes.
type Collected struct {
	Choice   *Choice               `json:"choice,omitempty"` // nil: all TaskManagers of the job
	Captures []Capture             `json:"captures,omitempty"`
	Readings []events.ObjectRef    `json:"readings,omitempty"` // of the job's counters, for a collector that takes over
	Profiled time.Time             `json:"profiled,omitzero"`  // when the last profile was over
	Spared   []string              `json:"spared,omitempty"`   // TaskManagers that were lost and did not die
	Artifact *events.ArtifactReady `json:"artifact,omitempty"`
}

// Choice says which TaskManagers of a job are profiled where not all are. The captures name those that are.
type Choice struct {
	Profiled int      `json:"profiled"`          // TaskManagers
	Of       int      `json:"of"`                // that run the job
	By       string   `json:"by,omitempty"`      // what the busiest were told by; empty when they were named
	LeftOut  []string `json:"leftOut,omitempty"` // the ones that matter most first, at most [MaxLeftOut]
}

// MaxLeftOut bounds the names of a [Choice].
const MaxLeftOut = 100

// Analyzed is what the analyzer writes.
type Analyzed struct {
	Prompt     *events.ObjectRef           `json:"prompt,omitempty"`
	Answer     *events.ObjectRef           `json:"answer,omitempty"` // of the LLM; chosen once
	Evidence   *events.ObjectRef           `json:"evidence,omitempty"`
	Analysis   *events.ObjectRef           `json:"analysis,omitempty"`
	Result     *events.Event               `json:"result,omitempty"`     // that ends the run, from its intention until it is out
	Reports    map[string]events.ObjectRef `json:"reports,omitempty"`    // by format
	Baseline   *Baseline                   `json:"baseline,omitempty"`   // chosen once
	Conclusion *Conclusion                 `json:"conclusion,omitempty"` // of the result, when that is out; nil in runs of older versions
	FollowUps  []events.Mode               `json:"followUps,omitempty"`  // modes that a run after this one should capture

	FollowUpKey string `json:"followUpKey,omitempty"` // random, chosen once; see [events.FollowUpID]
}

// Conclusion is what a list of runs says about a result.
type Conclusion struct {
	Verdict  string          `json:"verdict"` // in a few words, see [wording.Verdict]
	Severity events.Severity `json:"severity"`
	Findings int             `json:"findings,omitempty"`
}

// conclude reads what an event says about a result; nil when it tells of none.
func conclude(e events.Event) *Conclusion {
	if e.Type != events.TypeRecommendationReady {
		return nil
	}
	ready, err := events.Data[events.RecommendationReady](e)
	if err != nil {
		return nil
	}
	return &Conclusion{
		Verdict: wording.Verdict(ready.Verdict), Severity: ready.Severity, Findings: len(ready.Findings) + len(ready.Others),
	}
}

// Ownership is who works on the run, and how often a step of it was tried. The workers write it.
type Ownership struct {
	Owner        string      `json:"owner,omitempty"`        // delivery that works on the run; empty when none does
	OwnerStep    string      `json:"ownerStep,omitempty"`    // service of the owner
	OwnerSeq     uint64      `json:"ownerSeq,omitempty"`     // stream sequence of the owner's message
	OwnerProcess string      `json:"ownerProcess,omitempty"` // lease of the owner's process
	Crashes      int         `json:"crashes,omitempty"`      // owners of this step that died of it, or with it
	Attempts     int         `json:"attempts,omitempty"`     // waits of this step
	NotBefore    time.Time   `json:"notBefore,omitzero"`     // the run waits until then
	WaitsFor     events.Code `json:"waitsFor,omitempty"`
}

// Baseline is the run that a run is compared with. Without Run there is none.
type Baseline struct {
	Run      string            `json:"run,omitempty"`
	Analysis *events.ObjectRef `json:"analysis,omitempty"`
	Missing  string            `json:"missing,omitempty"` // why the one that was asked for cannot be used
}

// CaptureState is how far one capture is.
type CaptureState string

// The states of a capture. Intended means that a profile may or may not have been started.
const (
	CapturePending  CaptureState = "pending"
	CaptureIntended CaptureState = "intended"
	CaptureRunning  CaptureState = "running"
	CaptureStored   CaptureState = "stored"
	CaptureLost     CaptureState = "lost"
)

// Capture is the progress of one profiler result of one JVM in one mode.
type Capture struct {
	JVM         string            `json:"jvm"`
	Mode        events.Mode       `json:"mode"`
	Requested   events.Mode       `json:"requested,omitempty"` // when the profiler refused it
	State       CaptureState      `json:"state"`
	Seen        int64             `json:"seen,omitempty"`        // newest triggerTime before the start, epoch ms of that JVM
	TriggerTime int64             `json:"triggerTime,omitempty"` // of this capture
	Adopted     bool              `json:"adopted,omitempty"`
	Object      *events.ObjectRef `json:"object,omitempty"`
	Samples     int64             `json:"samples,omitempty"`
	Code        events.Code       `json:"code,omitempty"` // why it was lost or replaced; empty when the TaskManager is gone
	Note        string            `json:"note,omitempty"` // the same for people, one line
	Hint        string            `json:"hint,omitempty"` // what to do about it
}

// Line is one entry of a run's history, for people.
type Line struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// Note adds a line to the history and keeps the last fifty.
func (r *Record) Note(format string, args ...any) {
	r.History = append(r.History, Line{At: time.Now().UTC(), Text: fmt.Sprintf(format, args...)})
	if over := len(r.History) - maxHistoryLines; over > 0 {
		r.History = append(r.History[:0], r.History[over:]...)
	}
}

// NoteOnce adds a line to the history unless one of the last ones says the same, and reports whether it did: what is tried again
// every few seconds is told once.
func (r *Record) NoteOnce(format string, args ...any) (isNew bool) {
	const recent = 12
	text := fmt.Sprintf(format, args...)
	last := r.History[max(0, len(r.History)-recent):]
	isNew = !slices.ContainsFunc(last, func(l Line) bool { return l.Text == text })
	if isNew {
		r.Note("%s", text)
	}
	return isNew
}

// Event wraps a payload about this run.
func (r *Record) Event(source string, p events.Payload) (events.Event, error) {
	e, err := events.New("squirrly/"+source, r.Run, time.Now(), p)
	if err != nil {
		return e, fmt.Errorf("event of run %s: %w", r.Run, err)
	}
	e.CausationID = r.Run
	return e, nil
}

// release gives up the ownership with an outcome.
func (r *Record) release() {
	r.Owner, r.OwnerStep, r.OwnerSeq, r.OwnerProcess = "", "", 0, ""
}

// ending is the event of the intended end.
func (r *Record) ending() (events.Event, error) {
	switch {
	case r.Result != nil:
		return *r.Result, nil
	case r.Outcome == nil:
		return events.Event{}, fmt.Errorf("run %s is to be %s, and its record has neither result nor reason", r.Run, r.Ending)
	case r.Ending == events.StateCancelled:
		return r.Event(r.Outcome.Step, events.RunCancelled{Outcome: *r.Outcome})
	}
	return r.Event(r.Outcome.Step, events.RunFailed{Outcome: *r.Outcome})
}

// end moves the record to the intended terminal state.
func (r *Record) end() {
	if r.Outcome != nil {
		r.Note("%s: %s", r.Ending, r.Outcome.Message)
	} else {
		r.Note("%s: %s", r.OwnerStep, r.Ending)
		r.Percent, r.Crashes, r.Attempts = 100, 0, 0
	}
	if r.Result != nil {
		r.Conclusion = conclude(*r.Result)
	}
	r.State, r.Result, r.NotBefore, r.WaitsFor, r.Step = r.Ending, nil, time.Time{}, "", ""
	r.release()
}
