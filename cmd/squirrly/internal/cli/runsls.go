package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/run"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

type lsFlags struct {
	query    run.Query
	state    string
	severity string
	since    string
}

func (a *app) runsLs() *cobra.Command {
	var f lsFlags
	c := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "List the runs, newest first", Args: args(cobra.NoArgs),
		Long: `List the runs, newest first: what each found, or how far it is. Every command that takes a run takes what its id begins
with, such as the first eight characters that are listed here; -o json has all of it.`,
		Example: `  squirrly runs ls --job orders --severity warning
  squirrly runs ls --since 24h --state failed
  squirrly runs ls --max 20 --after 1b9d6bcd`,
		RunE: func(c *cobra.Command, _ []string) error {
			q, err := f.read()
			if err != nil {
				return err
			}
			b, err := a.connect(c.Context())
			if err != nil {
				return err
			}
			defer b.Close()
			return a.list(c, b, q)
		},
	}
	c.Flags().IntVar(&f.query.Limit, "max", 50, "`NUMBER` at the most")
	c.Flags().StringVar(&f.query.Job, "job", "", "`NAME` of the job, or of its target")
	c.Flags().StringVar(&f.query.Namespace, "namespace", "", "`NAME` of the namespace of the target")
	c.Flags().StringVar(&f.state, "state", "", "`STATE` of the run: planned, profiling, captured, analyzing, analyzed, failed, rejected or cancelled")
	c.Flags().StringVar(&f.severity, "severity", "", "runs with findings of this `SEVERITY` or more: info, warning or critical")
	c.Flags().StringVar(&f.since, "since", "", "runs since this `TIME`: 2026-03-01, or how long ago, such as 24h or 7d")
	c.Flags().StringVar(&f.query.After, "after", "", "go on behind this `RUN`, the last one of a list before")
	return c
}

// read checks the flags.
func (f lsFlags) read() (run.Query, error) {
	q := f.query
	q.State, q.Severity = events.State(f.state), events.Severity(f.severity)
	switch {
	case q.State != "" && !q.State.Known():
		return q, usage("--state %s: choose %s", clean(f.state), strings.Join(states, ", "))
	case q.Severity != "" && !q.Severity.Known():
		return q, usage("--severity %s: choose info, warning or critical", clean(f.severity))
	case q.Limit < 1:
		return q, usage("--max %d: one or more", q.Limit)
	case f.since == "":
		return q, nil
	}
	var err error
	if q.Since, err = run.ParseSince(f.since, time.Now()); err != nil {
		return q, usage("--since: %w", err)
	}
	return q, nil
}

// states are those of a run, for people.
var states = []string{
	string(events.StatePlanned), string(events.StateProfiling), string(events.StateCaptured), string(events.StateAnalyzing),
	string(events.StateAnalyzed), string(events.StateFailed), string(events.StateRejected), string(events.StateCancelled),
}

func (a *app) list(c *cobra.Command, b *bus.Bus, q run.Query) error {
	if q.After != "" {
		var err error
		if q.After, err = a.find(c.Context(), b, q.After); err != nil {
			return fmt.Errorf("--after: %w", err)
		}
	}
	page, err := run.New(b).Search(c.Context(), q)
	if err != nil {
		return err
	}
	if a.flags.output == formatJSON {
		return a.json(page)
	}
	if err := a.runTable(page.Runs); err != nil {
		return err
	}
	if page.Next != "" {
		fmt.Fprintf(a.err, "%d of %d runs; the next: squirrly runs ls --after %s\n", len(page.Runs), page.Matched, shortID(page.Next))
	}
	return nil
}

func (a *app) runTable(runs []run.Summary) error {
	const between = 2
	var rows [][]string
	used := 0
	for _, r := range runs {
		row := []string{shortID(r.Run), string(r.State), severityCell(r), clean(r.Identity.String()), age(r.Created)}
		rows = append(rows, row)
	}
	head := []string{"RUN", "STATE", "SEVERITY", "TARGET", "AGE"}
	for i := range head {
		width := len(head[i])
		for _, row := range rows {
			width = max(width, len([]rune(row[i])))
		}
		used += width + between
	}
	left := max(a.columns(a.out)-used, leastVerdict)
	w := tabwriter.NewWriter(a.out, 0, 0, between, ' ', 0)
	fmt.Fprintln(w, strings.Join(append(head, "VERDICT"), "\t"))
	for i, row := range rows {
		fmt.Fprintln(w, strings.Join(append(row, wording.Middle(clean(found(runs[i])), left)), "\t"))
	}
	return w.Flush() //nolint:wrapcheck // of stdout.
}

// leastVerdict is how many columns a verdict gets however narrow the terminal is.
const leastVerdict = 20

func severityCell(r run.Summary) string {
	if r.Severity == "" {
		return "-"
	}
	return string(r.Severity)
}

// found says what a run found, why it found nothing, or how far it is.
func found(r run.Summary) string {
	switch {
	case r.WaitsFor != "":
		return "waits: " + string(r.WaitsFor)
	case !r.State.Terminal():
		return strings.TrimSpace(fmt.Sprintf("%s %d%%", r.Step, r.Percent))
	case r.Code != "":
		return string(r.Code)
	}
	return r.Verdict
}

// shortID is what an id begins with, enough to tell a run from others.
func shortID(id string) string {
	const enough = 8
	return id[:min(len(id), enough)]
}
