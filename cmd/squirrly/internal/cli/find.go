package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"text/tabwriter"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/run"
)

// runID is what the id of a run may begin with: a name of fewer characters is more likely a file that is not there.
var runID = regexp.MustCompile(`^[0-9a-fA-F][0-9a-fA-F-]{3,35}$`)

// find returns the id of the run that is meant by what it begins with. Several that fit are wrong usage, and are listed.
func (a *app) find(ctx context.Context, b *bus.Bus, given string) (string, error) {
	runs := run.New(b)
	id, err := runs.Find(ctx, given)
	several, ambiguous := errors.AsType[*run.AmbiguousError](err)
	if !ambiguous {
		return id, err
	}
	const most = 10
	text := &strings.Builder{}
	w := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
	for _, id := range several.Runs[:min(len(several.Runs), most)] {
		fmt.Fprintf(w, "\n  %s", id)
		if rec, err := runs.Get(ctx, id); err == nil {
			fmt.Fprintf(w, "\t%s\t%s\t%s", rec.State, clean(rec.Plan.Identity.String()), age(rec.Created))
		}
	}
	if more := len(several.Runs) - most; more > 0 {
		fmt.Fprintf(w, "\n  and %d more", more)
	}
	_ = w.Flush() // of a builder, which takes everything
	return "", usage("%w; give more of it:%s", err, text)
}

// baseline is the whole id of a run of a server that is to be compared with; anything else is as it was given.
func (a *app) baseline(ctx context.Context, given string) (string, error) {
	if !a.remote() || !runID.MatchString(given) {
		return given, nil
	}
	b, err := a.connect(ctx)
	if err != nil {
		return "", err
	}
	defer b.Close()
	id, err := a.find(ctx, b, given)
	if err != nil {
		return "", fmt.Errorf("--baseline: %w", err)
	}
	return id, nil
}
