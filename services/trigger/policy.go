package trigger

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/policy"
	"squirrly.dev/services/trigger/internal/status"
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

// Watched is what one policy does with one of its targets.
type Watched = status.View

// FileRefused is the state of what stands for a file of policies whose change was not accepted.
const FileRefused = status.Refused

// Watching returns what policies do, as the trigger wrote it down a moment ago, ordered by policy and target.
func Watching(ctx context.Context, b *bus.Bus) ([]Watched, error) {
	entries, err := bus.OpenBucket[status.View](b, events.BucketPolicy).List(ctx, status.Prefix+">")
	if err != nil {
		return nil, fmt.Errorf("read what policies do: %w", err)
	}
	all := make([]Watched, len(entries))
	for i, e := range entries {
		all[i] = e.Value
	}
	slices.SortFunc(all, func(a, b Watched) int {
		return cmp.Or(strings.Compare(a.Policy, b.Policy), strings.Compare(a.Target, b.Target))
	})
	return all, nil
}
