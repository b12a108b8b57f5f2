package status

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/wording"
	"squirrly.dev/services/trigger/internal/fleet"
	"squirrly.dev/services/trigger/internal/policy"
	"squirrly.dev/services/trigger/internal/source"
	"squirrly.dev/services/trigger/internal/source/rollout"
	"squirrly.dev/services/trigger/internal/source/schedule"
)

// Writer writes views, as a source that asks for nothing.
type Writer struct {
	Fleet    *fleet.Fleet
	Policies func() []policy.Policy
	Problem  func() error  // why the newest content of the file does not hold; nil when it does
	Usual    time.Duration // of a profile
	Every    time.Duration // between two times that any replica writes
	Logger   *slog.Logger

	Claims  *bus.Bucket[rollout.Claim]
	Views   *bus.Bucket[View]
	Slots   *bus.Bucket[schedule.Done]
	Ledgers *bus.Bucket[source.Ledger]
	States  *bus.Bucket[rollout.State]
}

var errOthers = errors.New("another replica writes")

// Turn writes the views that have changed, if no other replica did so a moment ago.
func (w *Writer) Turn(ctx context.Context, now time.Time, members []fleet.Member) time.Time {
	_, err := w.Claims.Upsert(ctx, "look.views", func(c *rollout.Claim) error {
		const share = 10
		if since := now.Sub(c.At); since >= 0 && since < w.Every-w.Every/share {
			return errOthers
		}
		c.At = now.UTC()
		return nil
	})
	if err == nil {
		err = w.write(ctx, now, members)
	}
	if err != nil && !errors.Is(err, errOthers) && ctx.Err() == nil {
		w.Logger.WarnContext(ctx, "what policies do cannot be written down", "error", err)
	}
	return now.Add(w.Every)
}

// memory is what the sources remember, by key.
type memory struct {
	slots   map[string]schedule.Done
	ledgers map[string]source.Ledger
	states  map[string]rollout.State
}

func (w *Writer) write(ctx context.Context, now time.Time, members []fleet.Member) error {
	m, err := w.remember(ctx)
	if err != nil {
		return err
	}
	before, err := values(ctx, w.Views, Prefix+">")
	if err != nil {
		return err
	}
	views := w.views(now, members, m)
	for key, v := range views {
		if old, there := before[key]; there && reflect.DeepEqual(old, v) {
			continue
		}
		if err := w.Views.Put(ctx, key, v); err != nil {
			return err
		}
	}
	return w.tidy(ctx, members, before, views, m)
}

func (w *Writer) remember(ctx context.Context) (memory, error) {
	slots, err := values(ctx, w.Slots, "slot.*")
	if err != nil {
		return memory{}, err
	}
	ledgers, err := values(ctx, w.Ledgers, source.LedgerKey("*"))
	if err != nil {
		return memory{}, err
	}
	states, err := values(ctx, w.States, rollout.Key("*"))
	return memory{slots, ledgers, states}, err
}

func values[T any](ctx context.Context, b *bus.Bucket[T], pattern string) (map[string]T, error) {
	entries, err := b.List(ctx, pattern)
	all := make(map[string]T, len(entries))
	for _, e := range entries {
		all[e.Key] = e.Value
	}
	return all, err
}

// views are those of all members, one for each policy whose deployments cannot be listed, and one for a file that is not accepted.
func (w *Writer) views(now time.Time, members []fleet.Member, m memory) map[string]View {
	all := map[string]View{}
	for _, member := range members {
		all[key(member.Policy, member.Key)] = w.view(now, member, m)
	}
	if err := w.Problem(); err != nil {
		all[Prefix+"file"] = View{
			Policy: "(file)", Target: "(changed)", Zone: time.UTC.String(), State: Refused,
			Why: "the changed file is not accepted, and what held before still holds: " + inShort(err),
		}
	}
	policies := w.Policies()
	for i := range policies {
		if err := w.Fleet.Problem(&policies[i]); err != nil {
			all[key(&policies[i], "deployments")] = View{
				Policy: policies[i].Name, Target: "(deployments)", On: policies[i].On.Names(), Zone: policies[i].Zone.String(),
				State: Unlisted, Why: err.Error(),
			}
		}
	}
	return all
}

// inShort is the first of several mistakes, and how many there are besides.
func inShort(err error) string {
	first, rest, several := strings.Cut(err.Error(), "\n")
	if !several {
		return first
	}
	return first + " (and " + wording.Plural(strings.Count(rest, "\n")+1, "more mistake") + ")"
}

func key(p *policy.Policy, target string) string { return Prefix + policy.Token(p.Name) + "." + target }

// view is what a policy does with one target.
func (w *Writer) view(now time.Time, member fleet.Member, m memory) View {
	p, t := member.Policy, member.Target
	v := View{Policy: p.Name, Target: t.Name, Where: t.URL, Job: t.Job, On: p.On.Names(), Zone: p.Zone.String(), Cooldown: p.Cooldown.String()}
	if t.URL == "" {
		v.Where = fmt.Sprintf("FlinkDeployment %s/%s", t.Namespace, t.Deployment)
	}
	ledger := m.ledgers[source.LedgerKey(member.Key)]
	if last := ledger.Last(); last != nil {
		v.LastRun, v.LastAsked, v.LastReason = last.Run, last.At, last.Policy+": "+last.Reason
	}
	if p.Budget > 0 {
		v.Budget, v.Left = p.Budget.String(), max(p.Budget-ledger.Spent(p, now), 0).String()
	}
	if s := p.On.Schedule; s != nil {
		offset := schedule.Offset(member)
		v.NextSlot = s.Next(now.Add(-offset)).Add(offset)
		if done, ok := m.slots[schedule.Key(p, member.Key)]; ok {
			v.LastSlot, v.SlotRun, v.LeftOut = done.Slot, done.Run, done.Why
		}
	}
	state := m.states[rollout.Key(member.Key)]
	if p.On.Rollout {
		v.Release = state.Seen
		if wait, ok := state.Waiting[p.Name]; ok {
			v.Waiting = wait.Since
			if !wait.Running.IsZero() {
				v.Warm = wait.Running.Add(p.Delay)
			}
		}
	}
	v.State, v.Why, v.Until = w.state(now, member, &ledger, state)
	return v
}

// state says whether a target would be profiled now.
func (w *Writer) state(now time.Time, member fleet.Member, l *source.Ledger, s rollout.State) (State, string, time.Time) {
	p := member.Policy
	note := s.Note
	if member.Deployed != nil {
		note = member.Deployed.State
	}
	if note != "" && (member.Deployed != nil || p.On.Rollout) {
		return Unseen, note, time.Time{}
	}
	if until := p.QuietUntil(now); !until.IsZero() {
		return Quiet, "quiet hours", until.UTC()
	}
	if why := l.Allows(p, now, w.Usual); why != nil {
		if why.Code == source.Budget {
			return Spent, why.Why, why.Until.UTC()
		}
		return Cooling, why.Why, why.Until.UTC()
	}
	return Ready, "at the next " + alternatives(p.On.Names()), time.Time{}
}
