package analyzer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
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
	return sh, err
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
