package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/backends"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// openStore opens the store that the environment names, else the object store on the NATS server.
func openStore(ctx context.Context, b *bus.Bus) (*artifact.Store, error) {
	cfg, err := daemon.Load[struct {
		S3 artifact.S3Config `envPrefix:"S3_"`
	}](os.Environ())
	if err != nil {
		return nil, usage("%w", err)
	}
	return backends.Store(ctx, b, cfg.S3)
}

const (
	dirMode  = 0o755
	fileMode = 0o644
	maxPage  = 64 << 20
)

// writable refuses a folder that nothing can be written into, before a job is profiled for it. Empty is none.
func writable(dir string) error {
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return usage("--out: %w", err)
	}
	f, err := os.CreateTemp(dir, ".squirrly-*")
	if err != nil {
		return usage("--out: %w", err)
	}
	if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
		return usage("--out: %w", err)
	}
	return nil
}

// folderOf is where a run is written: the folder, or one in it when it holds another run.
func folderOf(dir, run string) string {
	held, _ := filepath.Glob(filepath.Join(dir, "manifest*.json")) // the pattern is well formed
	if _, err := os.Stat(filepath.Join(dir, "analysis.json")); err == nil || len(held) > 0 {
		return filepath.Join(dir, run)
	}
	return dir
}

// export writes the objects of a finished run below dir: captures, context, evidence and analysis as they were stored,
// and the report in all formats.
func (a *app) export(ctx context.Context, store *artifact.Store, rec run.Record, dir string) error {
	an, err := loadAnalysis(ctx, store, rec)
	if err != nil {
		return err
	}
	for _, ref := range append(objects(rec), graphs(an)...) {
		body, err := store.Get(ctx, ref, maxPage)
		if errors.Is(err, artifact.ErrGone) {
			continue
		}
		if err != nil {
			return fmt.Errorf("export: %w", err)
		}
		rel, err := filepath.Rel(filepath.FromSlash(rec.Plan.Identity.Prefix(rec.Run)), filepath.FromSlash(ref.Key))
		if err != nil || !filepath.IsLocal(rel) {
			return fmt.Errorf("export: object %q is not one of run %s", ref.Key, rec.Run)
		}
		if err := writeFile(filepath.Join(dir, rel), body); err != nil {
			return err
		}
	}
	return a.exportReports(dir, an)
}

func (a *app) exportReports(dir string, an events.Analysis) error {
	for name, format := range map[string]string{
		"report.html": formatHTML, "report.md": formatMarkdown, "analysis.json": formatJSON, "report.txt": formatFull,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(dir, dirMode); err != nil {
			return fmt.Errorf("export: %w", err)
		}
		f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, fileMode)
		if err != nil {
			return fmt.Errorf("export: %w", err)
		}
		if err := errors.Join(a.render(f, format, an), f.Close()); err != nil {
			return fmt.Errorf("export %s: %w", name, err)
		}
	}
	a.wrote(filepath.Join(dir, "report.html"))
	return nil
}

// wrote says which file was written, unless nobody wants to hear of it.
func (a *app) wrote(path string) {
	if !a.flags.quiet {
		fmt.Fprintln(a.err, "Wrote", path)
	}
}

// objects lists what the record refers to.
func objects(rec run.Record) []events.ObjectRef {
	var refs []events.ObjectRef
	if rec.Artifact != nil {
		refs = append(refs, rec.Artifact.Manifest)
		for _, c := range rec.Artifact.Captures {
			if c.Status == events.CaptureStored {
				refs = append(refs, c.ObjectRef)
			}
		}
		for _, c := range rec.Artifact.Context {
			refs = append(refs, c.ObjectRef)
		}
	}
	for _, ref := range []*events.ObjectRef{rec.Evidence, rec.Prompt, rec.Answer} {
		if ref != nil {
			refs = append(refs, *ref)
		}
	}
	return refs
}

// graphs are the differential flame graphs of an analysis.
func graphs(an events.Analysis) []events.ObjectRef {
	var refs []events.ObjectRef
	if an.Comparison != nil {
		for _, g := range an.Comparison.Graphs {
			refs = append(refs, g.ObjectRef)
		}
	}
	return refs
}

func writeFile(path string, body []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	if err := os.WriteFile(path, body, fileMode); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}
