// Command diagnosis runs jobs with planted bottlenecks on a real Flink, lets Squirrly find them, and prints how well it
// did. `make diagnosis` calls it; the README of test/diagnosis describes the settings.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"squirrly.dev/internal/daemon"
	"squirrly.dev/services/analyzer"
	"squirrly.dev/test/diagnosis"
)

// settings say what is run.
type settings struct {
	cases    string
	only     string
	versions string
	variant  string
	repeats  int
	seconds  int
	warmup   int
	squirrly string
	out      string
	record   string
	provider string
	again    bool
	pairs    int
	advice   bool
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "sidecar" {
		exit(sidecar(os.Args[2:]))
	}
	var s settings
	flag.StringVar(&s.cases, "cases", "test/diagnosis/cases", "folder of the cases")
	flag.StringVar(&s.only, "case", "", "names of the cases to run, separated by commas (default: all)")
	flag.StringVar(&s.versions, "flink", "1.20.5,2.3.0", "versions of Flink, separated by commas")
	flag.StringVar(&s.variant, "variant", "", "bad or good (default: both)")
	flag.IntVar(&s.repeats, "repeats", 3, "captures of each bad variant")
	flag.IntVar(&s.seconds, "seconds", 0, "duration of each capture (default: as the case says)")
	flag.IntVar(&s.warmup, "warmup", 0, "seconds before the first capture (default: as the case says)")
	flag.StringVar(&s.squirrly, "squirrly", "bin/squirrly", "the program that is measured")
	flag.StringVar(&s.out, "out", "", "folder for captures and results (default: a temporary one)")
	flag.StringVar(&s.record, "record", "", "folder that gets the first captures of each case, for the tests without Flink")
	flag.StringVar(&s.provider, "provider", "", "also measure this LLM, with the key of the environment")
	flag.BoolVar(&s.again, "again", false, "score the captures in the folder again, without Flink")
	flag.IntVar(&s.pairs, "pairs", 0, "compare so many pairs of runs of unchanged jobs under a changing load, and nothing else")
	flag.BoolVar(&s.advice, "advice", false, "follow the first recommendation for each case, and compare before and after")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	exit(run(ctx, s))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "diagnosis:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

var errMissed = errors.New("not everything was right; the misses are below the table")

func run(ctx context.Context, s settings) error {
	own, err := filepath.Abs("test/diagnosis/cases")
	if err != nil {
		return fmt.Errorf("find the cases: %w", err)
	}
	given, err := filepath.Abs(s.cases)
	if err != nil {
		return fmt.Errorf("find the cases: %w", err)
	}
	cases, err := diagnosis.LoadCases(given, own == given)
	if err != nil {
		return err
	}
	if cases, err = chosen(cases, s.only); err != nil {
		return err
	}
	if s.out == "" {
		if s.out, err = os.MkdirTemp("", "diagnosis-"); err != nil {
			return fmt.Errorf("make a folder: %w", err)
		}
	} else if err := os.MkdirAll(s.out, 0o750); err != nil { // even where nothing can be captured
		return fmt.Errorf("make a folder: %w", err)
	}
	real, err := realProviders(s.provider)
	if err != nil {
		return err
	}
	b := &bench{settings: s, cases: cases, providers: real}
	if b.squirrly, err = filepath.Abs(s.squirrly); err != nil {
		return fmt.Errorf("find squirrly: %w", err)
	}
	switch versions := strings.Split(s.versions, ","); {
	case s.pairs > 0:
		return b.samePairs(ctx, versions)
	case s.advice:
		return b.advise(ctx, versions)
	}
	for version := range strings.SplitSeq(s.versions, ",") {
		if err := b.version(ctx, version); err != nil {
			return errors.Join(err, b.report()) // what was measured until then is not lost
		}
	}
	return b.report()
}

// chosen picks the cases that were named.
func chosen(all []diagnosis.Case, names string) ([]diagnosis.Case, error) {
	if names == "" {
		return all, nil
	}
	var some []diagnosis.Case
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(all, func(c diagnosis.Case) bool { return c.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no case %q", name)
		}
		some = append(some, all[i])
	}
	return some, nil
}

// realProviders is the configured language model.
func realProviders(name string) ([]diagnosis.Provider, error) {
	if name == "" {
		return nil, nil
	}
	llm, err := analyzer.LLMFromEnv()
	if err != nil {
		return nil, err
	}
	llm.Provider, llm.CacheTTL = name, 0 // each repeat is an answer of its own
	if err := llm.Validate(); err != nil {
		return nil, err
	}
	return []diagnosis.Provider{{Name: name, LLM: llm}}, nil
}

// report prints the table and leaves it with the raw figures in the folder.
func (b *bench) report() error {
	text := fmt.Sprintf("%s, squirrly %s, %s\n\n%s", time.Now().Format(time.DateOnly), daemon.Version(), machine(), diagnosis.Table(b.rows))
	fmt.Println(text)
	raw, err := json.MarshalIndent(b.rows, "", " ")
	if err != nil {
		return fmt.Errorf("encode the result: %w", err)
	}
	for name, body := range map[string][]byte{"table.md": []byte(text), "result.json": raw} {
		if err := os.WriteFile(filepath.Join(b.out, name), body, 0o600); err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
	}
	say("captures and results are in %s", b.out)
	if slices.ContainsFunc(b.rows, func(r diagnosis.Row) bool { return !r.Right() }) {
		return errMissed
	}
	return nil
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "▸ "+format+"\n", args...) }
