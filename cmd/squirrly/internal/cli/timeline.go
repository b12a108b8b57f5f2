package cli

import (
	"fmt"
	"text/tabwriter"
	"time"

	"squirrly.dev/internal/run"
)

// timeline prints what the record alone says of a run: when each step began and ended, how long nothing was heard
// before it, and who holds the run now. It asks neither Flink nor the artifact store, so that it works for a run whose
// parts are gone.
func (a *app) timeline(r run.Record) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "run %s of %s, %s\n\n", r.Run, clean(r.Plan.Identity.String()), r.State)
	fmt.Fprintln(w, "TIME\tSINCE START\tAFTER\tWHAT")
	row := func(at, before time.Time, what string) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", at.Local().Format(time.TimeOnly), span(at.Sub(r.Created)), span(at.Sub(before)), clean(what))
	}
	before := r.Created
	row(r.Created, before, "requested by "+r.Requester)
	for _, l := range r.History {
		row(l.At, before, l.Text)
		before = l.At
	}
	if err := w.Flush(); err != nil {
		return err //nolint:wrapcheck // of stdout.
	}
	fmt.Fprintln(a.out, "\n"+clean(now(r, time.Now())))
	return nil
}

// now says what a run is waiting for at a time, and since when nothing was written.
func now(r run.Record, at time.Time) string {
	silent := span(at.Sub(r.Updated))
	switch {
	case r.State.Terminal() && r.Outcome != nil:
		return fmt.Sprintf("Over: %s: %s", r.Outcome.Code, r.Outcome.Message)
	case r.State.Terminal():
		return "Over: " + string(r.State) + "."
	case r.WaitsFor != "" && r.NotBefore.After(at):
		return fmt.Sprintf("Waits for %s, is tried again in %s.", r.WaitsFor, span(r.NotBefore.Sub(at)))
	case r.WaitsFor != "":
		return fmt.Sprintf("Was to be tried again (%s) %s ago, and nobody took it up: is the service running?", r.WaitsFor, span(at.Sub(r.NotBefore)))
	case r.Owner != "":
		return fmt.Sprintf("Held by %s (%s), which last wrote %s ago.", r.OwnerStep, r.Step, silent)
	}
	return fmt.Sprintf("Held by nobody, last written %s ago: the next service has not taken it up.", silent)
}

// span is a time as people read it: 400ms, 12s, 3m5s, 2h10m0s.
func span(d time.Duration) string {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
