package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"squirrly.dev/cmd/squirrly/internal/local"
	"squirrly.dev/internal/daemon"
)

type upFlags struct {
	llm   llmFlags
	flink flinkFlags
	dir   string
	port  int
	http  string
	admin string
}

func (a *app) upCommand() *cobra.Command {
	var f upFlags
	c := &cobra.Command{
		Use:   "up",
		Short: "Run everything in this process: NATS, trigger, collector, analyzer and notifier",
		Long: `Run all services and a NATS server in this process, on loopback only. Requests come by NATS
(` + "`nats pub squirrly.v1.profile.requested '{\"target\":{\"url\":\"http://localhost:8081\"}}'`" + `), by HTTP (POST /v1/profiles) and by
` + "`squirrly --nats nats://127.0.0.1:4222 profile`" + `; results are logged here, stored, and published as
squirrly.v1.recommendation.ready.>. State is kept in the data directory, so a restart goes on where it was.`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return a.up(c.Context(), f) },
	}
	f.llm.add(c)
	f.flink.addFile(c)
	c.Flags().StringVar(&f.dir, "data", "", "data `DIR` (default: squirrly in the user's data directory)")
	c.Flags().IntVar(&f.port, "port", 4222, "`PORT` of the NATS server on 127.0.0.1")
	c.Flags().StringVar(&f.http, "http", "127.0.0.1:8080", "`ADDR` of the HTTP API; empty for none")
	c.Flags().StringVar(&f.admin, "admin", "", "`ADDR` of /livez, /readyz and /metrics; empty for none")
	return c
}

func (a *app) up(ctx context.Context, f upFlags) error {
	dir, err := dataDir(f.dir)
	if err != nil {
		return err
	}
	llm, err := f.llm.config()
	if err != nil {
		return err
	}
	if err := a.mayStart(f); err != nil {
		return err
	}
	a.flags.verbose = true
	s, err := local.Start(ctx, local.Options{
		Dir: dir, Port: f.port, HTTPAddr: f.http, AdminAddr: f.admin, LLM: llm, FlinkAccess: f.flink.file, Version: version(), Logger: a.logger(), Log: a.out,
	})
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	defer s.Stop() //nolint:contextcheck // the end comes after the context's.
	fmt.Fprintf(a.err, "Squirrly is up: NATS on nats://127.0.0.1:%d, data in %s. Ctrl-C stops it.\n", f.port, dir)
	return s.Wait()
}

// mayStart refuses what cannot come up, before anything is started.
func (a *app) mayStart(f upFlags) error {
	if a.flags.nats != "" || a.flags.natsContext != "" {
		return usage("`squirrly up` runs a NATS server of its own (--port); --nats and --nats-context are for the other commands")
	}
	nats := "" // any port will do
	if f.port > 0 {
		nats = net.JoinHostPort("127.0.0.1", strconv.Itoa(f.port))
	}
	return errors.Join(unused("--port", nats), unused("--http", f.http), unused("--admin", f.admin))
}

// unused refuses an address that somebody listens on.
func unused(flag, address string) error {
	if address == "" {
		return nil
	}
	l, err := net.Listen("tcp", address) //nolint:noctx // it returns at once
	if err != nil {
		return fmt.Errorf("%s: nothing can listen there: %w\n  Is Squirrly up already? Else choose another address with %s", flag, err, flag)
	}
	return l.Close() //nolint:wrapcheck // of a listener that nobody used
}

// dataDir is the given folder, else one of this user's own.
func dataDir(given string) (string, error) {
	if given != "" {
		return given, nil
	}
	if d := os.Getenv("XDG_DATA_HOME"); d != "" {
		return filepath.Join(d, "squirrly"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", usage("no data directory: give --data DIR (%w)", err)
	}
	return filepath.Join(home, ".local", "share", "squirrly"), nil
}

func version() string { return daemon.Version() }
