package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

func (a *app) runsCommand() *cobra.Command {
	c := &cobra.Command{Use: "runs", Aliases: []string{"run"}, Short: "List, show, follow and cancel runs"}
	return group(c, a.runsLs(), a.runsGet(), a.runsReport(), a.runsWatch(), a.runsCancel())
}

func age(t time.Time) string {
	const day = 24 * time.Hour
	switch d := time.Since(t); {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 2*day:
		return fmt.Sprintf("%dh", int(d.Hours()))
	default:
		return fmt.Sprintf("%dd", int(d/day))
	}
}

func (a *app) runsGet() *cobra.Command {
	var timeline bool
	var out string
	c := &cobra.Command{
		Use: "get RUN", Aliases: []string{"show"}, Short: "Print the result of a run, or its progress", Args: args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, v []string) error {
			b, err := a.connect(c.Context())
			if err != nil {
				return err
			}
			defer b.Close()
			if err := writable(out); err != nil {
				return err
			}
			id, err := a.find(c.Context(), b, v[0])
			if err != nil {
				return err
			}
			rec, err := run.New(b).Get(c.Context(), id)
			if errors.Is(err, run.ErrNoRecord) {
				return a.showWaiting(c.Context(), b, id, err)
			}
			if err != nil {
				return err
			}
			return a.showRun(c.Context(), b, rec, timeline, out)
		},
	}
	c.Flags().StringVar(&out, "out", "", "`DIR` for the captures, the analysis and report.html, as of profile --out")
	c.Flags().BoolVar(&timeline, "timeline", false, "what happened when, from the run's record alone (-o json: the record)")
	return c
}

// showRun prints the result of a run, and writes it to a folder when one is given; without a result, how far the run is.
func (a *app) showRun(ctx context.Context, b *bus.Bus, rec run.Record, timeline bool, out string) error {
	analyzed := rec.State == events.StateAnalyzed
	left := analyzed || rec.State.Terminal() && rec.Artifact != nil
	switch {
	case out != "" && !left:
		return fmt.Errorf("run %s is %s: it has nothing for --out", rec.Run, rec.State)
	case out != "", analyzed && !timeline:
		return a.showResult(ctx, b, rec, out)
	case a.flags.output == formatJSON:
		return a.json(rec)
	case timeline:
		return a.timeline(rec)
	}
	return a.runDetails(rec)
}

// showResult prints the result of a run that has one, and writes what it left to a folder when one is given.
func (a *app) showResult(ctx context.Context, b *bus.Bus, rec run.Record, out string) error {
	store, err := openStore(ctx, b)
	if err != nil {
		return err
	}
	var wrote error
	if out != "" {
		wrote = a.export(ctx, store, rec, folderOf(ctx, out, rec.Run))
	}
	if rec.State != events.StateAnalyzed {
		return errors.Join(wrote, a.runDetails(rec))
	}
	return errors.Join(wrote, a.printResult(ctx, store, rec, noFail))
}

func (a *app) runDetails(r run.Record) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "run\t%s\nstate\t%s\ntarget\t%s\njob\t%s %s\n", r.Run, r.State, clean(r.Plan.Identity.String()),
		clean(r.Plan.JobName), clean(r.Plan.JobID))
	if r.Outcome != nil {
		fmt.Fprintf(w, "reason\t%s: %s\nhint\t%s\n", r.Outcome.Code, clean(r.Outcome.Message), clean(r.Outcome.Hint))
	}
	if r.Existing != "" {
		fmt.Fprintf(w, "answered by\trun %s\n", r.Existing)
	}
	if r.WaitsFor != "" {
		fmt.Fprintf(w, "waits for\t%s until %s\n", r.WaitsFor, r.NotBefore.Local().Format(time.TimeOnly))
	}
	if r.Choice != nil {
		fmt.Fprintf(w, "chosen\t%s\n", clean(chosen(r.Choice)))
	}
	for _, c := range r.Captures {
		fmt.Fprintf(w, "capture\t%s %s: %s %s\n", clean(c.JVM), c.Mode, c.State, clean(strings.TrimSpace(c.Note+" "+c.Hint)))
	}
	for _, l := range r.History {
		fmt.Fprintf(w, "%s\t%s\n", l.At.Local().Format(time.TimeOnly), clean(l.Text))
	}
	return w.Flush() //nolint:wrapcheck // of stdout.
}

// chosen says how many TaskManagers were chosen and by what, and which were left out.
func chosen(c *run.Choice) string {
	text := fmt.Sprintf("%d of %d TaskManagers", c.Profiled, c.Of)
	if c.By != "" {
		text += ", the busiest by " + c.By
	}
	const most = 8
	names := strings.Join(c.LeftOut[:min(len(c.LeftOut), most)], ", ")
	if more := c.Of - c.Profiled - most; more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	return text + "; left out: " + names
}

// runsReport is `squirrly report`, where it is looked for.
func (a *app) runsReport() *cobra.Command {
	c := a.reportCommand()
	c.Use = "report RUN"
	return c
}

func (a *app) runsWatch() *cobra.Command {
	return &cobra.Command{
		Use: "watch RUN", Short: "Follow a run until it ends, then print its result", Args: args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, v []string) error {
			b, err := a.connect(c.Context())
			if err != nil {
				return err
			}
			defer b.Close()
			id, err := a.find(c.Context(), b, v[0])
			if err != nil {
				return err
			}
			rec, err := a.follow(c.Context(), b, id)
			if err != nil && c.Context().Err() != nil {
				return goesOn(exitInterrupted, "interrupted", id)
			}
			if err != nil {
				return err
			}
			store, err := openStore(c.Context(), b)
			if err != nil {
				return err
			}
			return a.conclude(c.Context(), store, rec, noFail)
		},
	}
}

func (a *app) runsCancel() *cobra.Command {
	return &cobra.Command{
		Use: "cancel RUN", Short: "Cancel a run", Args: args(cobra.ExactArgs(1)),
		Long: `Cancel a run. Whoever works on it sees the request within seconds. Flink cannot stop a profile
that was started: it runs to its end and is ignored.`,
		RunE: func(c *cobra.Command, v []string) error {
			b, err := a.connect(c.Context())
			if err != nil {
				return err
			}
			defer b.Close()
			id, err := a.find(c.Context(), b, v[0])
			if err != nil {
				return err
			}
			rec, err := run.New(b).Get(c.Context(), id)
			if err != nil && !errors.Is(err, run.ErrNoRecord) { // whose request waits for a permit
				return err
			}
			if rec.State.Terminal() {
				return fmt.Errorf("run %s is %s already", rec.Run, rec.State)
			}
			if err := b.Cancel(c.Context(), id); err != nil {
				return fmt.Errorf("cancel run %s: %w", id, err)
			}
			fmt.Fprintf(a.err, "Run %s will be cancelled%s\n", id, profilesOn(rec))
			return nil
		},
	}
}

// showWaiting prints what a request without a record waits for; missing is the error when it does not.
func (a *app) showWaiting(ctx context.Context, b *bus.Bus, id string, missing error) error {
	waiting, waits, err := run.New(b).Permits.WaitingOf(ctx, id)
	if err != nil || !waits {
		return missing
	}
	if a.flags.output == formatJSON {
		return a.json(map[string]run.Waiting{"waiting": waiting})
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "run\t%s\nstate\tnot planned yet: the request %s\n", clean(id), clean(waiting.String()))
	return w.Flush() //nolint:wrapcheck // of stdout.
}
