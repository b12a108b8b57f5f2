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
	in.Pages, err = pagesIn(ctx, path, f)
	return in, err
}

// pagesIn reads the flame graphs that lie in a folder.
func pagesIn(ctx context.Context, path string, f analyzeFlags) ([]analyzer.Page, error) {
	folder, err := userfile.OpenFolder(path)
	if err != nil {
		return nil, usage("%w", err)
	}
	defer folder.Close()
	found, err := folder.Glob(profileFiles...)
	if err != nil {
		return nil, usage("%w", err)
	}
	found = slices.DeleteFunc(found, func(name string) bool { return name == reportName })
	if len(found) == 0 {
		return nil, usage("%s: no flame graphs there (%s)", path, strings.Join(profileFiles, ", "))
	}
	var pages []analyzer.Page
	for _, name := range found {
		body, err := folder.Read(ctx, name, maxPage)
		if err != nil {
			return nil, refused(ctx, "%w", err)
		}
		page, err := pageOf(folder.Path(name), body, f)
		if err != nil {
			return nil, err
		}
		pages = append(pages, page)
	}
	return pages, nil
}

// page reads one flame graph, from stdin for "-".
func (a *app) page(ctx context.Context, path string, f analyzeFlags) (analyzer.Page, error) {
	body, err := a.readPage(ctx, path)
	if err != nil {
		return analyzer.Page{File: path}, err
	}
	if path == "-" {
		path = "stdin"
	}
	return pageOf(path, body, f)
}

// pageOf says what a flame graph is of, by its name and its title.
func pageOf(path string, body []byte, f analyzeFlags) (p analyzer.Page, err error) {
	p = analyzer.Page{Seconds: f.duration.Seconds(), Status: string(events.CaptureStored), File: path, Body: body}
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
