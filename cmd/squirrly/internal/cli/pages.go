package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

// profileFiles are the names of files that a folder is searched for.
var profileFiles = []string{"*.html", "*.collapsed", "*.folded", "*.pb.gz", "*.pprof"}

// gather reads a flame graph, or a folder: what `squirrly profile --out` wrote, with metrics and context, or flame graphs
// alone.
func (a *app) gather(path string, f analyzeFlags) (analyzer.Input, error) {
	var in analyzer.Input
	if info, err := os.Stat(path); path == "-" || err != nil || !info.IsDir() {
		page, err := a.page(path, f) // to read it tells what is wrong
		in.Pages = append(in.Pages, page)
		return in, err
	}
	in, err := analyzer.Folder(path)
	if err == nil {
		return in, nil
	}
	if !errors.Is(err, analyzer.ErrNoManifest) {
		return in, usage("%w", err)
	}
	found := profilesIn(path)
	if len(found) == 0 {
		return in, usage("%s: no flame graphs there (%s)", path, strings.Join(profileFiles, ", "))
	}
	for _, file := range found {
		page, err := a.page(file, f)
		if err != nil {
			return in, err
		}
		in.Pages = append(in.Pages, page)
	}
	return in, nil
}

func profilesIn(folder string) []string {
	var all []string
	for _, pattern := range profileFiles {
		found, _ := filepath.Glob(filepath.Join(folder, pattern)) // the patterns are well formed
		all = append(all, slices.DeleteFunc(found, func(path string) bool {
			return filepath.Base(path) == "report.html"
		})...)
	}
	slices.Sort(all)
	return all
}

// page reads one flame graph, from stdin for "-".
func (a *app) page(path string, f analyzeFlags) (analyzer.Page, error) {
	p := analyzer.Page{JVM: jvmOf(path), Seconds: f.duration.Seconds(), Status: string(events.CaptureStored)}
	var err error
	if p.Body, err = a.readPage(path); err != nil {
		return p, err
	}
	p.Mode, err = modeOf(path, f.mode, p.Body)
	return p, err
}

func (a *app) readPage(path string) ([]byte, error) {
	if path == "-" {
		b, err := io.ReadAll(io.LimitReader(a.in, maxPage+1))
		if err == nil && len(b) > maxPage {
			err = usage("stdin holds more than 64 MiB")
		}
		return b, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, usage("%w", err)
	}
	if info.Size() > maxPage {
		return nil, usage("%s is larger than 64 MiB", path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, usage("%w", err)
	}
	return b, nil
}

var modeInName = regexp.MustCompile(`(?i)(?:^|[^a-z])(itimer|wall|cpu|alloc|lock)(?:[^a-z]|$)`)

// titles of profiles that name no mode more closely than async-profiler does.
var titles = map[string]events.Mode{
	"Wall clock profile": events.ModeWall, "Allocation profile": events.ModeAlloc, "Lock profile": events.ModeLock,
	"CPU profile": events.ModeITimer,
}

// modeOf finds the mode of a file: as given, from its name, from its title.
func modeOf(path, given string, body []byte) (events.Mode, error) {
	if given != "" {
		m := events.Mode(strings.ToUpper(given))
		if !m.Valid() {
			return m, usage("--mode %s: choose ITIMER, WALL, CPU, ALLOC or LOCK", given)
		}
		return m, nil
	}
	if m := modeInName.FindStringSubmatch(filepath.Base(path)); m != nil {
		return events.Mode(strings.ToUpper(m[1])), nil
	}
	g, err := flamegraph.Parse(bytes.NewReader(body), flamegraph.Limits{})
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	for title, mode := range titles {
		if strings.HasPrefix(g.Title, title) {
			return mode, nil
		}
	}
	return "", usage("%s: its mode is neither in its name nor in its title; give --mode", path)
}

// jvmOf takes what stands before the mode in a file name, which is how Flink and this program name captures.
func jvmOf(path string) string {
	base := filepath.Base(path)
	if at := modeInName.FindStringSubmatchIndex(base); at != nil && at[2] > 1 {
		return strings.TrimRight(base[:at[2]], "-_.")
	}
	return "jvm"
}
