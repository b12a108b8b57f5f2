package analyzer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/input"
	"squirrly.dev/services/analyzer/internal/page"
)

// measured is a page that can be parsed.
type measured struct {
	key  string
	size flamegraph.Size
	body int64 // bytes that stay in memory
}

// measureRun measures the pages of a run and of the one that it follows up.
func (s *Service) measureRun(ctx context.Context, rec run.Record, art events.ArtifactReady, sh *share) ([]measured, error) {
	all, err := s.measurePages(ctx, rec, art, sh)
	if err != nil || rec.Plan.Parent == "" {
		return all, err
	}
	parent, err := s.parent(ctx, rec)
	if err != nil || parent.Artifact == nil {
		return all, err
	}
	more, err := s.measurePages(ctx, parent, *parent.Artifact, sh)
	return append(all, more...), err
}

func (s *Service) measurePages(ctx context.Context, rec run.Record, art events.ArtifactReady, sh *share) ([]measured, error) {
	var all []measured
	for _, c := range art.Captures {
		if c.Status != events.CaptureStored {
			continue
		}
		m, err := s.measure(ctx, rec, c.ObjectRef, sh)
		switch {
		case isLost(err): // said when it is loaded
		case isOfProfile(err):
			sh.left[c.Key] = &leftOut{bad: err}
		case err != nil:
			return nil, err
		default:
			all = append(all, m)
		}
	}
	return all, nil
}

// measure reads a page once. Small pages are kept, as far as there is room.
func (s *Service) measure(ctx context.Context, rec run.Record, ref events.ObjectRef, sh *share) (m measured, err error) {
	m.key = ref.Key
	if ref.Size == 0 || ref.Size > page.MaxInMemory {
		giveBack, err := s.takeForMeasuring(ctx, flamegraph.MeasureMemory)
		if err != nil {
			return m, err
		}
		defer giveBack()
		var bad error
		err = s.reader(rec)(ctx, ref, input.MaxPage, func(r io.Reader) { m.size, bad = flamegraph.Measure(r, flamegraph.Limits{}) })
		if err != nil {
			return m, waitFor(err)
		}
		return m, bad
	}
	body, err := s.read(ctx, s.getter(rec), ref, input.MaxPage)
	if err != nil {
		return m, err
	}
	giveBack, err := s.takeForMeasuring(ctx, page.WeightOfMeasuring(body))
	if err != nil {
		return m, err
	}
	defer giveBack()
	m.body = int64(len(body))
	if sh.kept+len(body) <= maxKept {
		sh.kept += len(body)
		sh.bodies[ref.Key] = body
	}
	m.size, err = flamegraph.Measure(bytes.NewReader(body), flamegraph.Limits{})
	return m, err
}

// takeForMeasuring takes no more than there is.
func (s *Service) takeForMeasuring(ctx context.Context, bytes int64) (giveBack func(), err error) {
	return s.deps.Memory.Take(ctx, min(bytes, s.deps.Memory.Most()))
}

// isOfProfile reports whether an error says that a page is none that can be read.
func isOfProfile(err error) bool {
	return slices.ContainsFunc([]error{
		flamegraph.ErrUnsupported, flamegraph.ErrTruncated, flamegraph.ErrTooLarge, flamegraph.ErrMalformed,
	}, func(kind error) bool { return errors.Is(err, kind) })
}
