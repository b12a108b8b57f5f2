// Command models lets stand-ins for language models loose on captures, and prints what they get printed: an honest reader, a
// shotgun that claims everything, liars within the form of claims, and models that talk. It asks nobody outside. `make models`
// calls it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"squirrly.dev/services/analyzer"
	"squirrly.dev/test/diagnosis"
)

func main() {
	cases := flag.String("cases", "test/diagnosis/cases", "folder of the cases whose recordings are measured by their truth")
	steps := flag.Int("steps", 0, "at most so many answers of the shotgun for each capture (default: all)")
	prompts := flag.String("prompts", "", "folder that gets the prompt of each capture, for others to answer")
	flag.Usage = func() {
		_, _ = fmt.Fprintln(flag.CommandLine.Output(), "usage: models [flags] DIR ...\n\nDIR holds captures as `squirrly profile --out` leaves them, at any depth.")
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *cases, *prompts, *steps, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "models:", err)
		os.Exit(1)
	}
}

var errMissed = errors.New("something false was printed; it is listed above")

func run(ctx context.Context, casesDir, prompts string, steps int, dirs []string) error {
	cases, err := diagnosis.LoadCases(casesDir, true)
	if err != nil {
		return err
	}
	if prompts != "" {
		const private = 0o700
		if err := os.MkdirAll(prompts, private); err != nil {
			return fmt.Errorf("make a folder: %w", err)
		}
	}
	var reports []diagnosis.Report
	for _, dir := range dirs {
		more, err := all(ctx, dir, prompts, cases, steps)
		if err != nil {
			return err
		}
		reports = append(reports, more...)
	}
	fmt.Print(diagnosis.Sum(reports))
	if slices.ContainsFunc(reports, func(r diagnosis.Report) bool { return !r.Right() }) {
		return errMissed
	}
	return nil
}

// all puts the stand-ins to the captures in a folder, and prints what became of each.
func all(ctx context.Context, dir, prompts string, cases []diagnosis.Case, steps int) ([]diagnosis.Report, error) {
	found, err := captures(dir)
	if err != nil {
		return nil, err
	}
	var out []diagnosis.Report
	for _, folder := range found {
		name, err := filepath.Rel(filepath.Dir(filepath.Clean(dir)), folder)
		if err != nil {
			return nil, fmt.Errorf("name a capture: %w", err)
		}
		r, err := one(ctx, folder, name, prompts, truth(cases, folder), steps)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", folder, err)
		}
		fmt.Print(r)
		out = append(out, r)
	}
	return out, nil
}

// one puts the stand-ins to one capture.
func one(ctx context.Context, folder, name, prompts string, truth *diagnosis.Truth, steps int) (diagnosis.Report, error) {
	in, err := analyzer.Folder(folder)
	if err != nil {
		return diagnosis.Report{}, fmt.Errorf("read a capture: %w", err)
	}
	t, err := diagnosis.NewTrial(ctx, in)
	if err != nil {
		return diagnosis.Report{}, err
	}
	defer t.Close()
	if prompts != "" {
		file := filepath.Join(prompts, strings.ReplaceAll(name, string(filepath.Separator), "-")+".txt")
		if err := os.WriteFile(file, []byte(t.Prompt), 0o600); err != nil {
			return diagnosis.Report{}, fmt.Errorf("keep the prompt: %w", err)
		}
	}
	return t.Run(ctx, name, truth, steps)
}

// captures are the folders with a manifest, in order.
func captures(root string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasPrefix(d.Name(), "manifest-") && !slices.Contains(out, filepath.Dir(path)) {
			out = append(out, filepath.Dir(path))
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find captures: %w", err)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no captures in %s", root)
	}
	return out, nil
}

// truth is what is known about a capture: of the bad variant of a case what is planted, of the good one that nothing is.
func truth(cases []diagnosis.Case, folder string) *diagnosis.Truth {
	i := slices.IndexFunc(cases, func(c diagnosis.Case) bool { return c.Name == filepath.Base(filepath.Dir(folder)) })
	switch {
	case i < 0:
		return nil
	case filepath.Base(folder) == "bad":
		return &cases[i].Truth
	case filepath.Base(folder) == "good":
		return &diagnosis.Truth{Limit: "any", MaxSeverity: cases[i].Good.MaxSeverity}
	}
	return nil
}
