// Command chaos breaks Squirrly while it works: the services as processes of their own over real NATS servers and a real
// MinIO, with Flink played from recorded answers. It prints one table and ends with 1 when a run was lost, ended more
// than once, never ended, or profiled a JVM twice in one mode.
//
//	make chaos                                   300 runs on each topology, every fault
//	make chaos ARGS="-topology three -faults none -runs 150 -ack-wait 30s"
//	make chaos ARGS=-short                       a few minutes: three servers, with a leader cut from its majority
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"squirrly.dev/test/chaos/internal/lab"
	"squirrly.dev/test/chaos/internal/trial"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

// settings are the command line.
type settings struct {
	trial.Options

	topologies, faults, out string
	keep, short             bool
}

func parse(args []string) (settings, error) {
	var s settings
	f := flag.NewFlagSet("chaos", flag.ContinueOnError)
	f.StringVar(&s.topologies, "topology", "all", "one, three, s3, several with commas between, or all")
	f.StringVar(&s.faults, "faults", "all", "kill, term, freeze, node, stall, isolate, store, line, disk, bucket, all that the topology has, or none")
	f.IntVar(&s.Runs, "runs", 300, "runs on each topology")
	f.IntVar(&s.Window, "window", 16, "runs under way at a time")
	f.IntVar(&s.Copies, "copies", 5, "of each request")
	f.IntVar(&s.Poison, "poison", 100, "unreadable messages in the inbox")
	f.IntVar(&s.Each, "each", 2, "processes of each service")
	f.DurationVar(&s.AckWait, "ack-wait", 8*time.Second, "silence after which another worker takes over")
	f.DurationVar(&s.Every, "every", 4*time.Second, "between two faults, on average")
	f.Uint64Var(&s.Seed, "seed", 0, "of what is random; 0 draws one")
	f.DurationVar(&s.Patience, "patience", 10*time.Minute, "without the end of any run, before the rest counts as stuck")
	f.StringVar(&s.Flink, "flink", "2.3.0", "recorded version")
	f.StringVar(&s.Dir, "dir", "", "folder for data and logs, which stay; empty: a temporary one")
	f.StringVar(&s.Bin, "bin", "", "folder with the built programs; empty: they are built")
	f.StringVar(&s.out, "out", "", "file for the counts as JSON")
	f.BoolVar(&s.short, "short", false, "three servers, 24 runs, no full disks and no lost buckets")
	if err := f.Parse(args); err != nil {
		return s, fmt.Errorf("read the command line: %w", err)
	}
	if f.NArg() > 0 {
		return s, fmt.Errorf("read the command line: what is %q?", f.Arg(0))
	}
	if s.short {
		s.topologies, s.Runs, s.Window = trial.Three, 24, 8
		s.faults = strings.Join([]string{trial.Isolate, trial.Kill, trial.Freeze, trial.Node, trial.Stall}, ",")
	}
	if s.topologies == "all" {
		s.topologies = strings.Join(trial.Topologies, ",")
	}
	if s.Seed == 0 {
		s.Seed = uint64(time.Now().UnixNano())
	}
	s.keep = s.Dir != ""
	return s, nil
}

func run(ctx context.Context, args []string) error {
	s, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if s.Root, err = root(); err != nil {
		return err
	}
	if s.Dir == "" {
		if s.Dir, err = os.MkdirTemp("", "squirrly-chaos-"); err != nil {
			return fmt.Errorf("make a folder: %w", err)
		}
	}
	s.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	if s.Bin == "" {
		s.Bin = filepath.Join(s.Dir, "bin")
		if err := lab.Build(ctx, s.Root, s.Bin+"/"); err != nil {
			return err
		}
	}
	results, err := s.trials(ctx)
	if err := errors.Join(err, report(os.Stdout, results), save(s.out, results)); err != nil {
		return fmt.Errorf("%w\nlogs are in %s", err, s.Dir)
	}
	if !s.keep {
		return os.RemoveAll(s.Dir) //nolint:wrapcheck // it names the folder.
	}
	return nil
}

// trials does one trial on each topology.
func (s settings) trials(ctx context.Context) ([]trial.Result, error) {
	var all []trial.Result
	for topology := range strings.SplitSeq(s.topologies, ",") {
		o := s.Options
		o.Topology, o.Dir = topology, filepath.Join(s.Dir, topology)
		switch s.faults {
		case "none":
		case "all":
			o.Faults = trial.FaultsOf(topology)
		default:
			o.Faults = strings.Split(s.faults, ",")
		}
		if err := os.MkdirAll(o.Dir, 0o700); err != nil {
			return all, fmt.Errorf("make a folder: %w", err)
		}
		r, err := trial.Run(ctx, o)
		if err != nil {
			return all, fmt.Errorf("trial on %s: %w", topology, err)
		}
		all = append(all, r)
	}
	return all, nil
}

// report prints the table and what is wrong, and returns an error when something is.
func report(w io.Writer, results []trial.Result) error {
	if len(results) == 0 {
		return nil
	}
	if err := trial.Table(w, results); err != nil {
		return err
	}
	bad := 0
	for _, r := range results {
		for _, line := range r.Verdict() {
			bad++
			if _, err := fmt.Fprintf(w, "%s: %s\n", r.Options.Topology, line); err != nil {
				return fmt.Errorf("write what is wrong: %w", err)
			}
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d things are wrong", bad)
	}
	return nil
}

func save(file string, results []trial.Result) error {
	if file == "" {
		return nil
	}
	text, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the counts: %w", err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return fmt.Errorf("write the counts: %w", err)
	}
	return nil
}

// root is the folder of the repository: the one with go.work.
func root() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.work above the working directory")
		}
		dir = filepath.Dir(dir)
	}
	return "", fmt.Errorf("find the repository: %w", err)
}
