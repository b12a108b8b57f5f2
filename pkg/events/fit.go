package events

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
)

// fitting are the steps by which a recommendation is made to fit, mildest first: readings go, which nobody has verified; texts
// and lists that are longer than any sensible one are cut, then findings go, then the comparison. The last step is small enough
// for everything that an analysis may hold, so that no name of a job ever ends a run.
var fitting = []struct {
	text, list int // characters of each text, and entries of each list
	findings   int // at most
	comparison bool
}{
	{MaxEventBytes, MaxEventBytes, MaxEventFindings, true},
	{2000, 100, MaxEventFindings, true},
	{1500, 80, 8, true},
	{1000, 50, 5, true},
	{600, 20, 2, true},
	{400, 20, 1, false},
	{200, 10, 0, false},
}

// fit shortens a recommendation until it leaves room for the envelope. What it points to is never cut.
func fit(r RecommendationReady) (RecommendationReady, error) {
	const envelope = 4 << 10
	b, err := json.Marshal(r)
	for _, step := range fitting {
		if err != nil {
			return r, fmt.Errorf("encode recommendation of run %s: %w", r.Run, err)
		}
		if len(b) <= MaxEventBytes-envelope {
			return r, nil
		}
		if r, err = copied(b); err != nil { // so that the analysis keeps what is cut here
			return r, err
		}
		r.Truncated, r.Readings = true, nil
		r.leaveOut(min(len(r.Findings), step.findings))
		r.Doubts = slices.DeleteFunc(r.Doubts, func(d Doubt) bool { return !r.tells(d.Finding) })
		if !step.comparison {
			r.Comparison = nil
		}
		for _, part := range []any{&r.JobName, &r.FlinkVersion, &r.Verdict, &r.DegradedWhy, &r.Findings, &r.Others, &r.Doubts, &r.Provenance, &r.Comparison} {
			shorten(reflect.ValueOf(part).Elem(), step.text, step.list)
		}
		b, err = json.Marshal(r)
	}
	if err == nil && len(b) > MaxEventBytes-envelope {
		err = fmt.Errorf("it has %d bytes without any finding", len(b))
	}
	if err != nil {
		return r, fmt.Errorf("recommendation of run %s: %w", r.Run, err)
	}
	return r, nil
}

// leaveOut tells all findings but the first n in the fewest words.
func (r *RecommendationReady) leaveOut(n int) {
	var cut []Brief
	for _, f := range r.Findings[n:] {
		cut = append(cut, brief(f.Finding))
	}
	r.Findings, r.Others = r.Findings[:n], append(cut, r.Others...)
	r.Others = r.Others[:min(len(r.Others), MaxBriefs)]
}

func copied(b []byte) (r RecommendationReady, err error) {
	if err := json.Unmarshal(b, &r); err != nil {
		return r, fmt.Errorf("copy recommendation: %w", err)
	}
	return r, nil
}

// shorten cuts all texts and lists of texts in a value.
func shorten(v reflect.Value, text, list int) {
	switch v.Kind() { //nolint:exhaustive // nothing else holds texts
	case reflect.String:
		v.SetString(atMost(text, v.String()))
	case reflect.Pointer:
		if !v.IsNil() {
			shorten(v.Elem(), text, list)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.String && v.Len() > list {
			v.Set(v.Slice(0, list))
		}
		for i := range v.Len() {
			shorten(v.Index(i), text, list)
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			if field.CanSet() {
				shorten(field, text, list)
			}
		}
	default:
	}
}

// atMost cuts a text to a number of characters, the last of which says so.
func atMost(most int, text string) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most-1]) + "…"
}
