package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"squirrly.dev/services/analyzer"
	"squirrly.dev/test/diagnosis"
)

// captured reads the captures that an earlier run left in the folder, and analyzes them by the rules of today.
func (b *bench) captured(ctx context.Context, run *diagnosis.Run) (err error) {
	if b.variant != good {
		if run.Bad, err = b.old(ctx, run, bad); err != nil {
			return err
		}
	}
	if b.variant != bad {
		if run.Good, err = b.old(ctx, run, good); err != nil {
			return err
		}
	}
	if len(run.Bad)+len(run.Good) == 0 {
		return errors.New("no captures in the folder")
	}
	return nil
}

func (b *bench) old(ctx context.Context, run *diagnosis.Run, variant string) ([]diagnosis.Captured, error) {
	var all []diagnosis.Captured
	for i := range b.repeats {
		dir := b.folder(run, variant, i)
		got, err := stored(ctx, dir)
		if errors.Is(err, analyzer.ErrNoManifest) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := b.keep(run.Case, variant, i, dir, got); err != nil {
			return nil, err
		}
		all = append(all, got)
	}
	return all, nil
}

// stored reads the capture in a folder, and analyzes it by the rules of today.
func stored(ctx context.Context, dir string) (got diagnosis.Captured, err error) {
	if got.Input, err = analyzer.Folder(dir); err != nil {
		return got, fmt.Errorf("read a capture: %w", err)
	}
	if got.Analysis, err = diagnosis.Rules(ctx, got.Input); err != nil {
		return got, fmt.Errorf("%s: %w", dir, err)
	}
	return got, nil
}

// folder is where a capture lies.
func (b *bench) folder(run *diagnosis.Run, variant string, i int) string {
	return filepath.Join(b.out, run.Flink, run.Case.Name, fmt.Sprintf("%s-%d", variant, i+1))
}
