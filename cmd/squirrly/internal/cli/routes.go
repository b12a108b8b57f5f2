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

	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/userfile"
	"squirrly.dev/internal/wording"
	"squirrly.dev/services/notifier"
)

func (a *app) routesCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "routes", Short: "Try out who is told what",
		Long: `The notifier reads the file that SQUIRRLY_ROUTES names: who is told what, when nobody is, and what is kept quiet.`,
	}
	return group(c, a.routesTest())
}

func (a *app) routesTest() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use: "test [LABEL=VALUE…]", Short: "Say which routes something with these labels takes",
		Long: `Read the file of routes as the notifier would, tell every mistake with its line, and say which routes something with
these labels takes now. Labels are those of the run, and cluster, namespace, job, change (opened, worsened, improved,
resolved, reopened, dismissed, failed, recovered, none), severity, category, rule, mode, finding. Exit codes: 0 the file is fine, 1 it has
mistakes, 2 it cannot be read.`,
		Example: `  squirrly routes test --file routes.yaml severity=critical team=fraud change=opened`,
		RunE: func(c *cobra.Command, v []string) error {
			labels := map[string]string{}
			for _, x := range v {
				name, value, ok := strings.Cut(x, "=")
				if !ok || name == "" {
					return usage("expected LABEL=VALUE, got %q", x)
				}
				labels[name] = value
			}
			body, err := a.routesFile(c.Context(), file)
			if err != nil {
				return err
			}
			routed, err := notifier.TestRoutes(body, labels, time.Now())
			if err != nil {
				return a.mistakes(file, err)
			}
			if a.flags.output == formatJSON {
				return a.json(routed)
			}
			return a.printRouted(routed)
		},
	}
	c.Flags().StringVarP(&file, "file", "f", env("SQUIRRLY_ROUTES"), "`FILE` of routes; - is stdin (env SQUIRRLY_ROUTES)")
	return c
}

func (a *app) routesFile(ctx context.Context, path string) ([]byte, error) {
	var body []byte
	var err error
	switch path {
	case "":
		return nil, usage("name a file of routes with --file, or in SQUIRRLY_ROUTES")
	case "-":
		body, err = userfile.Stream(ctx, a.in, "stdin", notifier.MaxRoutesBytes)
	default:
		body, err = userfile.Read(ctx, path, notifier.MaxRoutesBytes)
	}
	if err != nil {
		return nil, refused(ctx, "%w", err)
	}
	return body, nil
}

// mistakes tells what is wrong in a file that people write, a line for each.
func (a *app) mistakes(file string, problem error) error {
	lines := strings.Split(problem.Error(), "\n")
	fmt.Fprintf(a.err, "%s: %s\n", clean(file), wording.Plural(len(lines), "mistake"))
	for _, line := range lines {
		fmt.Fprintln(a.err, folded("  "+clean(line), "      "))
	}
	return &coded{code: exitFailure, quiet: true, err: problem}
}

func (a *app) printRouted(all []notifier.Routed) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ROUTE\tMATCHERS\tCHANNELS\tTELLS\tGROUP\tNOW")
	for _, r := range all {
		now := "told"
		switch {
		case r.Silenced != "":
			now = "kept quiet: " + r.Silenced
		case len(r.Channels) == 0:
			now = "nobody is told"
		case r.MuteFor > 0:
			now = "waits for " + r.MuteFor.String()
		}
		tells := r.Tell
		if r.Dismissals {
			tells += ", dismissals"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", clean(r.Route), clean(dash(r.Matchers)), clean(dash(strings.Join(r.Channels, ", "))),
			tells, clean(dash(r.Group.String())), clean(now))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print the routes: %w", err)
	}
	return nil
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (a *app) notifyCommand() *cobra.Command {
	c := &cobra.Command{Use: "notify", Short: "Try out the channels of the notifier"}
	return group(c, &cobra.Command{
		Use: "test CHANNEL", Short: "Send a message that says that it is a test", Args: args(cobra.ExactArgs(1)),
		Long: `Send a message that says that it is a test through one channel, with the settings of the notifier in the environment
(SQUIRRLY_WEBHOOK_URL, SQUIRRLY_ROUTES and the others).`,
		RunE: func(c *cobra.Command, v []string) error {
			cfg, err := daemon.Load[struct{ Notifier notifier.Config }](os.Environ())
			if err != nil {
				return usage("%w", err)
			}
			err = notifier.TestChannel(c.Context(), cfg.Notifier, v[0], a.out, onDemand{a})
			if missing := (*notifier.ErrNoChannel)(nil); errors.As(err, &missing) {
				return &coded{code: exitNotFound, err: err}
			}
			if err != nil {
				return fmt.Errorf("notify: %w", err)
			}
			fmt.Fprintf(a.err, "The channel %s took the message.\n", clean(v[0]))
			return nil
		},
	})
}

// onDemand connects to NATS when something is forwarded there.
type onDemand struct{ app *app }

// Forward implements notifier.Forwarder.
func (o onDemand) Forward(ctx context.Context, subject string, header map[string]string, body []byte) error {
	b, err := o.app.connect(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	return b.Forward(ctx, subject, header, body)
}
