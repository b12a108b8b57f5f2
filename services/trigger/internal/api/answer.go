package api

import (
	"encoding/json"
	"net/http"
	"time"

	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// problem is the body of every answer that is not a success.
type problem struct {
	Code     string `json:"code"`
	Message  string `json:"message"`            // what is wrong
	Hint     string `json:"hint"`               // what to do
	Run      string `json:"run,omitempty"`      // of a request that was rejected
	Existing string `json:"existing,omitempty"` // the run that answers it instead, as in run.rejected

	Waiting *run.Waiting `json:"waiting,omitempty"` // of a run that has no record yet
}

func invalid(message string) problem {
	return problem{Code: string(events.CodeInvalidRequest), Message: message, Hint: events.CodeInvalidRequest.Hint()}
}

// fail answers with a problem; its cause is for the log only.
func (a *API) fail(w http.ResponseWriter, r *http.Request, status int, p problem, cause error) {
	if cause != nil {
		a.Logger.WarnContext(r.Context(), "HTTP request failed", "method", r.Method, "path", r.URL.Path, "error", cause)
	}
	a.answer(w, r, status, p)
}

func (a *API) answer(w http.ResponseWriter, r *http.Request, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		a.Logger.DebugContext(r.Context(), "the client is gone", "error", err)
	}
}

// view is what the API shows of a record: no plan with the user's files, no ownership.
type view struct {
	Run       string            `json:"run"`
	State     events.State      `json:"state"`
	Identity  events.Identity   `json:"identity"`
	JobID     string            `json:"jobId,omitempty"`
	JobName   string            `json:"jobName,omitempty"`
	Requester string            `json:"requester,omitempty"`
	Created   time.Time         `json:"created"`
	Updated   time.Time         `json:"updated"`
	Deadline  time.Time         `json:"deadline,omitzero"`
	Step      string            `json:"step,omitempty"`
	Percent   int               `json:"percent"`
	WaitsFor  events.Code       `json:"waitsFor,omitempty"`
	Choice    *run.Choice       `json:"choice,omitempty"` // of TaskManagers, where not all are profiled
	Captures  []capture         `json:"captures,omitempty"`
	Analysis  *events.ObjectRef `json:"analysis,omitempty"`
	Outcome   *events.Outcome   `json:"outcome,omitempty"`
	Existing  string            `json:"existing,omitempty"` // of a rejected one: the run that answers instead
	History   []run.Line        `json:"history,omitempty"`
}

type capture struct {
	JVM   string           `json:"jvm"`
	Mode  events.Mode      `json:"mode"`
	State run.CaptureState `json:"state"`
	Code  events.Code      `json:"code,omitempty"`
	Note  string           `json:"note,omitempty"`
	Hint  string           `json:"hint,omitempty"`
}

func newView(rec run.Record) view {
	v := view{
		Run: rec.Run, State: rec.State, Identity: rec.Plan.Identity, JobID: rec.Plan.JobID, JobName: rec.Plan.JobName,
		Requester: rec.Requester, Created: rec.Created, Updated: rec.Updated, Deadline: rec.Plan.Deadline,
		Step: rec.Step, Percent: rec.Percent, WaitsFor: rec.WaitsFor, Analysis: rec.Analysis, Outcome: rec.Outcome,
		Existing: rec.Existing, Choice: rec.Choice,
		History: rec.History,
	}
	for _, c := range rec.Captures {
		v.Captures = append(v.Captures, capture{c.JVM, c.Mode, c.State, c.Code, c.Note, c.Hint})
	}
	return v
}
