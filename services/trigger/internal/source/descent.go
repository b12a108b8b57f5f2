package source

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"

	"squirrly.dev/internal/run"
)

// LabelRun is the label of an alert, or the attribute of an event, that says which run it comes from.
const LabelRun = "squirrly_run"

var runForm = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)

// Descends reports whether texts come from a run: by the label for that, or since they name a run that there is, in a
// link to its report for example. Such a thing makes no other run.
func Descends(ctx context.Context, records Records, texts ...map[string]string) (bool, error) {
	const most = 20 // names that are looked up
	var ids []string
	for _, all := range texts {
		if all[LabelRun] != "" {
			return true, nil
		}
		for _, name := range slices.Sorted(maps.Keys(all)) {
			ids = append(ids, runForm.FindAllString(all[name], most)...)
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	for _, id := range ids[:min(len(ids), most)] {
		_, err := records.Get(ctx, id)
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, run.ErrNoRecord) {
			return false, err
		}
	}
	return false, nil
}
