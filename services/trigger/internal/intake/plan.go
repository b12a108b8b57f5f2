package intake

import (
	"slices"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/refusal"
	"squirrly.dev/services/trigger/internal/target"
)

// defaultModes are where the CPU goes, then where the threads wait.
var defaultModes = []events.Mode{events.ModeITimer, events.ModeWall}

// check refuses what can be seen without asking anybody.
func (l Limits) check(r events.ProfileRequested, now time.Time) error {
	if !r.Expires.IsZero() && now.After(r.Expires) {
		return refusal.New(events.CodeExpired, "the request expired at %s", r.Expires.UTC().Format(time.RFC3339))
	}
	if d := time.Duration(r.Duration); d > l.MaxDuration {
		return refusal.New(events.CodeDurationRange, "a profile of %s is asked for; this server allows at most %s", d, l.MaxDuration)
	}
	for i, mode := range r.Modes {
		if slices.Contains(r.Modes[:i], mode) {
			return refusal.New(events.CodeInvalidRequest, "field modes: expected each mode once, got %s twice", mode)
		}
	}
	return nil
}

// plan fills in what a request leaves open.
func (l Limits) plan(req request, found target.Found, now time.Time) events.Plan {
	p := events.Plan{
		Run: req.run, Identity: found.Identity, Target: req.Target, RestURL: found.RestURL,
		JobID: found.JobID, JobName: found.JobName, Modes: req.Modes, Duration: req.Duration, Scope: req.Scope,
		Context: req.Context, Prompt: req.Prompt, Reason: req.Reason, Labels: req.Labels,
		Baseline: req.Baseline, Parent: req.Parent, Depth: req.Depth, RequestedAt: req.message.Stored.UTC(),
	}
	if len(p.Modes) == 0 {
		p.Modes = defaultModes
	}
	if p.Duration == 0 {
		p.Duration = events.Duration(l.Duration)
	}
	p.Duration = events.Duration(time.Duration(p.Duration.Seconds()) * time.Second) // the profiler takes whole seconds
	p.Deadline = now.Add(l.deadline(p)).UTC()
	return p
}

// deadline leaves time for profiles that wait once for another one of their length, and for everything around them.
func (l Limits) deadline(p events.Plan) time.Duration {
	const times, around = 2, 10 * time.Minute
	profiles := time.Duration(len(p.Modes)) * time.Duration(p.Duration)
	return max(l.Deadline, times*profiles+around)
}
