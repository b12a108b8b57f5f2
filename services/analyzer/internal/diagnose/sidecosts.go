package diagnose

import (
	"fmt"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

const minGarbage = 0.01 // share of the CPU that is worth a word

// sideText says what a problem costs beside the time of its place: garbage, and work that no vertex can be named for.
func (p *Problem) sideText() []string {
	var parts []string
	if p.garbage >= minGarbage {
		parts = append(parts, fmt.Sprintf("garbage collection takes %s of the CPU for what it allocates", wording.Percent(p.garbage)))
	}
	for i := range p.elsewhere {
		more := &p.elsewhere[i]
		parts = append(parts, fmt.Sprintf("and %s of them in %s, whose vertex cannot be told", wording.Percent(shareOf(more.counts.frame)), wording.Simple(more.Frame)))
	}
	for i := range p.also {
		also := &p.also[i]
		parts = append(parts, fmt.Sprintf("also seen as %q in %s", also.Rule.Title, wording.Simple(also.Frame)))
	}
	return parts
}

// sideFacts returns the facts of that text.
func (v *View) sideFacts(p *Problem) []fact {
	var facts []fact
	if p.garbage >= minGarbage {
		_, active := v.collectorShare()
		facts = append(facts, fact{factFrame, events.Fact{
			Text:  fmt.Sprintf("Garbage collection takes %s of the CPU samples for what %s allocates.", wording.Percent(p.garbage), wording.Simple(p.Anchor)),
			Value: p.garbage, Unit: "share", Frame: p.Anchor, Mode: v.modeOf(mechanisms.FamilyCPU),
			StdErr: standardError(p.garbage, float64(active)),
		}})
	}
	if p.beside.Text != "" {
		facts = append(facts, p.beside)
	}
	for i := range p.also {
		facts = append(facts, v.frameFacts(&p.also[i])...)
	}
	for i := range p.elsewhere {
		more := p.elsewhere[i]
		more.Vertices = nil
		facts = append(facts, v.frameFacts(&more)...)
	}
	return facts
}

// untimedImpact says what a finding is worth that no capture with time shows.
func untimedImpact(p *Problem) string {
	if p.garbage > 0 {
		return fmt.Sprintf("At most %s of the CPU time is freed, which garbage collection takes for it.", wording.Percent(p.garbage))
	}
	return fmt.Sprintf("The gain cannot be told: %s counts events and no time.", p.Mode)
}

// timeless reports that a finding has no time, so that it explains no verdict.
func (p *Problem) timeless() bool {
	return p.P == 0 && (p.Mode == events.ModeAlloc || p.Mode == events.ModeLock)
}
