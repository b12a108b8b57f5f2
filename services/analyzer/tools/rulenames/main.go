// Command rulenames reads the jars of a Flink and writes down which of their names the rule catalogue speaks of. The tests of the mechanisms package compare the catalogue with what it wrote, so that they need
// no jars.
//
// The jars come from Maven (tools/flink/pom.xml and tools/rules/pom.xml); nothing of them is run. What is specific to a
// rule does not belong here.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"squirrly.dev/services/analyzer/internal/mechanisms"
)

func main() {
	names := flag.String("names", "", "file for the names that the catalogue speaks of; none when empty")
	classes := flag.String("classes", "", "file for the classes that a TaskManager runs; none when empty")
	flag.Parse()
	if err := list(flag.Args(), *names, *classes); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// list reads the jars that the patterns name.
func list(patterns []string, namesFile, classesFile string) error {
	classes := index{}
	names := newCollector(mechanisms.Default().Names())
	take := func(c *class) {
		names.add(c)
		classes.add(c)
	}
	for _, pattern := range patterns {
		if err := eachJar(pattern, take); err != nil {
			return err
		}
	}
	for _, list := range []struct {
		file  string
		lines []string
	}{{namesFile, names.all()}, {classesFile, classes.lines()}} {
		if list.file == "" {
			continue
		}
		if err := write(list.file, list.lines); err != nil {
			return err
		}
	}
	return nil
}

// write writes lines, sorted, each once.
func write(file string, lines []string) error {
	slices.Sort(lines)
	text := strings.Join(slices.Compact(lines), "\n") + "\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil { //nolint:gosec // a public list
		return fmt.Errorf("write list: %w", err)
	}
	return nil
}
