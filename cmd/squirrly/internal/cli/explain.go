package cli

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

type explainFlags struct {
	request requestFlags
	metrics string
	out     string
	timeout time.Duration

	possible bool
}

func (a *app) explainCommand() *cobra.Command {
	var f explainFlags
	c := &cobra.Command{
		Use:   "explain TARGET|DIR",
		Short: "Show the plan of a job with what each operator takes",
		Long: `Show the plan of a job as a tree: each vertex with its operators, and for each operator its share of the vertex's
busy time and CPU, how much of that is state access and serialization, the records that Flink counts, the hottest frames
and the findings. The shares of operators are estimates: a profile names no operator, so that samples are attributed by
the nesting of operators in their stacks, the plan, thread dumps and counters. What cannot be decided is listed apart.
With --possible it ends with the id of each operator and with what the evidence allows there beside the findings, which is what
` + "`squirrly check`" + ` takes.

DIR is what ` + "`squirrly profile --out`" + ` wrote. Any other TARGET is profiled first, as ` + "`squirrly profile`" + ` does.`,
		Example: `  squirrly explain ./profile
  squirrly explain http://localhost:8081 --duration 30s
  squirrly explain ./profile --possible
  squirrly explain ./profile -o json`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, v []string) error { return a.explain(c.Context(), v[0], f) },
	}
	f.request.add(c)
	c.Flags().StringVar(&f.metrics, "metrics", "", "of a DIR without a context: job.json `FILE` of an earlier run")
	c.Flags().BoolVar(&f.possible, "possible", false, "list the ids of operators and what is possible in each, for claims")
	c.Flags().StringVar(&f.out, "out", "", "of a TARGET: `DIR` for the captures, the analysis and report.html")
	c.Flags().DurationVar(&f.timeout, "timeout", 0, "of a TARGET: wait no longer than this `TIME`; on a server the run goes on (default: the deadline of the run)")
	return c
}

func (a *app) explain(ctx context.Context, target string, f explainFlags) error {
	dir := target
	if info, err := os.Stat(target); err != nil || !info.IsDir() {
		var clean func()
		if dir, clean, err = a.profileInto(ctx, target, f); err != nil {
			return err
		}
		defer clean()
	}
	in, err := a.gatherAll(ctx, []string{dir}, analyzeFlags{})
	if err != nil {
		return err
	}
	if f.metrics != "" {
		if in.Context, err = readMetrics(ctx, f.metrics); err != nil {
			return err
		}
	}
	if in.Context == nil {
		return usage("%s has no plan of the job (context/job-….json): name it with --metrics", dir)
	}
	s, err := analyzer.New(analyzer.Config{Version: version()}, analyzer.Deps{HTTP: &http.Client{}, Logger: a.logger()})
	if err != nil {
		return usage("%w", err)
	}
	explain := s.Explain
	if f.possible {
		explain = s.ExplainPossible
	}
	e, err := explain(in)
	if err != nil {
		return fmt.Errorf("explain: %w", err)
	}
	return a.printExplanation(&e)
}

func (a *app) printExplanation(e *analyzer.Explanation) error {
	if a.flags.output == formatJSON {
		return a.json(e)
	}
	if _, err := fmt.Fprint(a.out, explainText(e)+possibleText(e)); err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	return nil
}

// profileInto profiles a running job and returns the folder with its artifacts, and what removes it when nobody asked
// for it.
func (a *app) profileInto(ctx context.Context, target string, f explainFlags) (dir string, clean func(), err error) {
	clean = func() {}
	if dir = f.out; dir == "" {
		if dir, err = os.MkdirTemp("", "squirrly-explain-"); err != nil {
			return "", clean, fmt.Errorf("explain: %w", err)
		}
		clean = func() { _ = os.RemoveAll(dir) }
	}
	if err = a.profileOnce(ctx, target, dir, f); err != nil {
		clean()
		return "", func() {}, err
	}
	return dir, clean, nil
}

func (a *app) profileOnce(ctx context.Context, target, dir string, f explainFlags) error {
	req, uploads, err := a.build(ctx, &f.request, target)
	if err != nil {
		return err
	}
	b, store, stop, err := a.pipeline(ctx, profileFlags{})
	if err != nil {
		return err
	}
	defer stop()
	run, err := submit(ctx, b, store, uploads, req)
	if err != nil {
		return err
	}
	rec, err := a.await(ctx, b, run, patience{timeout: f.timeout, remote: a.remote()})
	if err != nil {
		return err
	}
	if rec.State != events.StateAnalyzed {
		return outcomeError(rec.State, rec.Outcome)
	}
	return a.export(ctx, store, rec, dir)
}
