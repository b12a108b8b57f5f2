package report

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// Limits of what a report shows; the rest is in analysis.json, and the report says so.
const (
	maxRunes     = 2000 // of one text
	maxFindings  = 50
	maxRemarks   = 100 // of each list of sentences
	maxVertices  = 200
	maxCaptures  = 300
	maxFacts     = 500
	maxChanges   = 100
	maxMarks     = 2 // combining marks in a row
	unprintable  = '\uFFFD'
	lengthMarker = " …"
)

// tidy copies an analysis and makes every text in it safe to show: one line, no control or invisible characters.
func tidy(a events.Analysis) (events.Analysis, error) {
	b, err := json.Marshal(a)
	if err != nil {
		return a, fmt.Errorf("copy analysis of run %s: %w", a.Run, err)
	}
	var safe events.Analysis
	if err := json.Unmarshal(b, &safe); err != nil {
		return a, fmt.Errorf("copy analysis of run %s: %w", a.Run, err)
	}
	cut(&safe)
	cleanAll(reflect.ValueOf(&safe).Elem())
	return safe, nil
}

// cut shortens the lists of an analysis and notes what it left out.
func cut(a *events.Analysis) {
	var left []string
	note := func(shown, all int, noun string) {
		if shown < all {
			left = append(left, fmt.Sprintf("This report shows the first %s of %s %s; analysis.json holds them all.",
				wording.Count(shown), wording.Count(all), noun))
		}
	}
	a.Findings = first(a.Findings, maxFindings, "findings", note)
	a.Observations = first(a.Observations, maxRemarks, "observations", note)
	a.Silenced = first(a.Silenced, maxRemarks, "causes that others stand for", note)
	a.Unverified = first(a.Unverified, maxRemarks, "claims that do not hold", note)
	a.Doubts = first(a.Doubts, maxRemarks, "doubts", note)
	a.Readings = first(a.Readings, maxRemarks, "readings", note)
	a.Operators = first(a.Operators, maxFacts, "operators", note)
	a.Vertices = first(a.Vertices, maxVertices, "vertices", note)
	a.Captures = first(a.Captures, maxCaptures, "captures", note)
	a.Evidence = first(a.Evidence, maxFacts, "facts", note)
	a.Missing = first(a.Missing, maxRemarks, "missing parts", note)
	a.DegradedWhy = first(a.DegradedWhy, maxRemarks, "reasons", note)
	a.Died = first(a.Died, maxRemarks, "TaskManagers", note)
	if a.Comparison != nil {
		a.Comparison.Changes = first(a.Comparison.Changes, maxChanges, "changes", note)
		a.Comparison.Caveats = first(a.Comparison.Caveats, maxRemarks, "caveats", note)
		a.Comparison.Measures = first(a.Comparison.Measures, maxRemarks, "measures", note)
		a.Comparison.Graphs = first(a.Comparison.Graphs, maxRemarks, "graphs", note)
	}
	if a.Flame != nil {
		a.Flame.Frames = first(a.Flame.Frames, events.MaxFlame, "frames", note)
	}
	a.Missing = append(a.Missing, left...)
}

func first[T any](list []T, limit int, noun string, note func(shown, all int, noun string)) []T {
	shown := list[:min(len(list), limit)]
	note(len(shown), len(list), noun)
	return shown
}

// cleanAll cleans every string below v, which must be addressable.
func cleanAll(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(clean(v.String()))
	case reflect.Pointer:
		if !v.IsNil() {
			cleanAll(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			cleanAll(v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for _, field := range v.Fields() {
			cleanAll(field)
		}
	}
}

// clean makes one line of a text: white space becomes a space, and a character that would not show, or that would
// change how others show (terminal sequences, bidirectional controls, zero width), becomes a visible mark.
func clean(s string) string {
	var b strings.Builder
	marks, runes := 0, 0
	for _, r := range strings.TrimSpace(s) {
		if unicode.Is(unicode.M, r) {
			if marks++; marks > maxMarks {
				continue
			}
		} else {
			marks = 0
		}
		if runes++; runes > maxRunes {
			return b.String() + lengthMarker
		}
		b.WriteRune(visible(r))
	}
	return b.String()
}

func visible(r rune) rune {
	switch {
	case r == '\n' || r == '\t' || r == '\r' || unicode.Is(unicode.Z, r):
		return ' '
	case r == utf8.RuneError || !unicode.IsPrint(r):
		return unprintable
	}
	return r
}
