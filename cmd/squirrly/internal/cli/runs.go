package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	return group(c, a.runsLs(), a.runsGet(), a.runsWatch(), a.runsCancel())
}

func (a *app) runsLs() *cobra.Command {
	var most int
	c := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "List the runs, newest first", Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			b, err := a.connect(c.Context())
			if err != nil {
				return err
			}
			defer b.Close()
			all, err := run.New(b).List(c.Context())
			if err != nil {
				return fmt.Errorf("list runs: %w", err)
			}
			slices.SortFunc(all, func(x, y run.Record) int { return y.Created.Compare(x.Created) })
			all = all[:min(len(all), most)]
			if a.flags.output == formatJSON {
				return a.json(all)
			}
			return a.runTable(all)
		},
	}
	c.Flags().IntVar(&most, "max", 50, "how many at the most")
	return c
}

func (a *app) runTable(runs []run.Record) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RUN\tSTATE\tTARGET\tAGE\tSTEP")
	for _, r := range runs {
		step := r.Step
		if r.Outcome != nil {
			step = string(r.Outcome.Code)
		} else if r.WaitsFor != "" {
			step = "waits: " + string(r.WaitsFor)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.Run, r.State, clean(r.Plan.Identity.String()), age(r.Created), clean(step))
	}
	return w.Flush() //nolint:wrapcheck // of stdout.
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
			rec, err := run.New(b).Get(c.Context(), v[0])
			if errors.Is(err, run.ErrNoRecord) {
				return a.showWaiting(c.Context(), b, v[0], err)
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
	switch analyzed := rec.State == events.StateAnalyzed; {
	case out != "" && !analyzed:
		return fmt.Errorf("run %s is %s: it has nothing for --out", rec.Run, rec.State)
	case analyzed && !timeline:
		store, err := openStore(ctx, b)
		if err != nil {
			return err
		}
		if err := a.printResult(ctx, store, rec, noFail); err != nil || out == "" {
			return err
		}
		return a.export(ctx, store, rec, folderOf(out, rec.Run))
	case a.flags.output == formatJSON:
		return a.json(rec)
	case timeline:
		return a.timeline(rec)
	}
	return a.runDetails(rec)
}

func (a *app) runDetails(r run.Record) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "run\t%s\nstate\t%s\ntarget\t%s\njob\t%s %s\n", r.Run, r.State, clean(r.Plan.Identity.String()),
		clean(r.Plan.JobName), clean(r.Plan.JobID))
	if r.Outcome != nil {
		fmt.Fprintf(w, "reason\t%s: %s\nhint\t%s\n", r.Outcome.Code, clean(r.Outcome.Message), r.Outcome.Hint)
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

func (a *app) runsWatch() *cobra.Command {
	return &cobra.Command{
		Use: "watch RUN", Short: "Follow a run until it ends, then print its result", Args: args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, v []string) error {
			b, err := a.connect(c.Context())
			if err != nil {
				return err
			}
			defer b.Close()
			if _, err := a.known(c.Context(), b, v[0]); err != nil {
				return err
			}
			rec, err := a.follow(c.Context(), b, v[0])
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
			rec, err := a.known(c.Context(), b, v[0])
			if err != nil {
				return err
			}
			if rec.State.Terminal() {
				return fmt.Errorf("run %s is %s already", rec.Run, rec.State)
			}
			if err := b.Cancel(c.Context(), v[0]); err != nil {
				return fmt.Errorf("cancel run %s: %w", v[0], err)
			}
			fmt.Fprintln(a.err, "Run", v[0], "will be cancelled")
			return nil
		},
	}
}

// known returns the record of a run; that of one whose request waits for a permit is the zero value.
func (a *app) known(ctx context.Context, b *bus.Bus, id string) (run.Record, error) {
	runs := run.New(b)
	rec, err := runs.Get(ctx, id)
	if errors.Is(err, run.ErrNoRecord) {
		if _, waits, lookErr := runs.Permits.WaitingOf(ctx, id); lookErr == nil && waits {
			return run.Record{}, nil
		}
	}
	return rec, err
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
