package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"squirrly.dev/services/trigger"
)

func (a *app) policyLs() *cobra.Command {
	return &cobra.Command{
		Use: "ls [POLICY]", Aliases: []string{"list"}, Short: "List the jobs under watch: when each is profiled next, or why not", Args: args(cobra.MaximumNArgs(1)),
		Long: `List the targets of all policies, or of one. The trigger writes this down every few seconds; times are those of the
policy's zone.`,
		RunE: func(c *cobra.Command, v []string) error {
			all, err := a.watched(c, func(w trigger.Watched) bool {
				return len(v) == 0 || w.Policy == v[0] || a.flags.output != formatJSON && fileRefused(w)
			})
			if err != nil {
				return err
			}
			if a.flags.output == formatJSON {
				return a.json(all)
			}
			if len(v) > 0 && !slices.ContainsFunc(all, func(w trigger.Watched) bool { return w.Policy == v[0] }) {
				a.warnOfFile(all)
				return &coded{code: exitNotFound, err: fmt.Errorf("no target of a policy %s is under watch (see `squirrly policy ls`)", v[0])}
			}
			if len(all) == 0 {
				fmt.Fprintln(a.err, "No job is under watch: the trigger has no policies (SQUIRRLY_POLICY), or has not started.")
				return nil
			}
			fmt.Fprintln(a.out, watchedRow("POLICY", "TARGET", "NEXT SLOT", "LEFT", "STATE"))
			for _, w := range all {
				fmt.Fprintln(a.out, watchedRow(w.Policy, w.Target, inZone(w.NextSlot, w.Zone, "Mon 02 Jan 15:04"), left(w), stateText(w)))
				fmt.Fprint(a.out, obstacle(w))
			}
			return nil
		},
	}
}

func (a *app) policyExplain() *cobra.Command {
	return &cobra.Command{
		Use: "explain TARGET", Short: "Tell all about a job under watch, by its name or URL", Args: args(cobra.ExactArgs(1)),
		Long: `Tell what every policy does with one target: its name in the policy, its URL, or NAMESPACE/NAME of a FlinkDeployment.
Exit codes: 0 it is under watch, 5 it is not.`,
		RunE: func(c *cobra.Command, v []string) error {
			wanted := strings.TrimRight(v[0], "/")
			all, err := a.watched(c, func(w trigger.Watched) bool {
				return fileRefused(w) || w.Target == wanted || w.Where == wanted || strings.HasSuffix(w.Target, "/"+wanted)
			})
			if err != nil {
				return err
			}
			a.warnOfFile(all)
			if all = slices.DeleteFunc(all, fileRefused); len(all) == 0 {
				return &coded{code: exitNotFound, err: fmt.Errorf("no policy watches %s (see `squirrly policy ls`)", wanted)}
			}
			if a.flags.output == formatJSON {
				return a.json(all)
			}
			for i, w := range all {
				if i > 0 {
					fmt.Fprintln(a.out)
				}
				for _, line := range explainWatched(w) {
					fmt.Fprintln(a.out, line)
				}
			}
			return nil
		},
	}
}

// watched are the targets under watch that are wanted.
func (a *app) watched(c *cobra.Command, wanted func(trigger.Watched) bool) ([]trigger.Watched, error) {
	b, err := a.connect(c.Context())
	if err != nil {
		return nil, err
	}
	defer b.Close()
	all, err := trigger.Watching(c.Context(), b)
	return slices.DeleteFunc(all, func(w trigger.Watched) bool { return !wanted(w) }), err
}

// fileRefused reports whether a row stands for a file of policies whose change was not accepted.
func fileRefused(w trigger.Watched) bool { return w.State == trigger.FileRefused }

// warnOfFile says that what is told comes from before a change of the file.
func (a *app) warnOfFile(all []trigger.Watched) {
	for _, w := range all {
		if fileRefused(w) {
			fmt.Fprintln(a.err, folded("Note: "+clean(w.Why), "  "))
		}
	}
}

// watchedRow fits a line into 80 columns.
func watchedRow(name, target, next, left, state string) string {
	const nameWidth, targetWidth, nextWidth, leftWidth = 12, 19, 16, 5
	row := padded(name, nameWidth) + " " + padded(target, targetWidth) + " " + padded(next, nextWidth) + " " + padded(left, leftWidth) + " "
	return strings.TrimRight(row+cutTo(state, explainWidth-len([]rune(row))), " ")
}

// left is what is left of the budget of the day.
func left(w trigger.Watched) string {
	if w.Budget == "" {
		return "-"
	}
	return brief(w.Left)
}

// brief is a duration without the zero units at its end.
func brief(s string) string {
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// stateText is the state with its end.
func stateText(w trigger.Watched) string {
	if !w.Until.IsZero() {
		return string(w.State) + " until " + inZone(w.Until, w.Zone, "Mon 15:04")
	}
	return string(w.State)
}

// obstacle is why a target cannot be profiled, on lines of its own; empty where its row says enough.
func obstacle(w trigger.Watched) string {
	if w.State == "ready" || !w.Until.IsZero() {
		return ""
	}
	return folded("  "+w.Why, "  ") + "\n"
}

// inZone writes a time as the clocks of a zone show it; "-" without one.
func inZone(at time.Time, zone, layout string) string {
	if at.IsZero() {
		return "-"
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.UTC
	}
	return at.In(loc).Format(layout)
}

// explainWatched are the lines about one target of a policy; empty facts are left out.
func explainWatched(w trigger.Watched) []string {
	const full = "Mon 2006-01-02 15:04 MST"
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return inZone(t, w.Zone, full)
	}
	lastRun := ""
	if w.LastRun != "" {
		lastRun = w.LastRun + ", asked by " + w.LastReason + " on " + at(w.LastAsked)
	}
	slot := at(w.LastSlot)
	switch {
	case w.LeftOut != "":
		slot += ": left out, since " + w.LeftOut
	case w.SlotRun != "":
		slot += ": run " + w.SlotRun
	}
	waits := ""
	if !w.Waiting.IsZero() {
		waits = "waits since " + at(w.Waiting) + ", until the job has run for the delay"
		if !w.Warm.IsZero() {
			waits = "waits since " + at(w.Waiting) + ", due " + at(w.Warm)
		}
	}
	budget := ""
	if w.Budget != "" {
		budget = left(w) + " of " + brief(w.Budget) + " left today"
	}
	state := string(w.State) + ": " + w.Why
	if !w.Until.IsZero() {
		state += ", until " + at(w.Until)
	}
	lines := []string{folded("policy "+w.Policy+", target "+w.Target, "  ")}
	for _, fact := range [][2]string{
		{"where", w.Where},
		{"job", w.Job},
		{"state", state},
		{"profiled on", strings.Join(w.On, ", ")},
		{"next slot", at(w.NextSlot)},
		{"last slot", slot},
		{"release", w.Release},
		{"rollout", waits},
		{"last run", lastRun},
		{"budget", budget},
		{"cooldown", brief(w.Cooldown)},
	} {
		if fact[1] != "" {
			lines = append(lines, folded("  "+fact[0]+": "+fact[1], "    "))
		}
	}
	return lines
}
