package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier"
)

func (a *app) findingsCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "findings", Short: "List what was found over all runs, and dismiss what you do not want to hear of",
		Long: `A finding lives over the runs of its job: it is opened, gets worse or better, is resolved, and may come back. The
notifier tells each of these changes once. A finding that is dismissed is not told until the dismissal ends.`,
	}
	return group(c, a.findingsLs(), a.findingsGet(), a.findingsDismiss(), a.findingsUndismiss())
}

func (a *app) findingsLs() *cobra.Command {
	var all bool
	var job string
	c := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "List open findings, what can be gained most first", Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withFindings(c.Context(), func(f notifier.Findings) error {
				found, err := f.List(c.Context())
				if err != nil {
					return fmt.Errorf("list findings: %w", err)
				}
				kept := []notifier.Finding{}
				for _, x := range found {
					if (all || x.State == events.LifeStateOpen) && strings.Contains(x.Identity.String(), job) {
						kept = append(kept, x)
					}
				}
				if a.flags.output == formatJSON {
					return a.json(kept)
				}
				return a.printFindings(kept)
			})
		},
	}
	c.Flags().BoolVar(&all, "all", false, "resolved and dismissed ones, too")
	c.Flags().StringVar(&job, "job", "", "only of jobs whose CLUSTER/NAMESPACE/JOB holds this `TEXT`")
	return c
}

func (a *app) printFindings(all []notifier.Finding) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tSTATE\tSEVERITY\tGAIN\tSINCE\tJOB\tFINDING")
	for _, x := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", clean(x.ID), clean(string(x.State)), clean(string(x.Severity)),
			wording.Gain(x.Gain), age(x.OpenedAt), clean(x.Identity.String()), clean(wording.Middle(x.Title, findingColumn)))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print findings: %w", err)
	}
	return nil
}

// findingColumn is how wide the title of a finding is in a list.
const findingColumn = 60

func (a *app) findingsGet() *cobra.Command {
	return &cobra.Command{
		Use: "get ID", Short: "Show one finding", Args: args(cobra.ExactArgs(1)),
		Long: `Show one finding. ID is that of the list, or the first digits of it.`,
		RunE: func(c *cobra.Command, v []string) error {
			return a.withFindings(c.Context(), func(f notifier.Findings) error {
				x, err := f.Get(c.Context(), v[0])
				if err != nil {
					return findingError(err)
				}
				return a.printFinding(x)
			})
		},
	}
}

func (a *app) printFinding(x notifier.Finding) error {
	if a.flags.output == formatJSON {
		return a.json(x)
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s\t%s\n", name, clean(value))
		}
	}
	row("Finding", x.Title)
	row("ID", x.ID)
	row("Job", x.Identity.String())
	row("State", string(x.State))
	row("Severity", string(x.Severity))
	row("Can be gained", wording.Gain(x.Gain))
	row("Change", x.Advice)
	row("Opened", x.OpenedAt.Format(time.DateTime+" MST"))
	row("Last seen", x.SeenAt.Format(time.DateTime+" MST")+" in run "+x.Run)
	if d := x.Dismissal; d != nil {
		row("Dismissed as", strings.ReplaceAll(string(d.As), "_", " ")+dismissedUntil(*d))
		row("Reason", d.Reason)
		row("By", d.By)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print finding: %w", err)
	}
	return nil
}

func dismissedUntil(d events.Dismissal) string {
	var until []string
	if !d.Until.IsZero() {
		until = append(until, d.Until.Format(time.DateTime+" MST"))
	}
	if d.UntilRelease {
		until = append(until, "the next release")
	}
	if len(until) == 0 {
		return ""
	}
	return " until " + strings.Join(until, " or ")
}

func (a *app) findingsDismiss() *cobra.Command {
	var as, until string
	d := events.Dismissal{}
	c := &cobra.Command{
		Use: "dismiss ID", Short: "Hear no more of a finding", Args: args(cobra.ExactArgs(1)),
		Long: `Hear no more of a finding: because it is right and somebody is at it, because it is wrong, or because it stays.
It is told again when the dismissal ends and it is still there.`,
		Example: `  squirrly findings dismiss 7c1f0d --as wont-fix --reason "the sleep is a stand-in" --until-release
  squirrly findings dismiss 7c1f0d --as right --until 2027-01-31`,
		RunE: func(c *cobra.Command, v []string) error {
			if err := readDismissal(&d, as, until, time.Now()); err != nil {
				return err
			}
			return a.withFindings(c.Context(), func(f notifier.Findings) error {
				x, err := f.Dismiss(c.Context(), v[0], d)
				if err != nil {
					return findingError(err)
				}
				return a.saidOf(x, "is dismissed"+dismissedUntil(*x.Dismissal))
			})
		},
	}
	c.Flags().StringVar(&as, "as", "", "`WHY`: right, wrong or wont-fix")
	c.Flags().StringVar(&d.Reason, "reason", "", "free-text `REASON`")
	c.Flags().StringVar(&d.By, "by", env("USER", "LOGNAME"), "`WHO` dismisses it")
	c.Flags().StringVar(&until, "until", "", "`DATE` (2027-01-31) or duration (72h) at which it ends")
	c.Flags().BoolVar(&d.UntilRelease, "until-release", false, "it ends with the next release of the job")
	if err := c.RegisterFlagCompletionFunc("as", cobra.FixedCompletions([]string{"right", "wrong", "wont-fix"}, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		fmt.Fprintln(os.Stderr, err) // the flag is there
	}
	return c
}

// readDismissal reads the flags of a dismissal.
func readDismissal(d *events.Dismissal, as, until string, now time.Time) error {
	d.At, d.As = now.UTC(), events.DismissedAs(strings.ReplaceAll(as, "-", "_"))
	if !d.As.Valid() {
		return usage("--as %q: choose right, wrong or wont-fix", as)
	}
	if until == "" {
		return nil
	}
	if after, err := time.ParseDuration(until); err == nil {
		d.Until = d.At.Add(after)
	} else if d.Until, err = time.ParseInLocation(time.DateOnly, until, time.Local); err != nil {
		return usage("--until %q: expected a date such as 2027-01-31, or a duration such as 72h", until)
	}
	if d.Until = d.Until.UTC(); !d.Until.After(d.At) {
		return usage("--until %q: that is over", until)
	}
	return nil
}

func (a *app) findingsUndismiss() *cobra.Command {
	return &cobra.Command{
		Use: "undismiss ID", Short: "Hear of a finding again", Args: args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, v []string) error {
			return a.withFindings(c.Context(), func(f notifier.Findings) error {
				x, err := f.Undismiss(c.Context(), v[0])
				if err != nil {
					return findingError(err)
				}
				return a.saidOf(x, "is open again")
			})
		},
	}
}

// saidOf confirms what was done to a finding, or prints the finding for programs.
func (a *app) saidOf(x notifier.Finding, what string) error {
	if a.flags.output == formatJSON {
		return a.json(x)
	}
	fmt.Fprintf(a.err, "%s (%s, %s) %s.\n", clean(x.ID), clean(x.Title), clean(x.Identity.String()), what)
	return nil
}

func (a *app) withFindings(ctx context.Context, fn func(notifier.Findings) error) error {
	b, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	return fn(notifier.OpenFindings(b))
}

// findingError gives the error of a finding that is named its exit code.
func findingError(err error) error {
	switch {
	case errors.Is(err, notifier.ErrNoFinding):
		return &coded{code: exitNotFound, err: fmt.Errorf("%w (see `squirrly findings ls --all`)", err)}
	case errors.Is(err, notifier.ErrSeveralFindings):
		return &coded{code: exitUsage, err: err}
	}
	return err
}
