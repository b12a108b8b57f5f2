package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/backends"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// openStore opens the store that the environment names, else the object store on the NATS server.
func openStore(ctx context.Context, b *bus.Bus) (*artifact.Store, error) {
	cfg, err := storeConfig()
	if err != nil {
		return nil, err
	}
	return backends.Store(ctx, b, cfg)
}

// storeConfig is what the environment says about the S3 server.
func storeConfig() (artifact.S3Config, error) {
	cfg, err := daemon.Load[struct {
		S3 artifact.S3Config `envPrefix:"S3_"`
	}](os.Environ())
	if err != nil {
		return cfg.S3, usage("%w", err)
	}
	return cfg.S3, nil
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
