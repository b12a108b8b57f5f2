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

func run(squirrly string, most int, roots []string) (bool, error) {
	kinds := map[string]int{}
	facts, sentences := 0, 0
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
			facts, sentences = facts+result.Facts, sentences+result.Sentences
			fmt.Printf("%s: %d facts, %d sentences, %d disagreements\n", dir, result.Facts, result.Sentences, len(result.Disagreements))
			for i, d := range result.Disagreements {
				kinds[d.Kind]++
				if i < most {
					fmt.Printf("  %s %s: %s\n", d.Kind, d.Of, d.What)
				}
			}
		}
	}
	fmt.Printf("%d facts counted again, %d numbers of sentences compared, disagreements:", facts, sentences)
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		fmt.Printf(" %s %d", kind, kinds[kind])
	}
	if len(kinds) == 0 {
		fmt.Print(" none")
	}
	fmt.Println()
	return len(kinds) == 0, nil
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
		return nil, err //nolint:wrapcheck // the caller names the folder
	}
	cmd := exec.Command(squirrly, "analyze", dir, "--provider", "rules", "-o", "json") //nolint:noctx // it ends by itself
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if len(out) == 0 {
		return nil, fmt.Errorf("squirrly analyze: %w: %s", err, complaints.String())
	}
	return oracle.Recount(out, folder.Page) //nolint:wrapcheck // the caller names the folder
}
