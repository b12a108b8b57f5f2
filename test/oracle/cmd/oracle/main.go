// Command oracle lets Squirrly analyze folders of captures, and counts every number of the analyses again from the pages.
//
//	go run ./test/oracle/cmd/oracle [-squirrly bin/squirrly] DIR...
//
// A folder is one that `squirrly profile --out` left, or one that has such folders somewhere below it. The exit code is 1
// when any number disagrees.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"squirrly.dev/test/oracle"
)

func main() {
	squirrly := flag.String("squirrly", "bin/squirrly", "the program whose analyses are counted again")
	most := flag.Int("most", 5, "disagreements of each folder that are printed")
	flag.Parse()
	ok, err := run(*squirrly, *most, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
	}
	if !ok || err != nil {
		os.Exit(1)
	}
}

// sums are what came of all folders.
type sums struct {
	facts, sentences int
	kinds            map[string]int // disagreements
}

func run(squirrly string, most int, roots []string) (bool, error) {
	all := sums{kinds: map[string]int{}}
	for _, root := range roots {
		dirs, err := folders(root)
		if err != nil {
			return false, err
		}
		for _, dir := range dirs {
			result, err := check(squirrly, dir)
			if err != nil {
				return false, fmt.Errorf("%s: %w", dir, err)
			}
			all.add(dir, result, most)
		}
	}
	fmt.Printf("%d facts counted again, %d numbers of sentences compared, disagreements:", all.facts, all.sentences)
	for _, kind := range slices.Sorted(maps.Keys(all.kinds)) {
		fmt.Printf(" %s %d", kind, all.kinds[kind])
	}
	if len(all.kinds) == 0 {
		fmt.Print(" none")
	}
	fmt.Println()
	return len(all.kinds) == 0, nil
}

// add prints what came of one folder and adds it.
func (s *sums) add(dir string, r *oracle.Result, most int) {
	s.facts, s.sentences = s.facts+r.Facts, s.sentences+r.Sentences
	fmt.Printf("%s: %d facts, %d sentences, %d disagreements\n", dir, r.Facts, r.Sentences, len(r.Disagreements))
	for i, d := range r.Disagreements {
		s.kinds[d.Kind]++
		if i < most {
			fmt.Printf("  %s %s: %s\n", d.Kind, d.Of, d.What)
		}
	}
}

// folders are those with a manifest, at root and below it.
func folders(root string) ([]string, error) {
	var all []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasPrefix(d.Name(), "manifest") {
			all = append(all, filepath.Dir(path))
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for captures: %w", err)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: no folder with a manifest: nothing to count", root)
	}
	return slices.Compact(all), nil
}

func check(squirrly, dir string) (*oracle.Result, error) {
	folder, err := oracle.OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(squirrly, "analyze", dir, "--provider", "rules", "-o", "json") //nolint:noctx // it ends by itself
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if len(out) == 0 {
		return nil, fmt.Errorf("squirrly analyze: %w: %s", err, complaints.String())
	}
	return oracle.Recount(out, folder.Page)
}
