package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

// diffSide is one of the two things to compare.
type diffSide struct {
	name     string
	analysis *events.Analysis
	pages    []analyzer.Page
}

// diffSide reads a run, a folder, an analysis or a flame graph.
func (a *app) diffSide(ctx context.Context, name, mode string) (diffSide, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil && runID.MatchString(name):
		side, err := a.runSide(ctx, name)
		if err != nil {
			err = fmt.Errorf("there is no file %s, and as a run: %w", name, err)
		}
		return side, err
	case err != nil && name != "-":
		return diffSide{}, usage("%s is neither the id of a run nor a file: %w", name, err)
	case err == nil && info.IsDir():
		return a.folderSide(ctx, name, mode)
	case strings.EqualFold(filepath.Ext(name), ".json"):
		an, err := a.readAnalysis(ctx, name)
		return diffSide{name: name, analysis: &an}, err
	}
	page, err := a.page(ctx, name, analyzeFlags{mode: mode})
	return diffSide{name: name, pages: []analyzer.Page{page}}, err
}

// folderSide reads what `squirrly profile --out` left: the analysis and the captures, or flame graphs alone.
func (a *app) folderSide(ctx context.Context, dir, mode string) (diffSide, error) {
	s := diffSide{name: dir}
	an, err := a.readAnalysis(ctx, dir)
	switch {
	case err == nil:
		s.analysis = &an
	case !errors.Is(err, analyzer.ErrNoManifest):
		return s, err
	}
	in, err := a.gather(ctx, dir, analyzeFlags{mode: mode})
	if err != nil && s.analysis == nil {
		return s, err
	}
	s.pages = in.Pages
	return s, nil
}

// runSide reads a run from the server.
func (a *app) runSide(ctx context.Context, id string) (diffSide, error) {
	s := diffSide{name: id}
	b, err := a.connect(ctx)
	if err != nil {
		return s, err
	}
	defer b.Close()
	if id, err = a.find(ctx, b, id); err != nil {
		return s, err
	}
	s.name = id
	rec, err := run.New(b).Get(ctx, id)
	if err != nil {
		return s, err
	}
	if rec.State != events.StateAnalyzed {
		return s, fmt.Errorf("run %s is %s: it has no result", id, rec.State)
	}
	store, err := openStore(ctx, b)
	if err != nil {
		return s, err
	}
	an, err := loadAnalysis(ctx, store, rec)
	if err != nil {
		return s, err
	}
	s.analysis = &an
	s.pages = a.storedPages(ctx, store, rec)
	return s, nil
}

// storedPages reads the captures of a run as far as they are still there.
func (a *app) storedPages(ctx context.Context, store *artifact.Store, rec run.Record) []analyzer.Page {
	if rec.Artifact == nil {
		return nil
	}
	var pages []analyzer.Page
	for _, c := range rec.Artifact.Captures {
		if c.Status != events.CaptureStored {
			continue
		}
		p := analyzer.Page{JVM: c.JVM, Mode: c.Mode, Seconds: time.Duration(rec.Plan.Duration).Seconds(), Status: string(c.Status)}
		var err error
		if p.Body, err = store.Get(ctx, c.ObjectRef, maxPage); err != nil {
			fmt.Fprintln(a.err, "squirrly: left out: "+clean(err.Error()))
			continue
		}
		pages = append(pages, p)
	}
	return pages
}
