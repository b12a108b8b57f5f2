package check

import (
	"maps"
	"slices"
	"strings"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask/answer"
)

// maxObservations bounds the observations of the LLM.
const maxObservations = 10

// observe adds a remark that its facts carry.
func (c *checker) observe(place string, o answer.Observation) {
	s := &scope{place: place, cited: map[string]bool{}, strict: true, remark: true}
	for _, id := range o.Evidence {
		f, ok := c.facts[id]
		if !ok {
			c.count(place+" evidence", "Cited was "+idOf(id)+".", drop("there is no such fact"))
			continue
		}
		s.cite(c, f)
	}
	for _, v := range c.in.Analysis.Vertices {
		if v.Short() != "" && strings.Contains(o.Text, v.Short()) {
			s.pool = append(s.pool, ofVertex(v)...)
		}
	}
	if len(s.cited) == 0 {
		c.count(place, clean(o.Text), drop("it cites no fact"))
		return
	}
	text := c.keep("text", o.Text, s, false)
	if len(text) == 0 || len(c.result.Analysis.Observations)-len(c.in.Analysis.Observations) >= maxObservations {
		return
	}
	ids := slices.Sorted(maps.Keys(s.cited))
	for _, id := range ids {
		c.evidence(id)
	}
	c.result.Analysis.Observations = append(c.result.Analysis.Observations, events.Observation{
		Text: strings.Join(text, " "), Evidence: ids, Origin: events.OriginLLM,
	})
}
