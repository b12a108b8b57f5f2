package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"squirrly.dev/cmd/squirrly/internal/local"
	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
)

// profileFlags of the command.
type profileFlags struct {
	request requestFlags
	llm     llmFlags
	flink   flinkFlags
	out     string
	failOn  string
	timeout time.Duration
	cancel  time.Duration
	noWait  bool
}

func (a *app) profileCommand() *cobra.Command {
	var f profileFlags
	c := &cobra.Command{
		Use:   "profile [TARGET]",
		Short: "Profile a running job and say what limits it",
		Long: `Profile a running Flink job and say what limits it. TARGET is the REST URL of a JobManager (localhost:8081, or
a page of a job copied from Flink's web UI, will do), or the name of a FlinkDeployment as [NAMESPACE/]NAME (env
FLINK_DEPLOYMENT_NAME).

What Flink is to be shown (a token, a password, a certificate) stands in files: name them with the --flink flags, or for
many clusters in the YAML file of --flink-access. Where a server does the work, its own settings count.

When a NATS server is named (--nats, --nats-context, SQUIRRLY_NATS_URL), the request goes there and the services do the
work. Otherwise the same pipeline runs in this process, with nothing listening and nothing left behind; --out keeps the
captures and the report.

A job that is not RUNNING but may be again (INITIALIZING, CREATED, RESTARTING) is waited for, for a minute unless
SQUIRRLY_JOB_WAIT says otherwise (in the collector, where there is a server); then the run fails with the state and the
last exception.

One run at a time profiles a job. Where one is under way already, that one is followed, and the exit code is that of its
result; it belongs to whoever asked for it, so neither an interrupt nor --cancel-after ends it.

Exit codes: 0 done; 1 failed; 2 wrong usage; 3 findings of the severity of --fail-on or above; 4 not allowed;
5 target or job not found; 6 timed out (--timeout, --cancel-after, the deadline of the run); 130 interrupted.`,
		Example: `  squirrly profile http://localhost:8081 --duration 30s
  squirrly profile https://flink.example.com --flink-ca-file ca.crt --flink-token-file token
  squirrly profile flink/orders --context src/main/java -o markdown
  squirrly profile http://localhost:8081 --job orders --out ./profile --fail-on warning`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, v []string) error {
			target := env("SQUIRRLY_TARGET", "FLINK_DEPLOYMENT_NAME")
			if len(v) > 0 {
				target = v[0]
			}
			if target == "" {
				return usage("name what to profile: a REST URL or [NAMESPACE/]DEPLOYMENT")
			}
			return a.profile(c.Context(), target, f)
		},
	}
	f.request.add(c)
	f.llm.add(c)
	f.flink.add(c)
	c.Flags().StringVar(&f.out, "out", "", "`DIR` for the captures, the analysis and report.html; one that holds a run already gets a folder for each further one")
	c.Flags().StringVar(&f.failOn, "fail-on", "", "exit with 3 when there are findings of this `SEVERITY`: info, warning or critical")
	c.Flags().DurationVar(&f.timeout, "timeout", 0, "wait no longer than this `TIME`; on a server the run goes on, in this process it ends (default: the deadline of the run)")
	c.Flags().DurationVar(&f.cancel, "cancel-after", 0, "cancel the run when it is not done after this `TIME`")
	c.Flags().BoolVar(&f.noWait, "no-wait", false, "with a server: print the id of the run and do not wait")
	return c
}

func (a *app) profile(ctx context.Context, target string, f profileFlags) error {
	failOn, err := severity(f.failOn)
	if err != nil {
		return err
	}
	if err := writable(f.out); err != nil {
		return err
	}
	if f.request.baseline, err = a.baseline(ctx, f.request.baseline); err != nil {
		return err
	}
	req, uploads, err := a.build(ctx, &f.request, target)
	if err != nil {
		return err
	}
	b, store, stop, err := a.pipeline(ctx, f)
	if err != nil {
		return err
	}
	defer stop()
	id, err := submit(ctx, b, store, uploads, req)
	if err != nil {
		return err
	}
	if f.noWait && a.remote() {
		_, err := fmt.Fprintln(a.out, id)
		return err //nolint:wrapcheck // of stdout.
	}
	rec, err := a.await(ctx, b, id, patience{timeout: f.timeout, cancelAfter: f.cancel, remote: a.remote()})
	if err != nil {
		return err
	}
	concluded := a.conclude(ctx, store, rec, failOn)
	if f.out == "" || rec.State != events.StateAnalyzed {
		return concluded
	}
	if err := a.export(ctx, store, rec, folderOf(ctx, f.out, rec.Run)); err != nil {
		return err
	}
	return concluded
}

// pipeline connects to the named server, or starts the services in this process.
func (a *app) pipeline(ctx context.Context, f profileFlags) (*bus.Bus, *artifact.Store, func(), error) {
	if a.remote() {
		if f.flink.file != "" || f.flink.one() {
			return nil, nil, nil, usage("the --flink flags are for a profile without a server; the server reads the file of its SQUIRRLY_FLINK_ACCESS")
		}
		b, err := a.connect(ctx)
		if err != nil {
			return nil, nil, nil, err
		}
		store, err := openStore(ctx, b)
		if err != nil {
			b.Close()
			return nil, nil, nil, err
		}
		return b, store, b.Close, nil
	}
	llm, err := f.llm.config()
	if err != nil {
		return nil, nil, nil, err
	}
	entries, err := f.flink.entries()
	if err != nil {
		return nil, nil, nil, err
	}
	// The services outlive an interrupt for a moment, so that the run can be cancelled.
	s, err := local.Start(context.WithoutCancel(ctx), local.Options{
		OneShot: true, LLM: llm, Flink: entries, FlinkAccess: f.flink.file, Version: version(), Logger: a.logger(),
	})
	if err != nil {
		return nil, nil, nil, fmt.Errorf("start the pipeline: %w", err)
	}
	return s.Bus, s.Store, s.Stop, nil
}

// submit stores what the request refers to, puts it into the inbox and returns the id that its run will have.
func submit(ctx context.Context, b *bus.Bus, store *artifact.Store, uploads []upload, req events.ProfileRequested) (string, error) {
	const source = "squirrly/cli"
	for _, u := range uploads {
		if _, err := store.Put(ctx, u.key, u.body); err != nil {
			return "", fmt.Errorf("store context: %w", err)
		}
	}
	e, err := events.New(source, "", time.Now(), req)
	if err != nil {
		return "", usage("%w", err)
	}
	e.ID = uuid.NewString()
	body, err := e.Encode()
	if err != nil {
		return "", usage("%w", err)
	}
	if err := b.Request(ctx, events.SubjectRequested, e.ID, events.ContentType, body); err != nil {
		return "", fmt.Errorf("send the request: %w", err)
	}
	return events.RunIDFromEvent(source, e.ID), nil
}

func severity(s string) (events.Severity, error) {
	switch v := events.Severity(s); v {
	case noFail, events.SeverityInfo, events.SeverityWarning, events.SeverityCritical:
		return v, nil
	}
	return noFail, usage("--fail-on %s: choose info, warning or critical", s)
}
