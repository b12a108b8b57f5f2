package analyzer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/input"
	"squirrly.dev/services/analyzer/internal/page"
)

const (
	maxAnalysis = 16 << 20        // bytes of a stored analysis
	storePause  = 5 * time.Second // before the store is tried again
)

// Input reads what the result of a run on the server rests on, as far as it is still in the store.
func (s *Service) Input(ctx context.Context, rec run.Record) (Input, error) {
	if rec.Artifact == nil {
		return Input{}, fmt.Errorf("run %s is %s: it has no captures", rec.Run, rec.State)
	}
	return s.inputs(ctx, rec, *rec.Artifact, &share{})
}

// inputs reads all that the result of a run rests on: what it captured, and what the run did that it follows up.
func (s *Service) inputs(ctx context.Context, rec run.Record, art events.ArtifactReady, of *share) (input.Input, error) {
	in, err := s.load(ctx, rec, art, of)
	if err != nil {
		return in, err
	}
	err = s.joinParent(ctx, rec, &in, of)
	return in, err
}

// joinParent adds what the run captured that this one follows up, so that the result is a whole one.
func (s *Service) joinParent(ctx context.Context, rec run.Record, in *input.Input, of *share) error {
	if rec.Plan.Parent == "" {
		return nil
	}
	parent, err := s.parent(ctx, rec)
	if err != nil {
		return err
	}
	if parent.Artifact == nil {
		in.Miss(fmt.Sprintf("The captures of run %s, which this one follows up.", rec.Plan.Parent))
		return nil
	}
	first, err := s.load(ctx, parent, *parent.Artifact, of)
	if err != nil {
		return err
	}
	in.Join(first)
	return nil
}

// parent is the run that a run follows up, without artifacts when they are not of the same job.
func (s *Service) parent(ctx context.Context, rec run.Record) (run.Record, error) {
	parent, err := s.runs.GetNamed(ctx, rec.Plan.Parent)
	if errors.Is(err, run.ErrNoRecord) {
		return run.Record{}, nil
	}
	if err != nil {
		return parent, fmt.Errorf("join run %s: %w", rec.Plan.Parent, err)
	}
	if parent.Plan.JobID != rec.Plan.JobID {
		parent.Artifact = nil
	}
	return parent, nil
}

// load reads captures and context from the store. A capture that is gone or damaged counts as lost, and the result says
// so; a store that is down is waited for.
func (s *Service) load(ctx context.Context, rec run.Record, art events.ArtifactReady, of *share) (input.Input, error) {
	in := input.Input{Run: rec.Run, Parent: rec.Plan.Parent, Identity: rec.Plan.Identity, Prompt: rec.Plan.Prompt}
	in.Captured = input.Began(art.Captures, rec.Plan.RequestedAt)
	get := s.getter(rec)
	for _, c := range art.Captures {
		p := page.Of(c, time.Duration(rec.Plan.Duration))
		if c.Status == events.CaptureStored {
			if err := s.loadPage(ctx, rec, c, &p, of); err != nil {
				return in, err
			}
		}
		in.Miss(p.Lost())
		in.Pages = append(in.Pages, p)
	}
	err := s.loadContext(ctx, get, &in, art.Context)
	return in, err
}

// loadContext reads the context. What cannot be used is left out.
func (s *Service) loadContext(ctx context.Context, get getter, in *input.Input, refs []events.ContextRef) error {
	for _, ref := range refs {
		limit := int64(input.MaxFile)
		if ref.Kind == events.ContextJob {
			limit = jobcontext.MaxBytes
		}
		body, err := s.read(ctx, get, ref.ObjectRef, limit)
		if err != nil && !isLost(err) {
			return err
		}
		if err == nil {
			err = in.Attach(ref, body)
		} else {
			in.Miss(fmt.Sprintf("The context %s: %s.", ref.Name, lostNote(err)))
		}
		if err != nil {
			s.deps.Logger.WarnContext(ctx, "context left out", "run", in.Run, "name", ref.Name, "error", err)
		}
	}
	return nil
}

// loadPage reads a page. A large one is parsed meanwhile, so that its bytes are never in memory.
func (s *Service) loadPage(ctx context.Context, rec run.Record, c events.CaptureRef, p *page.Page, of *share) error {
	p.Bytes = c.Size
	if why := of.left[c.Key]; why != nil {
		why.of(p)
		return nil
	}
	var err error
	switch body, kept := of.bodies[c.Key]; {
	case kept:
		p.Body = body
	case c.Size > 0 && c.Size <= page.MaxInMemory:
		p.Body, err = s.read(ctx, s.getter(rec), c.ObjectRef, input.MaxPage)
	default:
		err = waitFor(s.reader(rec)(ctx, c.ObjectRef, input.MaxPage, p.ParseFrom))
	}
	if !isLost(err) {
		return err
	}
	*p = page.Of(c, time.Duration(rec.Plan.Duration))
	p.Status, p.Code, p.Note, p.Hint = string(events.CaptureLost), lostCode(err), lostNote(err), lostCode(err).Hint()
	return nil
}

// getter reads an object of the store.
type getter func(ctx context.Context, ref events.ObjectRef, limit int64) ([]byte, error)

// getter reads what a record names. Of the run that is being analyzed that was done just now, so that gone is not yet;
// the objects of one that has ended may have expired.
func (s *Service) getter(rec run.Record) getter {
	if rec.State.Terminal() {
		return s.deps.Store.Get
	}
	return s.deps.Store.Await
}

// reader is getter for what is read as it comes.
func (s *Service) reader(rec run.Record) func(context.Context, events.ObjectRef, int64, func(io.Reader)) error {
	if rec.State.Terminal() {
		return s.deps.Store.Read
	}
	return s.deps.Store.AwaitRead
}

// read waits for a store that is down. Any other error says that the object is lost.
func (s *Service) read(ctx context.Context, get getter, ref events.ObjectRef, limit int64) ([]byte, error) {
	body, err := get(ctx, ref, limit)
	return body, waitFor(err)
}

// waitFor makes the error of a store that is down one that is waited for.
func waitFor(err error) error {
	if err == nil || isLost(err) {
		return err
	}
	return bus.Wait(events.CodeStoreUnavailable, storePause, err)
}

// isLost reports whether an object cannot be had any more, however long one waits.
func isLost(err error) bool {
	return errors.Is(err, artifact.ErrGone) || errors.Is(err, artifact.ErrCorrupt) || errors.Is(err, artifact.ErrTooLarge)
}

// lostCode is the reason code of an object that is lost.
func lostCode(err error) events.Code {
	switch {
	case errors.Is(err, artifact.ErrGone):
		return events.CodeArtifactGone
	case errors.Is(err, artifact.ErrCorrupt):
		return events.CodeArtifactCorrupt
	}
	return events.CodeBadProfile
}

// lostNote says the same for people.
func lostNote(err error) string {
	switch {
	case errors.Is(err, artifact.ErrGone):
		return "it expired in the artifact store, or was deleted there"
	case errors.Is(err, artifact.ErrCorrupt):
		return "the artifact store lost part of it"
	}
	return "it is too large"
}

// noneReadable is the error of a run whose captures were stored and are all lost since: nothing here can take them again.
func noneReadable(pages []page.Page) error {
	var lost *page.Page
	for i, p := range pages {
		switch {
		case p.There():
			return nil
		case p.Code == events.CodeArtifactCorrupt, p.Code == events.CodeArtifactGone:
			lost = &pages[i]
		}
	}
	if lost == nil {
		return nil
	}
	return bus.Permanent(lost.Code, fmt.Errorf("no capture can be read; that of %s in %s mode: %s", lost.JVM, lost.Mode, lost.Note))
}
