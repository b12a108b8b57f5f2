package status

import (
	"context"
	"strings"

	"squirrly.dev/services/trigger/internal/fleet"
	"squirrly.dev/services/trigger/internal/policy"
	"squirrly.dev/services/trigger/internal/source/schedule"
)

// tidy removes the views of what is no longer under watch, and the slots of policies that are gone or have another
// schedule: a policy of the same name that comes later begins anew.
func (w *Writer) tidy(ctx context.Context, members []fleet.Member, before, views map[string]View, m memory) error {
	for key, old := range before {
		if _, still := views[key]; still || w.unlisted(old.Policy) {
			continue
		}
		if err := w.Views.Delete(ctx, key, func(View) bool { return true }); err != nil {
			return err
		}
	}
	held := map[string]bool{}
	for _, member := range members {
		if member.Policy.On.Schedule != nil {
			held[schedule.Key(member.Policy, member.Key)] = true
		}
	}
	for key, done := range m.slots {
		if held[key] || w.selects(done.Policy) {
			continue
		}
		if err := w.Slots.Delete(ctx, key, func(schedule.Done) bool { return true }); err != nil {
			return err
		}
	}
	return nil
}

// unlisted reports whether the deployments of a policy cannot be listed now, so that those which are not seen may be
// there.
func (w *Writer) unlisted(name string) bool {
	p := w.named(name)
	return p != nil && w.Fleet.Problem(p) != nil
}

// selects reports whether a policy finds its targets in Kubernetes: one that is not seen may come back.
func (w *Writer) selects(name string) bool {
	p := w.named(name)
	return p != nil && len(p.Deployments) > 0
}

func (w *Writer) named(name string) *policy.Policy {
	policies := w.Policies()
	for i := range policies {
		if policies[i].Name == name {
			return &policies[i]
		}
	}
	return nil
}

// alternatives is "a, b or c".
func alternatives(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
