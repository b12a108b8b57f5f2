package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/userfile"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

// profileFiles are the names of files that a folder is searched for.
var profileFiles = []string{"*.html", "*.html.gz", "*.collapsed", "*.collapsed.gz", "*.folded", "*.folded.gz", "*.pb.gz", "*.pprof"}

// gather reads a flame graph, or a folder: what `squirrly profile --out` wrote, with metrics and context, or flame graphs
// alone.
func (a *app) gather(ctx context.Context, path string, f analyzeFlags) (analyzer.Input, error) {
	var in analyzer.Input
	if info, err := os.Stat(path); path == "-" || err != nil || !info.IsDir() {
		page, err := a.page(ctx, path, f) // to read it tells what is wrong
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
		page, err := a.page(ctx, file, f)
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
func (a *app) page(ctx context.Context, path string, f analyzeFlags) (analyzer.Page, error) {
	p := analyzer.Page{Seconds: f.duration.Seconds(), Status: string(events.CaptureStored), File: path}
	if path == "-" {
		p.File = "stdin"
	}
	var err error
	if p.Body, err = a.readPage(ctx, path); err != nil {
		return p, err
	}
	title := ""
	g, fault := p.Parse() // a fault is told when all pages are there
	if fault == nil {
		title = g.Title
	}
	base := filepath.Base(path)
	if _, named := fromName(base); named != "" && fault == nil && g.Dialect == flamegraph.Pprof {
		title = "" // it calls all that it measures CPU
	}
	p.JVM, p.Mode, p.Notes, err = label(base, title, f.mode)
	if err != nil && fault != nil {
		return p, usage("%w", fault)
	}
	return p, err
}

func (a *app) readPage(ctx context.Context, path string) (body []byte, err error) {
	if path == "-" {
		body, err = userfile.Stream(ctx, a.in, "stdin", maxPage)
	} else {
		body, err = userfile.Read(ctx, path, maxPage)
	}
	if err != nil {
		return nil, refused(ctx, "%w", err)
	}
	return body, nil
}
