package channel

import (
	"bytes"
	"fmt"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// writeChanges writes a line for each change, and one that says how to hear of it no more.
func writeChanges(text *bytes.Buffer, changes []Change) {
	for _, c := range changes {
		fmt.Fprintf(text, "%s: %s\n", c.Headline(), Plain(c.Title))
		if c.Dismiss != "" && c.State == events.LifeStateOpen {
			fmt.Fprintf(text, "  Not right, or not now: %s\n", Plain(c.Dismiss))
		}
	}
}

// Headline says in a few words what became of a finding, and what can be gained: "New, up to 3.5x", for example.
func (c Change) Headline() string {
	word := map[events.LifeChange]string{
		events.LifeOpened: "New", events.LifeWorsened: "Worse", events.LifeImproved: "Better", events.LifeResolved: "Resolved",
		events.LifeReopened: "Back again", events.LifeDismissed: "Dismissed",
	}[c.Kind]
	switch {
	case c.Reminds:
		word = "Still open"
	case word == "":
		word = Plain(string(c.Kind)) // of a later version
	}
	if c.Now == nil {
		return word
	}
	size := wording.Gain(*c.Now)
	if before := c.Before; before != nil && before.Unit == c.Now.Unit && (c.Kind == events.LifeWorsened || c.Kind == events.LifeImproved) {
		size += ", before " + wording.Gain(*before)
	}
	return word + ", " + size
}
