package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/run"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// doctorStore looks at every object.
func (a *app) doctorStore(ctx context.Context, deep bool) error {
	b, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	s, err := openStore(ctx, b)
	if err != nil {
		return err
	}
	health, err := examine(ctx, b, s, deep)
	if err != nil {
		return err
	}
	return a.printHealth(health)
}

// storeHealth is what was found.
type storeHealth struct {
	Objects    int            `json:"objects"`
	Bytes      int64          `json:"bytes"`
	Unfinished int            `json:"unfinished"` // uploads that did not end, or have not yet; they expire
	Runs       int            `json:"runs"`       // whose records were read
	Deep       bool           `json:"deep"`       // every object was read
	Broken     []brokenObject `json:"broken"`
}

// brokenObject is an object that cannot be had.
type brokenObject struct {
	Key     string       `json:"key"`
	Run     string       `json:"run,omitempty"` // that names it
	State   events.State `json:"state,omitempty"`
	Problem string       `json:"problem"` // incomplete, damaged or missing
	Detail  string       `json:"detail"`
}

// The problems of an object.
const (
	problemIncomplete = "incomplete"
	problemDamaged    = "damaged"
	problemMissing    = "missing"
)

func examine(ctx context.Context, b *bus.Bus, store *artifact.Store, deep bool) (storeHealth, error) {
	h := storeHealth{Deep: deep, Broken: []brokenObject{}}
	runs, err := run.New(b).List(ctx)
	if err != nil {
		return h, fmt.Errorf("list runs: %w", err)
	}
	all, err := store.Survey(ctx, deep)
	if err != nil {
		return h, err
	}
	h.Runs, h.Objects, h.Unfinished = len(runs), len(all.Objects), all.Unfinished
	of, absent := named(runs, all.Objects)
	broken := func(key, problem string, err error) {
		h.Broken = append(h.Broken, brokenObject{key, of[key].Run, of[key].State, problem, err.Error()})
	}
	for _, key := range slices.Sorted(maps.Keys(all.Objects)) {
		f := all.Objects[key]
		h.Bytes += f.Size
		switch {
		case f.Broken != nil && f.Read:
			broken(key, problemDamaged, f.Broken)
		case f.Broken != nil:
			broken(key, problemIncomplete, f.Broken)
		}
	}
	return h, confirm(ctx, store, absent, func(ref events.ObjectRef, err error) { broken(ref.Key, problemMissing, err) })
}

// named finds the run of every object that a record names. Objects that the store does not list are returned apart; one
// whose hash is not that of the record becomes broken.
func named(runs []run.Record, objects map[string]artifact.Found) (of map[string]run.Record, absent []events.ObjectRef) {
	of = map[string]run.Record{}
	for _, rec := range runs {
		for _, ref := range stored(rec) {
			of[ref.Key] = rec
			f, ok := objects[ref.Key]
			if !ok && !expired(rec) {
				absent = append(absent, ref)
			}
			if f.Broken == nil && f.SHA256 != "" && f.SHA256 != ref.SHA256 {
				f.Broken, f.Read = errors.New("its hash is not that of the record"), true
				objects[ref.Key] = f
			}
		}
	}
	return of, absent
}

// expired reports whether the objects of a run may have expired.
func expired(rec run.Record) bool {
	const margin = 24 * time.Hour
	return time.Since(rec.Created) > artifact.Expiry-margin
}

// confirm looks once more for objects that the store did not list: they may have come since.
func confirm(ctx context.Context, store *artifact.Store, absent []events.ObjectRef, missing func(events.ObjectRef, error)) error {
	if len(absent) == 0 {
		return nil
	}
	const pause = 2 * time.Second
	select {
	case <-time.After(pause):
	case <-ctx.Done():
		return ctx.Err() //nolint:wrapcheck // the exit code says so.
	}
	for _, ref := range absent {
		err := store.Check(ctx, ref)
		switch {
		case errors.Is(err, artifact.ErrGone), errors.Is(err, artifact.ErrCorrupt):
			missing(ref, err)
		case err != nil:
			return err
		}
	}
	return nil
}

// stored lists all that the record of a run names: also what an export makes anew.
func stored(rec run.Record) []events.ObjectRef {
	refs := append(objects(rec), rec.Readings...)
	for _, c := range rec.Captures {
		if c.State == run.CaptureStored && c.Object != nil && rec.Artifact == nil {
			refs = append(refs, *c.Object)
		}
	}
	if rec.Analysis != nil {
		refs = append(refs, *rec.Analysis)
	}
	for _, ref := range rec.Reports {
		refs = append(refs, ref)
	}
	return slices.DeleteFunc(refs, func(ref events.ObjectRef) bool { return ref.Key == "" })
}

func (a *app) printHealth(h storeHealth) error {
	if a.flags.output == formatJSON {
		if err := a.json(h); err != nil {
			return err
		}
	} else if err := a.healthTable(h); err != nil {
		return err
	}
	if len(h.Broken) > 0 {
		return &coded{code: exitFailure, quiet: true, err: fmt.Errorf("%d objects are broken", len(h.Broken))}
	}
	return nil
}

func (a *app) healthTable(h storeHealth) error {
	const mib = 1 << 20
	looked := "listed"
	if h.Deep {
		looked = "read"
	}
	fmt.Fprintf(a.out, "%s %s, %.1f MiB; the records of %s\n", wording.Plural(h.Objects, "object"), looked, float64(h.Bytes)/mib,
		wording.Plural(h.Runs, "run"))
	if h.Unfinished > 0 {
		fmt.Fprintf(a.out, "%s that did not end, or have not yet: they expire\n", wording.Plural(h.Unfinished, "upload"))
	}
	if len(h.Broken) == 0 {
		fmt.Fprintln(a.out, "Every object can be had.")
		return nil
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PROBLEM\tRUN\tSTATE\tOBJECT\tWHAT TO DO")
	for _, o := range h.Broken {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", o.Problem, cmp.Or(o.Run, "-"), cmp.Or(o.State, "-"), clean(o.Key), o.advice())
	}
	return w.Flush() //nolint:wrapcheck // of stdout.
}

// advice is what to do about an object.
func (o brokenObject) advice() string {
	switch {
	case o.Run == "":
		return "no record names it: it expires"
	case o.State.Terminal():
		return "profile again, if the run is still of use"
	}
	return "the run mends it or fails with its reason"
}
