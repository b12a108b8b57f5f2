package diagnose

import (
	"fmt"
	"slices"
	"sync"

	"squirrly.dev/services/analyzer/internal/mechanisms"
	"squirrly.dev/services/analyzer/internal/scan"
)

// unprovable are the mechanisms that this job cannot have, or that nothing can prove of it: they take no samples from others.
func (r *reading) unprovable() []string {
	job := situation{r, &Problem{}}
	var out []string
	for i := range mechanisms.Default().Mechanisms {
		if m := &mechanisms.Default().Mechanisms[i]; !m.Provable(job) {
			out = append(out, m.ID)
		}
	}
	return out
}

// match is a catalogue with what finds its mechanisms in stacks.
type match struct {
	catalogue *mechanisms.Catalogue
	scanner   *scan.Scanner
}

// matches are those without some mechanisms, by their ids: what a job decides takes few forms, and each is compiled once.
var matches = struct {
	sync.Mutex
	of map[string]match
}{of: map[string]match{}}

// maxMatches bounds what is kept.
const maxMatches = 64

// matching returns the catalogue without some mechanisms; alone says that those which are left leave no samples to others.
func matching(without []string, alone bool) (*mechanisms.Catalogue, *scan.Scanner) {
	slices.Sort(without)
	without = slices.Compact(without)
	key := fmt.Sprint(alone, without)
	matches.Lock()
	defer matches.Unlock()
	m, ok := matches.of[key]
	if !ok {
		m.catalogue = mechanisms.Default()
		if len(without) > 0 {
			m.catalogue = m.catalogue.Without(without...)
		}
		if alone {
			m.catalogue = m.catalogue.Alone()
		}
		m.scanner = scan.NewScanner(m.catalogue)
		if len(matches.of) >= maxMatches {
			clear(matches.of)
		}
		matches.of[key] = m
	}
	return m.catalogue, m.scanner
}
