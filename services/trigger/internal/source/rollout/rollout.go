// Package rollout asks for a profile when another release of a job runs: another image or spec of a FlinkDeployment, or a
// new job id of the same name behind a URL. What ran before is remembered outside of this process, so that a rollout
// which happens while no replica runs is seen by the next one.
//
// A release is profiled once it has been running for the delay of the policy; one that comes while another waits takes
// its place.
package rollout

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/fleet"
	"squirrly.dev/services/trigger/internal/policy"
	"squirrly.dev/services/trigger/internal/source"
)

// Seen is what runs at a target now.
type Seen struct {
	Release string // empty is not known
	Job     string // name, of a URL
	Running bool
	Note    string // why it does not run, or is not known
}

// Looker asks the JobManager behind a URL what runs there. job is the name that the target had before, if it names none.
type Looker interface {
	Look(ctx context.Context, t policy.Target, job string) Seen
}

// Source is the rollouts of all policies.
type Source struct {
	Gate interface { // *source.Gate
		Ask(ctx context.Context, a source.Ask) (source.Answer, error)
	}
	Book   Book
	Claims source.Book[Claim]
	Looker Looker
	Every  time.Duration // between two looks at a URL, by all replicas together
	Logger *slog.Logger

	next time.Time
}

// Turn looks at every target that a policy watches for rollouts, and asks for those that are warm.
func (s *Source) Turn(ctx context.Context, now time.Time, members []fleet.Member) time.Time {
	if now.Before(s.next) && s.next.Sub(now) <= s.Every {
		return s.next
	}
	s.next = now.Add(s.Every)
	byTarget := map[string][]fleet.Member{} // several policies may watch one target
	blocks := map[string]bool{}             // of URLs: whether this replica looks at them
	for _, m := range members {
		if !m.Policy.On.Rollout {
			continue
		}
		if m.Deployed == nil {
			block := m.Key[:blockDigits]
			ours, known := blocks[block]
			if !known {
				ours = s.claim(ctx, now, block)
				blocks[block] = ours
			}
			if !ours {
				continue
			}
		}
		byTarget[m.Key] = append(byTarget[m.Key], m)
	}
	s.lookAt(ctx, now, byTarget)
	return s.next
}

// lookAt looks at targets, some at a time.
func (s *Source) lookAt(ctx context.Context, now time.Time, byTarget map[string][]fleet.Member) {
	const atATime = 8
	slots := make(chan struct{}, atATime)
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, same := range byTarget {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := s.look(ctx, now, same); err != nil && ctx.Err() == nil {
				s.Logger.WarnContext(ctx, "a target is looked at again for rollouts", "target", same[0].Target.Name, "error", err)
			}
		})
	}
}

// Claim is when a replica began to look at a block of URLs.
type Claim struct {
	At time.Time `json:"at"`
}

// blockDigits is how much of the key of a target names its block. One replica looks at a block at a time: the one that
// writes so first.
const blockDigits = 1

// claim reports whether this replica looks at a block.
func (s *Source) claim(ctx context.Context, now time.Time, block string) bool {
	_, err := s.Claims.Upsert(ctx, "look."+block, func(c *Claim) error {
		const share = 10 // of the time between two looks, by which turns may differ
		if since := now.Sub(c.At); since >= 0 && since < s.Every-s.Every/share {
			return errOthers
		}
		c.At = now.UTC()
		return nil
	})
	if err != nil && !errors.Is(err, errOthers) && ctx.Err() == nil {
		s.Logger.WarnContext(ctx, "URLs are looked at later for rollouts", "error", err)
	}
	return err == nil
}

var (
	errOthers = errors.New("another replica looks")
	errSame   = errors.New("nothing has changed")
)

// look looks at one target, and asks for the policies that have waited long enough.
func (s *Source) look(ctx context.Context, now time.Time, same []fleet.Member) error {
	seen, err := s.seen(ctx, same[0])
	if err != nil {
		return err
	}
	state, err := s.Book.Upsert(ctx, Key(same[0].Key), func(st *State) error { return st.note(now, seen, same) })
	if err != nil && !errors.Is(err, errSame) {
		return err
	}
	for _, m := range same {
		w, waits := state.Waiting[m.Policy.Name]
		if !waits || w.Running.IsZero() || now.Sub(w.Running) < m.Policy.Delay {
			continue
		}
		if err := s.ask(ctx, now, m, w); err != nil {
			return err
		}
	}
	return nil
}

// seen is what runs at a target.
func (s *Source) seen(ctx context.Context, m fleet.Member) (Seen, error) {
	if d := m.Deployed; d != nil {
		if d.Session {
			return Seen{Note: "rollouts of jobs in session clusters are not watched"}, nil
		}
		return Seen{Release: d.Release, Running: d.Running, Note: d.State}, nil
	}
	e, err := s.Book.Get(ctx, Key(m.Key))
	if err != nil && !errors.Is(err, bus.ErrNotFound) {
		return Seen{}, err
	}
	return s.Looker.Look(ctx, m.Target, e.Value.Job), nil
}

// note enters what runs. The first release of a target is no rollout.
func (st *State) note(now time.Time, seen Seen, same []fleet.Member) error {
	before := State{Seen: st.Seen, Job: st.Job, Note: st.Note, Waiting: maps.Clone(st.Waiting)}
	st.Note = seen.Note
	if seen.Job != "" {
		st.Job = seen.Job
	}
	rolled := st.Seen != "" && seen.Release != "" && seen.Release != st.Seen
	if seen.Release != "" {
		st.Seen = seen.Release
	}
	waiting := map[string]Wait{}
	for _, m := range same { // a policy that is gone waits no more
		w, waits := st.Waiting[m.Policy.Name]
		if rolled {
			w, waits = Wait{Release: seen.Release, Since: now.UTC()}, true
		}
		switch {
		case !waits:
			continue
		case !seen.Running:
			w.Running = time.Time{}
		case w.Running.IsZero():
			w.Running = now.UTC()
		}
		waiting[m.Policy.Name] = w
	}
	st.Waiting = waiting
	if st.Seen == before.Seen && st.Job == before.Job && st.Note == before.Note && maps.Equal(st.Waiting, before.Waiting) {
		return errSame
	}
	return nil
}

// ask asks for a release that is warm. One that the policy does not allow now waits on.
func (s *Source) ask(ctx context.Context, now time.Time, m fleet.Member, w Wait) error {
	answer, err := s.Gate.Ask(ctx, source.Ask{
		Policy: m.Policy, Target: m.Target, Reason: policy.ReasonRollout, At: now,
		ID:  "rollout/" + m.Key + "/" + w.Release + "/" + w.Since.UTC().Format(time.RFC3339),
		Why: "release " + w.Release + " runs", Release: w.Release, Baseline: events.BaselineRelease,
	})
	refused := source.Refused(err)
	if err != nil && refused == nil {
		return err
	}
	if refused == nil && !answer.Known {
		s.Logger.InfoContext(ctx, "a policy asks", "policy", m.Policy.Name, "target", m.Target.Name, "why", "release "+w.Release, "run", answer.Run)
	}
	_, err = s.Book.Upsert(ctx, Key(m.Key), func(st *State) error {
		now, waits := st.Waiting[m.Policy.Name]
		if !waits || now.Release != w.Release || !now.Since.Equal(w.Since) {
			return errSame // a newer one has taken its place
		}
		if refused == nil {
			delete(st.Waiting, m.Policy.Name)
			return nil
		}
		if now.Why == refused.Why {
			return errSame
		}
		now.Why = refused.Why
		st.Waiting[m.Policy.Name] = now
		return nil
	})
	if errors.Is(err, errSame) {
		return nil
	}
	return err
}
