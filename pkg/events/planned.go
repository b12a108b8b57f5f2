package events

import (
	"strconv"
	"time"
)

// Plan is a validated run: what the collector does.
type Plan struct {
	Run         string            `json:"run"`
	Identity    Identity          `json:"identity"`
	Target      Target            `json:"target"`
	RestURL     string            `json:"restUrl"` // of the JobManager, without credentials
	JobID       string            `json:"jobId"`
	JobName     string            `json:"jobName"`
	Modes       []Mode            `json:"modes"`
	Duration    Duration          `json:"duration"` // of each mode, whole seconds
	Scope       Scope             `json:"scope,omitzero"`
	Context     []ContextFile     `json:"context,omitempty"`
	Prompt      string            `json:"prompt,omitempty"`
	Reason      string            `json:"reason,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Baseline    string            `json:"baseline,omitempty"` // as in the request
	Parent      string            `json:"parent,omitempty"`   // id of the run that this one follows up
	Depth       int               `json:"depth,omitempty"`    // 1 for a follow-up
	Deadline    time.Time         `json:"deadline"`           // after this the run fails
	RequestedAt time.Time         `json:"requestedAt"`
}

// ProfilePlanned is the profile job for the collector.
type ProfilePlanned struct {
	Plan      Plan   `json:"plan"`
	Requester string `json:"requester,omitempty"` // CloudEvents source of the request, or "nats" or "http"
	RequestID string `json:"requestId,omitempty"`
}

// EventType implements Payload.
func (ProfilePlanned) EventType() Type { return TypeProfilePlanned }

// Validate implements Payload.
func (p ProfilePlanned) Validate() error { return within("plan", p.Plan.Validate()) }

// Validate reports the first missing or wrong field.
func (p Plan) Validate() error {
	if err := requireRun(p.Run); err != nil {
		return err
	}
	switch {
	case p.Identity.Job == "":
		return field("identity.job", "a name", "")
	case p.RestURL == "":
		return field("restUrl", "a URL", "")
	case p.JobID == "":
		return field("jobId", "a job id", "")
	case len(p.Modes) == 0:
		return field("modes", "at least one mode", "")
	case p.Duration.Seconds() < 1:
		return field("duration", "at least 1s", time.Duration(p.Duration).String())
	case p.Deadline.IsZero():
		return field("deadline", "a time", "")
	}
	for i, m := range p.Modes {
		if !m.Valid() {
			return field("modes["+strconv.Itoa(i)+"]", "a mode of the profiler", string(m))
		}
	}
	if err := validateRelations(p.Baseline, p.Parent, p.Depth); err != nil {
		return err
	}
	return validateContext(p.Context)
}
