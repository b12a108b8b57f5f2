package trigger

import (
	"time"

	"squirrly.dev/services/trigger/internal/policy"
)

// PolicySummary is what a file of policies holds, for people.
type PolicySummary struct {
	Name        string    `json:"name"`
	URLs        int       `json:"urls"`                // targets by URL
	Deployments int       `json:"deployments"`         // selectors of FlinkDeployments
	Reasons     []string  `json:"on"`                  // schedule, rollout, alert, event
	NextSlot    time.Time `json:"nextSlot,omitzero"`   // of the schedule
	QuietUntil  time.Time `json:"quietUntil,omitzero"` // if it is quiet now
}

// MaxPolicyBytes bounds a file of policies.
const MaxPolicyBytes = policy.MaxBytes

// CheckPolicies reads a file of policies and sums it up. The error tells every mistake in a line of its own.
func CheckPolicies(body []byte) ([]PolicySummary, error) {
	usual := Config{}.withDefaults().Duration
	all, err := policy.Read(body, usual)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	sums := make([]PolicySummary, len(all))
	for i, p := range all {
		sums[i] = PolicySummary{
			Name: p.Name, URLs: len(p.URLs), Deployments: len(p.Deployments),
			Reasons: p.On.Names(), QuietUntil: p.QuietUntil(now),
		}
		if s := p.On.Schedule; s != nil {
			sums[i].NextSlot = s.Next(now).In(p.Zone)
		}
	}
	return sums, nil
}
