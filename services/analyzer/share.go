package analyzer

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/input"
	"squirrly.dev/services/analyzer/internal/page"
)

// maxKept is how many bytes of small pages are kept between measuring and parsing them, for each run.
const maxKept = 8 << 20

// share is the memory of the process that the analysis of a run has: enough for all of its pages at once, taken in one
// step. The zero value is one without limit.
type share struct {
	left        map[string]*leftOut // pages that are not parsed, by key
	bodies      map[string][]byte   // small pages that were read already, by key
	withoutBase bool                // there is no memory for the pages of the baseline beside those of the run
	giveBack    func()

	kept int // bytes in bodies
}

// leftOut says why a page is not parsed.
type leftOut struct {
	bad  error  // it cannot be parsed
	note string // otherwise: for people
}

// of says so in the page.
func (l *leftOut) of(p *page.Page) {
	if l.bad != nil {
		p.Unreadable(l.bad)
		return
	}
	p.Status, p.Code, p.Note, p.Hint = string(events.CaptureLost), events.CodeBadProfile, l.note, moreMemory
}

// moreMemory is the hint for pages that are too large.
const moreMemory = "Give the analyzer more memory (its container's limit and GOMEMLIMIT), or profile fewer TaskManagers or for a shorter time."

// measured is a page that can be parsed.
type measured struct {
	key  string
	size flamegraph.Size
	body int64 // bytes that stay in memory
}

// share measures the pages of a run and of its baseline, and waits for the memory that they take. Of pages that never fit together
// the largest are left out; when not one fits, the run fails. Nothing is held while it waits.
func (s *Service) share(ctx context.Context, rec run.Record, art events.ArtifactReady, base reference) (*share, error) {
	sh := &share{left: map[string]*leftOut{}, bodies: map[string][]byte{}, giveBack: func() {}}
	if s.deps.Memory == nil {
		return sh, nil
	}
	own, err := s.measureRun(ctx, rec, art, sh)
	if err != nil {
		return sh, err
	}
	var before []measured
	if base.analysis != nil {
		other, err := s.runs.Get(ctx, base.run)
		if err != nil && !errors.Is(err, run.ErrNoRecord) {
			return sh, fmt.Errorf("measure the captures of the baseline: %w", err)
		}
		if err == nil && other.Artifact != nil {
			if before, err = s.measureRun(ctx, other, *other.Artifact, sh); err != nil {
				return sh, err
			}
		}
	}
	bytes, err := s.choose(ctx, rec.Run, own, before, sh)
	if err != nil {
		return sh, err
	}
	sh.giveBack, err = s.deps.Memory.Take(ctx, bytes)
	if err != nil {
		sh.giveBack = func() {}
	}
	return sh, err //nolint:wrapcheck // it says what was waited for.
}

// choose decides what is analyzed, and returns what that takes.
func (s *Service) choose(ctx context.Context, id string, own, before []measured, sh *share) (int64, error) {
	if all := weigh(slices.Concat(own, before)); s.deps.Memory.Fits(all) {
		return all, nil
	}
	if sh.withoutBase = len(before) > 0; sh.withoutBase {
		s.deps.Logger.WarnContext(ctx, "no differential flame graph: the pages of both runs do not fit into memory", "run", id)
	}
	if len(own) == 0 {
		return 0, nil
	}
	bySize := slices.Clone(own)
	slices.SortStableFunc(bySize, func(a, b measured) int { return cmp.Compare(weigh([]measured{a}), weigh([]measured{b})) })
	n := len(bySize)
	for n > 0 && !s.deps.Memory.Fits(weigh(bySize[:n])) {
		n--
		m := bySize[n]
		sh.left[m.key] = &leftOut{note: fmt.Sprintf("its %d frames take %d MiB of memory beside the others, and an analysis has %d here",
			m.size.Frames, page.Weight(m.size)>>20, s.deps.Memory.Most()>>20)}
	}
	if n == 0 {
		least := sh.left[bySize[0].key]
		return 0, bus.PermanentWithHint(events.CodeBadProfile, moreMemory, fmt.Errorf("no capture fits into memory; of the smallest, %s", least.note))
	}
	return weigh(bySize[:n]), nil
}

func weigh(pages []measured) int64 {
	sizes := make([]flamegraph.Size, len(pages))
	sum := int64(0)
	for i, p := range pages {
		sizes[i] = p.size
		sum += p.body
	}
	return sum + page.Weight(sizes...)
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
	return s.deps.Memory.Take(ctx, min(bytes, s.deps.Memory.Most())) //nolint:wrapcheck // it says what was waited for.
}

// isOfProfile reports whether an error says that a page is none that can be read.
func isOfProfile(err error) bool {
	return slices.ContainsFunc([]error{
		flamegraph.ErrUnsupported, flamegraph.ErrTruncated, flamegraph.ErrTooLarge, flamegraph.ErrMalformed,
	}, func(kind error) bool { return errors.Is(err, kind) })
}
