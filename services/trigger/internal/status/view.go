// Package status writes down, for people, what policies do with each target: when it is profiled next, or why it is not.
// One replica at a time does so, from what the sources remember; nobody decides anything by it.
package status

import "time"

// View is what one policy does with one of its targets.
type View struct {
	Policy string    `json:"policy"`
	Target string    `json:"target"`         // name
	Where  string    `json:"where"`          // REST URL, or what Kubernetes calls it
	Job    string    `json:"job,omitempty"`  // id or name that the target names
	On     []string  `json:"on"`             // the reasons of the policy
	State  State     `json:"state"`          // whether it would be profiled now
	Why    string    `json:"why"`            // of the state, for people
	Zone   string    `json:"zone"`           // of the policy
	Until  time.Time `json:"until,omitzero"` // of the state, if that is known

	NextSlot time.Time `json:"nextSlot,omitzero"`
	LastSlot time.Time `json:"lastSlot,omitzero"`
	SlotRun  string    `json:"slotRun,omitempty"` // of the last slot
	LeftOut  string    `json:"leftOut,omitempty"` // why the last slot has no run

	Release string    `json:"release,omitempty"` // that runs, if the policy watches rollouts
	Waiting time.Time `json:"waiting,omitzero"`  // since when it waits to be profiled
	Warm    time.Time `json:"warm,omitzero"`     // when it has been running long enough

	LastRun    string    `json:"lastRun,omitempty"` // of any policy
	LastAsked  time.Time `json:"lastAsked,omitzero"`
	LastReason string    `json:"lastReason,omitempty"`

	Budget   string `json:"budget,omitempty"`     // profiled time in a day; empty is no limit
	Left     string `json:"budgetLeft,omitempty"` // of it, today
	Cooldown string `json:"cooldown,omitempty"`
}

// State says whether a target would be profiled now.
type State string

// The states.
const (
	Ready    State = "ready"    // at the next reason
	Quiet    State = "quiet"    // in the policy's quiet hours
	Cooling  State = "cooldown" // the last request is too fresh
	Spent    State = "spent"    // the budget of the day is used up
	Unseen   State = "unseen"   // it does not run, or cannot be asked
	Unlisted State = "unlisted" // the deployments of the policy cannot be listed: it stands for all of them
	Refused  State = "refused"  // the file of policies was changed, and the change has mistakes: it stands for the file
)

// Prefix begins the keys of views.
const Prefix = "view."
