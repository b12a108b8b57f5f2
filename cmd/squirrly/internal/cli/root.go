// Package cli is the command line of Squirrly: one file for each command. Data goes to stdout and everything else to
// stderr; what went wrong is said in one line with what to do, and told in the exit code. What a command does belongs
// into the packages that it calls.
package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/daemon"
)

// app is what every command shares.
type app struct {
	in       io.Reader
	out, err io.Writer
	flags    globalFlags
	browser  func(page string) error // opens a page; nil is that of the desktop
	bus      *bus.Bus                // the connection that was opened last; nil is none
}

type globalFlags struct {
	nats        string
	natsContext string
	creds       string
	output      string
	full        bool
	layout      string
	noColor     bool
	quiet       bool
	verbose     bool
}

// Run executes one command line and returns the exit code of the process.
func Run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	a := &app{in: in, out: out, err: errOut}
	root := a.root() //nolint:contextcheck // cobra hands the context to each command.
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := a.denied(root.ExecuteContext(ctx))
	if err != nil && !quietError(err) {
		fmt.Fprintln(errOut, "squirrly: "+said(ctx, err))
	}
	return exitCode(ctx, err)
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "squirrly",
		Short: "Find what limits an Apache Flink job, with the proof",
		Long: `Squirrly profiles a running Apache Flink job through Flink's own profiler, finds what holds it back, and proves
every statement with the profile.

  squirrly profile http://localhost:8081      profile the only running job of a cluster
  squirrly analyze itimer.html wall.html      read flame graphs from disk
  squirrly up                                 run all services in this process

Without an LLM key the analysis is by rules alone, and nothing leaves this machine.`,
		SilenceUsage:      true,
		SilenceErrors:     true,
		Version:           daemon.Version(),
		PersistentPreRunE: func(c *cobra.Command, _ []string) error { return a.checkFormat(c) },
	}
	f := root.PersistentFlags()
	f.StringVar(&a.flags.nats, "nats", "", "`URL` of the NATS server (env SQUIRRLY_NATS_URL, NATS_URL)")
	f.StringVar(&a.flags.natsContext, "nats-context", "", "`NAME` of a context of the nats CLI to connect with")
	f.StringVar(&a.flags.creds, "creds", "", "NATS credentials `FILE` (env SQUIRRLY_NATS_CREDS_FILE)")
	f.StringVarP(&a.flags.output, "output", "o", "text", "`FORMAT` of the result: text, json, markdown or html")
	f.BoolVar(&a.flags.full, "full", false, "the whole report as text, not the short one")
	f.StringVar(&a.flags.layout, "layout", layoutFindings, "`ORDER` of a report: findings (one section each) or sections (Key Bottlenecks, Root Causes, …)")
	f.BoolVar(&a.flags.noColor, "no-color", false, "plain text without colours (env NO_COLOR)")
	f.BoolVarP(&a.flags.quiet, "quiet", "q", false, "no progress on stderr")
	f.BoolVarP(&a.flags.verbose, "verbose", "v", false, "logs of the services on stderr")
	root.SetHelpCommand(helpCommand())
	group(
		root,
		a.profileCommand(), a.analyzeCommand(), a.explainCommand(), a.checkCommand(), a.diffCommand(), a.reportCommand(), a.upCommand(), a.runsCommand(), a.deadCommand(),
		a.policyCommand(), a.findingsCommand(), a.routesCommand(), a.notifyCommand(), a.optOutsCommand(), a.provisionCommand(), a.natsUsersCommand(), a.doctorCommand(), a.versionCommand(),
	)
	a.complete(root)
	fitHelp(root, a.columns(a.out))
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("%s (see `%s --help`)", ofPeople(err), c.CommandPath())
	})
	return root
}

// logger writes the logs of services that run in this process.
func (a *app) logger() *slog.Logger {
	level := slog.LevelError
	if a.flags.verbose {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: level}))
}

// terminal reports whether w is a terminal that may be drawn on.
func (a *app) terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb" && os.Getenv("CI") == ""
}

// color reports whether w may be coloured.
func (a *app) color(w io.Writer) bool {
	return !a.flags.noColor && os.Getenv("NO_COLOR") == "" && a.terminal(w)
}

// env returns the first of the named environment variables that is set.
func env(names ...string) string {
	for _, n := range names {
		if v := strings.TrimSpace(os.Getenv(n)); v != "" {
			return v
		}
	}
	return ""
}

// args wraps cobra's argument checks so that they count as wrong usage.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, values []string) error {
		if err := check(c, values); err != nil {
			return usage("%s (see `%s --help`)", ofPeople(err), c.CommandPath())
		}
		return nil
	}
}
