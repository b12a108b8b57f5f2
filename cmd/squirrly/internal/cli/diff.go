package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/report"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

type diffFlags struct {
	flamegraph string
	mode       string
	failOn     string
	force      bool
}

const failOnWorse = "worse"

func (a *app) diffCommand() *cobra.Command {
	var f diffFlags
	c := &cobra.Command{
		Use:   "diff BEFORE AFTER",
		Short: "Compare two runs: did the change help?",
		Long: `Compare two runs of a job: what became of each finding, whether the advice of the first one helped, and which functions
grew or shrank. The answer is faster, slower, same, or cannot be told. What the job gets through at its limit decides
first, then the time for each record; shares of a profile alone never do, and a change of the load is none of the job. Runs
of two jobs are refused (exit code 2) unless --force is given.

BEFORE and AFTER are ids of runs on a server, folders of ` + "`squirrly profile --out`" + `, files analysis.json, or flame graphs
alone (then only the functions are compared).

Exit codes: 0 done; 1 failed; 2 wrong usage; 3 worse, with --fail-on worse; 4 not allowed; 5 run not found; 6 timed out;
130 interrupted.`,
		Example: `  squirrly diff ./before ./after
  squirrly diff ./before ./after --flamegraph diff.html -o markdown
  squirrly diff wall-before.html wall-after.html --mode WALL`,
		Args: args(cobra.ExactArgs(2)), //nolint:mnd // before and after
		RunE: func(c *cobra.Command, v []string) error { return a.diff(c.Context(), v[0], v[1], f) },
	}
	c.Flags().StringVar(&f.flamegraph, "flamegraph", "", "write the differential flame graph to `FILE`; with several modes, one file for each")
	c.Flags().StringVarP(&f.mode, "mode", "m", "", "`MODE` of flame graphs whose name and title tell none: ITIMER, WALL, CPU, ALLOC or LOCK")
	c.Flags().StringVar(&f.failOn, "fail-on", "", "exit with 3 when the job got `worse`, which is slower")
	c.Flags().BoolVar(&f.force, "force", false, "compare runs of two jobs: other names and, for the most part, other vertices")
	return c
}

func (a *app) diff(ctx context.Context, before, after string, f diffFlags) error {
	if f.failOn != "" && f.failOn != failOnWorse {
		return usage("--fail-on %s: choose worse", f.failOn)
	}
	was, err := a.diffSide(ctx, before, f.mode)
	if err != nil {
		return err
	}
	is, err := a.diffSide(ctx, after, f.mode)
	if err != nil {
		return err
	}
	if err := sameJob(was.analysis, is.analysis, f.force); err != nil {
		return err
	}
	d, modes, err := a.difference(was, is)
	if err != nil {
		return err
	}
	if err := a.writeDiffGraphs(f.flamegraph, modes); err != nil {
		return err
	}
	if err := a.renderDifference(a.out, d); err != nil {
		return fmt.Errorf("print difference: %w", err)
	}
	if f.failOn == failOnWorse && d.Comparison != nil && d.Comparison.Effect == events.EffectWorse {
		return &coded{code: exitFindings, quiet: true, err: errors.New("the job got worse")}
	}
	return nil
}

// difference compares what both sides have: analyses, and profiles of the same mode.
func (a *app) difference(was, is diffSide) (report.Difference, []analyzer.ModeDiff, error) {
	d := report.Difference{Before: was.name, After: is.name}
	load := 0.0
	if was.analysis != nil && is.analysis != nil {
		c := analyzer.CompareAnyway(*was.analysis, *is.analysis) // two jobs were refused, or are insisted on
		c.BaselineRun = first(c.BaselineRun, was.name)
		d.Comparison = &c
		load = analyzer.Load(c)
	}
	modes, err := analyzer.Diff(was.pages, is.pages, nearName(was.name)+" → "+nearName(is.name), load)
	if err != nil {
		fmt.Fprintln(a.err, "squirrly: left out: "+clean(err.Error()))
	}
	if d.Comparison == nil && len(modes) == 0 {
		return d, nil, usage("nothing to compare: %s and %s have neither two analyses nor flame graphs of one mode", was.name, is.name)
	}
	for _, m := range modes {
		const most, least = 10, 0.01 // less is chance
		d.Profiles = append(d.Profiles, report.ProfileChange{
			Mode: m.Mode, Note: m.Note, Grown: frameChanges(m.Grown(most, least)), Shrunk: frameChanges(m.Shrunk(most, least)),
		})
	}
	return d, modes, nil
}

// nearName is the end of a path, which tells two sides apart; the id of a run is whole.
func nearName(path string) string {
	folder, name := filepath.Split(filepath.Clean(path))
	return filepath.Join(filepath.Base(folder), name)
}

func frameChanges(names []flamegraph.NameChange) []report.FrameChange {
	all := []report.FrameChange{}
	for _, n := range names {
		all = append(all, report.FrameChange{Name: n.Name, Before: n.Before, After: n.After})
	}
	return all
}

func (a *app) renderDifference(w io.Writer, d report.Difference) error {
	switch a.flags.output {
	case formatJSON:
		return report.DifferenceJSON(w, d)
	case formatMarkdown:
		return report.DifferenceMarkdown(w, d)
	case formatHTML:
		return report.DifferenceHTML(w, d)
	}
	return report.DifferenceText(w, d, a.reportOptions(w))
}

// writeDiffGraphs writes the differential flame graph, or one for each of several modes.
func (a *app) writeDiffGraphs(path string, modes []analyzer.ModeDiff) error {
	if path == "" {
		return nil
	}
	if len(modes) == 0 {
		return usage("--flamegraph: the two have no flame graphs of one mode")
	}
	for _, m := range modes {
		name := path
		if len(modes) > 1 {
			ext := filepath.Ext(path)
			name = strings.TrimSuffix(path, ext) + "-" + string(m.Mode) + ext
		}
		file, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, fileMode)
		if err != nil {
			return usage("--flamegraph: %w", err)
		}
		if err := errors.Join(m.HTML(file, m.Note), file.Close()); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		a.wrote(name)
	}
	return nil
}
