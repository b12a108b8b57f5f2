// Package policy is the file that keeps jobs under watch: which jobs, for which reasons, and how much. It reads the file
// strictly, tells every mistake with its line, and follows its changes. It asks nobody and keeps nothing: what a policy
// leads to is decided by the sources.
package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/slots"
)

// Policy is a set of jobs and the reasons to profile them. Use [Read].
type Policy struct {
	Name        string
	URLs        []Target   // named by the REST URL of their JobManager
	Deployments []Selector // FlinkDeployments, found in Kubernetes
	On          Reasons
	Zone        *time.Location // of the schedule, of quiet hours and of the day of the budget
	Delay       time.Duration  // for which a job runs after a rollout before it is profiled
	Cooldown    time.Duration  // between two requests for one job; 0 is none
	Budget      time.Duration  // profiled time of one job in one day; 0 is no limit
	Modes       []events.Mode
	Duration    time.Duration // of each mode; 0 is the server's default
	Scope       events.Scope
	Baseline    string
	Labels      map[string]string
	Quiet       []Window // in which nothing is profiled
}

// Reasons are what makes a policy ask for a profile; at least one is set.
type Reasons struct {
	Schedule *slots.Schedule // nil is none
	Rollout  bool
	Alerts   []Rule // of Alertmanager
	Events   []Rule // CloudEvents
}

// Target is one job under watch.
type Target struct {
	Name string // unique in its policy; of a deployment namespace/name, behind its cluster if one is named
	events.Target
}

// Selector selects FlinkDeployments.
type Selector struct {
	Cluster   string            // kube context; empty is the own cluster
	Namespace string            // in which they are
	Labels    map[string]string // all of which a deployment has
	Job       string            // id or name of the job, in session clusters
}

// Key is a stable token of the target, whatever it is called and whichever policy has it.
func (t Target) Key() string {
	if t.URL != "" {
		return Token("url", t.URL, t.Job)
	}
	return Token("deployment", t.Cluster, t.Namespace, t.Deployment, t.Job)
}

// Token makes a short key of texts.
func Token(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		_, _ = h.Write([]byte(p + "\n")) // a hash takes everything
	}
	const bytes = 16
	return hex.EncodeToString(h.Sum(nil)[:bytes])
}

// defaultModes is how many modes a run has that names none.
const defaultModes = 2

// Profiled is the time for which one run profiles, where each profile takes usual unless the policy says otherwise.
func (p *Policy) Profiled(usual time.Duration) time.Duration {
	each, modes := p.Duration, len(p.Modes)
	if each == 0 {
		each = usual
	}
	if modes == 0 {
		modes = defaultModes
	}
	return each * time.Duration(modes)
}

// Day is the day of the budget that a time belongs to.
func (p *Policy) Day(at time.Time) string { return at.In(p.Zone).Format(time.DateOnly) }

// Source is the CloudEvents source of what the policy asks for.
func (p *Policy) Source() string { return SourcePrefix + p.Name }

// SourcePrefix begins the CloudEvents source of every request of a policy.
const SourcePrefix = "squirrly/policy/"

// The reasons that a policy may have, as the field on calls them.
const (
	ReasonSchedule = "schedule"
	ReasonRollout  = "rollout"
	ReasonAlert    = "alert"
	ReasonEvent    = "event"
)

// Names are the reasons that are set.
func (r Reasons) Names() []string {
	var names []string
	for _, each := range []struct {
		name string
		set  bool
	}{
		{ReasonSchedule, r.Schedule != nil}, {ReasonRollout, r.Rollout}, {ReasonAlert, len(r.Alerts) > 0}, {ReasonEvent, len(r.Events) > 0},
	} {
		if each.set {
			names = append(names, each.name)
		}
	}
	return names
}

// NextDay is when the day of the budget ends that a time belongs to.
func (p *Policy) NextDay(at time.Time) time.Time {
	at = at.In(p.Zone)
	return time.Date(at.Year(), at.Month(), at.Day()+1, 0, 0, 0, 0, p.Zone)
}
