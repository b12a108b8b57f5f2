package cli

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/userfile"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

type analyzeFlags struct {
	llm      llmFlags
	context  []string
	prompt   string
	block    string
	show     bool
	metrics  string
	baseline string
	mode     string
	duration time.Duration
	failOn   string
	force    bool
}

func (a *app) analyzeCommand() *cobra.Command {
	var f analyzeFlags
	c := &cobra.Command{
		Use:   "analyze FILE|DIR…",
		Short: "Analyze flame graphs from disk, without Flink",
		Long: `Analyze flame graphs from disk: HTML pages of async-profiler 2.x (as Flink writes them) and 3.x or 4.x, collapsed
stacks, and profiles of pprof, each also compressed with gzip. Give the files of all modes and TaskManagers of one profile
together, or the folder that ` + "`squirrly profile --out`" + ` wrote. "-" and /dev/stdin read from stdin, and process
substitution works (<(curl …)); named pipes, sockets and devices are refused.

The mode is taken from the title of the profile and from the end of the file name (…_WALL.html, or …_WALL_TIME.html as
Flink names it). Without the metrics of the job (--metrics) it cannot be told which vertex limits the job; everything that
the pages alone can prove is still said. Profiles in which no thread of a Flink task is found are refused with the likely
reason (exit code 2), unless --force is given; so are profiles of two jobs, and a --baseline of another job.`,
		Example: `  squirrly analyze tm-1_ITIMER.html tm-1_WALL.html
  squirrly analyze profile
  squirrly analyze profile/captures/*.html --metrics profile/context/job-*.json
  squirrly analyze after --baseline before
  squirrly analyze profile --context src/main/java --prompt
  asprof -e wall -d 30 -o collapsed 4711 | squirrly analyze - --mode WALL`,
		Args: args(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, v []string) error { return a.analyze(c, v, f) },
	}
	f.llm.add(c)
	c.Flags().StringArrayVar(&f.context, "context", nil, "`FILE|DIR` that helps the analysis: source, configuration, notes; repeatable")
	c.Flags().StringVar(&f.prompt, "prompt-file", "", "Markdown `FILE` that replaces the default prompt")
	c.Flags().BoolVar(&f.show, "prompt", false, "print what an LLM would be sent, with its tokens, and send nothing")
	c.Flags().StringVar(&f.block, "profile-block", "", "")
	_ = c.Flags().MarkHidden("profile-block") // there is one form; who asks for another one is told
	c.Flags().StringVar(&f.baseline, "baseline", "", "analysis `FILE|DIR` of an earlier run to compare with")
	c.Flags().StringVar(&f.metrics, "metrics", "", "job.json `FILE` of an earlier run: graph and metrics of the job (default: that of the folder)")
	c.Flags().StringVarP(&f.mode, "mode", "m", "", "`MODE` of the files: ITIMER, WALL, CPU, ALLOC or LOCK (default: from name or title)")
	c.Flags().DurationVarP(&f.duration, "duration", "d", 0, "`TIME` that each profile ran, if known")
	c.Flags().BoolVar(&f.force, "force", false, "analyze what is refused: profiles without any thread of a Flink task, profiles of two jobs, a baseline of another job")
	c.Flags().StringVar(&f.failOn, "fail-on", "", "exit with 3 when there are findings of this `SEVERITY`: info, warning or critical")
	return c
}

func (a *app) analyze(c *cobra.Command, paths []string, f analyzeFlags) error {
	failOn, err := severity(f.failOn)
	if err != nil {
		return err
	}
	in, err := a.analyzeInput(c.Context(), paths, f)
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
	if f.show {
		return a.preview(s, in)
	}
	an, err := s.Analyze(c.Context(), in)
	if errors.Is(err, analyzer.ErrNoTask) {
		return usage("analyze: %w", err)
	}
	if err != nil {
		return fmt.Errorf("analyze: %w", err)
	}
	if err := sameJob(in.Baseline, &an, f.force); err != nil {
		return err
	}
	if err := a.render(a.out, a.flags.output, an); err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	return failOnSeverity(an, failOn)
}

func (a *app) analyzeInput(ctx context.Context, paths []string, f analyzeFlags) (analyzer.Input, error) {
	if err := oneJob(ctx, paths); err != nil && !f.force {
		return analyzer.Input{}, err
	}
	in, err := a.gatherAll(ctx, paths, f)
	if err != nil {
		return in, err
	}
	if err := analyzer.CheckBlock(f.block); err != nil {
		return in, usage("--profile-block: %w", err)
	}
	in.Force = f.force
	files, err := a.readContext(ctx, f.context)
	if err != nil {
		return in, err
	}
	for _, c := range files {
		in.Files = append(in.Files, analyzer.File{Name: c.name, Text: string(c.body)})
	}
	if in.Prompt, err = readPrompt(ctx, f.prompt); err != nil {
		return in, err
	}
	if f.baseline != "" {
		before, err := a.readAnalysis(ctx, f.baseline)
		if err != nil {
			return in, err
		}
		in.Baseline = &before
	}
	if f.metrics != "" {
		if in.Context, err = readMetrics(ctx, f.metrics); err != nil {
			return in, err
		}
		err = place(in.Pages, in.Context, f.force)
	}
	return in, err
}

// readPrompt reads the Markdown that replaces the default prompt; none is empty.
func readPrompt(ctx context.Context, path string) (string, error) {
	if path == "" {
		return "", nil
	}
	b, err := userfile.Read(ctx, path, maxContextFile)
	if err == nil {
		err = text(path, b)
	}
	if err != nil {
		return "", refused(ctx, "--prompt-file: %w", err)
	}
	return string(b), nil
}

// gatherAll joins what the paths hold. Only a single folder of a run names the job.
func (a *app) gatherAll(ctx context.Context, paths []string, f analyzeFlags) (analyzer.Input, error) {
	var in analyzer.Input
	for _, path := range paths {
		part, err := a.gather(ctx, path, f)
		if err != nil {
			return in, err
		}
		if len(paths) == 1 && part.Run != "" {
			return part, nil
		}
		in.Pages, in.Files, in.Missing = append(in.Pages, part.Pages...), append(in.Files, part.Files...), append(in.Missing, part.Missing...)
		if in.Context == nil {
			in.Context = part.Context
		}
	}
	in.Identity = events.Identity{Cluster: "local", Namespace: "files", Job: filepath.Base(paths[0])}
	if len(in.Pages) > 1 {
		in.Identity.Job = fmt.Sprintf("%d flame graphs", len(in.Pages))
	}
	return in, nil
}

// readMetrics reads the context of a job, which may be compressed with gzip.
func readMetrics(ctx context.Context, path string) (*jobcontext.Context, error) {
	b, err := userfile.Read(ctx, path, maxPage)
	if err == nil && bytes.HasPrefix(b, []byte("\x1f\x8b")) {
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(b)); err == nil {
			b, err = userfile.Stream(ctx, z, path, maxPage)
		}
	}
	if err != nil {
		return nil, refused(ctx, "--metrics: %w", err)
	}
	c, err := jobcontext.Decode(b)
	if err != nil {
		return nil, usage("--metrics %s: %w", path, err)
	}
	return c, nil
}
