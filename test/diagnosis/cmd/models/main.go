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
	truths := flag.String("truth", "test/diagnosis/public", "folder of the truth about captures that are no recordings: NAME/truth.yaml is about the folder NAME")
	steps := flag.Int("steps", 0, "at most so many answers of the shotgun for each capture (default: all)")
	prompts := flag.String("prompts", "", "folder that gets the prompt of each capture, for others to answer")
	maps := flag.Bool("map", false, "ask nothing: tell what the map of each capture takes, and whether it shows the frames of the truth")
	flag.Usage = func() {
		_, _ = fmt.Fprintln(flag.CommandLine.Output(), "usage: models [flags] DIR ...\n\nDIR holds captures as `squirrly profile --out` leaves them, at any depth.")
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	o := options{truths: []string{*cases, *truths}, prompts: *prompts, steps: *steps, maps: *maps}
	if err := run(ctx, &o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "models:", err)
		os.Exit(1)
	}
}

var errMissed = errors.New("something false was printed; it is listed above")

// options are what the flags say.
type options struct {
	truths  []string
	prompts string
	steps   int
	maps    bool
	cases   []diagnosis.Case
}

func run(ctx context.Context, o *options, dirs []string) error {
	for _, dir := range o.truths {
		more, err := diagnosis.LoadCases(dir, true)
		if err != nil {
			return fmt.Errorf("read what is known: %w", err)
		}
		o.cases = append(o.cases, more...)
	}
	if o.maps {
		return maps(o, dirs)
	}
	if o.prompts != "" {
		const private = 0o700
		if err := os.MkdirAll(o.prompts, private); err != nil {
			return fmt.Errorf("make a folder: %w", err)
		}
	}
	var reports []diagnosis.Report
	for _, dir := range dirs {
		more, err := all(ctx, dir, o)
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
func all(ctx context.Context, dir string, o *options) ([]diagnosis.Report, error) {
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
		r, err := one(ctx, folder, name, o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", folder, err)
		}
		fmt.Print(r)
		out = append(out, r)
	}
	return out, nil
}

// one puts the stand-ins to one capture.
func one(ctx context.Context, folder, name string, o *options) (diagnosis.Report, error) {
	in, err := analyzer.Folder(folder)
	if err != nil {
		return diagnosis.Report{}, fmt.Errorf("read a capture: %w", err)
	}
	t, err := diagnosis.NewTrial(ctx, in)
	if err != nil {
		return diagnosis.Report{}, err
	}
	defer t.Close()
	if o.prompts != "" {
		file := filepath.Join(o.prompts, strings.ReplaceAll(name, string(filepath.Separator), "-")+".txt")
		if err := os.WriteFile(file, []byte(t.Prompt), 0o600); err != nil {
			return diagnosis.Report{}, fmt.Errorf("keep the prompt: %w", err)
		}
	}
	return t.Run(ctx, name, truth(o.cases, folder), o.steps)
}

// maps tells what the maps of captures take and show.
func maps(o *options, dirs []string) error {
	var out []diagnosis.Map
	for _, dir := range dirs {
		found, err := captures(dir)
		if err != nil {
			return err
		}
		for _, folder := range found {
			in, err := analyzer.Folder(folder)
			if err != nil {
				return fmt.Errorf("read a capture: %w", err)
			}
			m, err := diagnosis.MapOf(folder, in, frames(o.cases, folder))
			if err != nil {
				return fmt.Errorf("%s: %w", folder, err)
			}
			fmt.Printf("%s: %d tokens, answer %d, %v\n", folder, m.Parts["whole"], m.Answer, m.Parts)
			out = append(out, m)
		}
	}
	fmt.Print(diagnosis.Maps(out))
	return nil
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

// truth is what is known about a capture: of the bad variant of a case what is planted, of the good one that nothing is; of
// any other folder what is known under its name.
func truth(cases []diagnosis.Case, folder string) *diagnosis.Truth {
	c := caseOf(cases, folder)
	switch {
	case c == nil:
		return nil
	case filepath.Base(folder) == "good":
		return &diagnosis.Truth{Limit: "any", MaxSeverity: c.Good.MaxSeverity}
	}
	return &c.Truth
}

// frames is the truth whose frames a map should show: the variant with the fix may have them, too.
func frames(cases []diagnosis.Case, folder string) *diagnosis.Truth {
	if c := caseOf(cases, folder); c != nil {
		return &c.Truth
	}
	return nil
}

func caseOf(cases []diagnosis.Case, folder string) *diagnosis.Case {
	name := filepath.Base(folder)
	if name == "bad" || name == "good" {
		name = filepath.Base(filepath.Dir(folder))
	}
	i := slices.IndexFunc(cases, func(c diagnosis.Case) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return &cases[i]
}
