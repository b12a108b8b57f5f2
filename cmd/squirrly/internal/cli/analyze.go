package cli

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

type analyzeFlags struct {
	llm      llmFlags
	context  []string
	prompt   string
	job      string
	mode     string
	duration time.Duration
	failOn   string
}

func (a *app) analyzeCommand() *cobra.Command {
	var f analyzeFlags
	c := &cobra.Command{
		Use:   "analyze FILE…",
		Short: "Analyze flame graphs from disk, without Flink",
		Long: `Analyze flame graphs from disk: HTML pages of async-profiler 2.x (as Flink writes them) and 3.x or 4.x, and
collapsed stacks. Give the pages of all modes and TaskManagers of one profile together. "-" reads from stdin.

The mode is taken from the file name (…_WALL_….html), else from the title of the page. Without the metrics of the job
(--job-context, the job.json of ` + "`squirrly profile --out`" + `) it cannot be told which vertex limits the job; everything
that the pages alone can prove is still said.`,
		Example: `  squirrly analyze tm-1_ITIMER.html tm-1_WALL.html
  squirrly analyze profile/captures/*.html --job-context profile/context/job-*.json
  asprof -e wall -d 30 -o collapsed 4711 | squirrly analyze - --mode WALL`,
		Args: args(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, v []string) error { return a.analyze(c, v, f) },
	}
	f.llm.add(c)
	c.Flags().StringArrayVar(&f.context, "context", nil, "`FILE|DIR` that helps the analysis: source, configuration, notes; repeatable")
	c.Flags().StringVar(&f.prompt, "prompt", "", "Markdown `FILE` that replaces the default prompt")
	c.Flags().StringVar(&f.job, "job-context", "", "job.json `FILE` of an earlier run: graph and metrics of the job")
	c.Flags().StringVarP(&f.mode, "mode", "m", "", "mode of the files: ITIMER, WALL, CPU, ALLOC or LOCK (default: from name or title)")
	c.Flags().DurationVarP(&f.duration, "duration", "d", 0, "how long each profile ran, if known")
	c.Flags().StringVar(&f.failOn, "fail-on", "", "exit with 3 when there are findings of this `SEVERITY`: info, warning or critical")
	return c
}

func (a *app) analyze(c *cobra.Command, paths []string, f analyzeFlags) error {
	if err := a.checkFormat(); err != nil {
		return err
	}
	failOn, err := severity(f.failOn)
	if err != nil {
		return err
	}
	in, err := a.analyzeInput(paths, f)
	if err != nil {
		return err
	}
	llm, err := f.llm.config()
	if err != nil {
		return err
	}
	s, err := analyzer.New(analyzer.Config{LLM: llm, Version: version()}, analyzer.Deps{HTTP: &http.Client{}, Logger: a.logger()})
	if err != nil {
		return usage("%w", err)
	}
	an, err := s.Analyze(c.Context(), in)
	if err != nil {
		return fmt.Errorf("analyze: %w", err)
	}
	if err := a.render(a.out, a.flags.output, an); err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	return failOnSeverity(an, failOn)
}

func (a *app) analyzeInput(paths []string, f analyzeFlags) (analyzer.Input, error) {
	in := analyzer.Input{Identity: events.Identity{Cluster: "local", Namespace: "files", Job: filepath.Base(paths[0])}}
	if len(paths) > 1 {
		in.Identity.Job = fmt.Sprintf("%d flame graphs", len(paths))
	}
	for _, path := range paths {
		page, err := a.page(path, f)
		if err != nil {
			return in, err
		}
		in.Pages = append(in.Pages, page)
	}
	var err error
	if in.Files, err = analyzeFiles(f.context); err != nil {
		return in, err
	}
	if f.prompt != "" {
		b, err := readText(f.prompt)
		if err != nil {
			return in, usage("--prompt: %w", err)
		}
		in.Prompt = string(b)
	}
	if f.job != "" {
		b, err := os.ReadFile(f.job)
		if err != nil {
			return in, usage("--job-context: %w", err)
		}
		if in.Context, err = jobcontext.Decode(b); err != nil {
			return in, usage("--job-context %s: %w", f.job, err)
		}
	}
	return in, nil
}

func analyzeFiles(roots []string) ([]analyzer.File, error) {
	var all []analyzer.File
	for _, root := range roots {
		files, err := contextFiles(root)
		if err != nil {
			return nil, usage("--context %s: %w", root, err)
		}
		for _, path := range files {
			body, err := readText(path)
			if err != nil {
				return nil, usage("--context %s: %w", path, err)
			}
			all = append(all, analyzer.File{Name: contextName(root, path), Text: string(body)})
		}
	}
	return all, nil
}

// page reads one file, or stdin for "-".
func (a *app) page(path string, f analyzeFlags) (analyzer.Page, error) {
	p := analyzer.Page{JVM: jvmOf(path), Seconds: f.duration.Seconds(), Status: string(events.CaptureStored)}
	r := a.in
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return p, usage("%w", err)
		}
		defer func() { _ = file.Close() }()
		r = file
	}
	var err error
	if p.Body, err = io.ReadAll(io.LimitReader(r, maxPage+1)); err != nil {
		return p, fmt.Errorf("read %s: %w", path, err)
	}
	if len(p.Body) > maxPage {
		return p, usage("%s is larger than 64 MiB", path)
	}
	p.Mode, err = modeOf(path, f.mode, p.Body)
	return p, err
}

var modeInName = regexp.MustCompile(`(?i)(?:^|[^a-z])(itimer|wall|cpu|alloc|lock)(?:[^a-z]|$)`)

// titles of pages that name no mode more closely than async-profiler does.
var titles = map[string]events.Mode{
	"Wall clock profile": events.ModeWall, "Allocation profile": events.ModeAlloc, "Lock profile": events.ModeLock,
	"CPU profile": events.ModeITimer,
}

// modeOf finds the mode of a file: as given, from its name, from its title.
func modeOf(path, given string, body []byte) (events.Mode, error) {
	if given != "" {
		m := events.Mode(strings.ToUpper(given))
		if !m.Valid() {
			return m, usage("--mode %s: choose ITIMER, WALL, CPU, ALLOC or LOCK", given)
		}
		return m, nil
	}
	if m := modeInName.FindStringSubmatch(filepath.Base(path)); m != nil {
		return events.Mode(strings.ToUpper(m[1])), nil
	}
	const head = 64 << 10
	for title, mode := range titles {
		if strings.Contains(string(body[:min(len(body), head)]), title) {
			return mode, nil
		}
	}
	return "", usage("%s: its mode is neither in its name nor in its title; give --mode", path)
}

// jvmOf takes what stands before the mode in a file name, which is how Flink and this program name captures.
func jvmOf(path string) string {
	base := filepath.Base(path)
	if at := modeInName.FindStringSubmatchIndex(base); at != nil && at[2] > 1 {
		return strings.TrimRight(base[:at[2]], "-_.")
	}
	return "jvm"
}
