package diagnose

import (
	"fmt"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/rules"
)

// besidesText says what a problem costs beside the time of its place: garbage, and work that no vertex can be named for.
func (w *weight) besidesText() []string {
	var parts []string
	if w.garbage >= minGarbage {
		parts = append(parts, fmt.Sprintf("garbage collection takes %s of the CPU for what it allocates", percent(w.garbage)))
	}
	for i := range w.elsewhere {
		more := &w.elsewhere[i]
		parts = append(parts, fmt.Sprintf("and %s of them in %s, whose vertex cannot be told", percent(more.share), simple(more.frame)))
	}
	return parts
}

// besides returns the facts of that text.
func (d *diagnosis) besides(w *weight, f *events.Finding) []string {
	var ids []string
	if w.garbage >= minGarbage {
		_, active := d.collectorShare()
		ids = append(ids, d.facts.add(factFrame, events.Fact{
			Text:  fmt.Sprintf("Garbage collection takes %s of the CPU samples for what %s allocates.", percent(w.garbage), simple(w.anchor)),
			Value: w.garbage, Unit: "share", Frame: w.anchor, Mode: d.modeOf(rules.FamilyCPU), Samples: samples(active),
			StdErr: standardError(w.garbage, float64(active)),
		}))
	}
	for i := range w.elsewhere {
		more := &w.elsewhere[i]
		ids = append(ids, d.frameFact(more, &events.Finding{
			Anchor: more.anchor, Frame: more.frame, Mode: f.Mode, Samples: samples(more.samples()),
		}))
	}
	return ids
}
