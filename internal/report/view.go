package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// view is an analysis whose every text is safe to show, with the sentences that all forms share.
type view struct {
	events.Analysis

	citing map[string][]string // by id of a fact: what rests on it
}

// pair is a named text, or a named list of names of code.
type pair struct {
	Name, Text string
	Code       bool     // Text is a name of the job's code or configuration
	Strong     bool     // what a reader looks for
	List       []string // instead of Text
}

func newView(a events.Analysis) (view, error) {
	safe, err := tidy(a)
	if err != nil {
		return view{}, err
	}
	v := view{Analysis: safe, citing: map[string][]string{}}
	provenFirst(v.Findings)
	v.attach()
	v.cites()
	return v, nil
}

// Title is the name of the job.
func (v view) Title() string {
	if v.JobName != "" {
		return v.JobName
	}
	return v.Identity.Job
}

// About says what was looked at, and when.
func (v view) About() []string {
	about := []string{v.Identity.String()}
	if v.FlinkVersion != "" {
		about = append(about, "Flink "+v.FlinkVersion)
	}
	at := v.CapturedAt
	if at.IsZero() {
		at = v.CreatedAt
	}
	if !at.IsZero() {
		about = append(about, moment(at))
	}
	return about
}

// Label is the word before the headline.
func (v view) Label() string { return label(v.Verdict.Limit) }

// Headline is the verdict in a sentence or two, without the label when it begins with it.
func (v view) Headline() string {
	text := v.Verdict.Headline
	if n := len(v.Label()); len(text) > n && strings.EqualFold(text[:n], v.Label()) {
		if rest := strings.TrimLeft(text[n:], ".:; "); rest != "" {
			return capital(rest)
		}
	}
	return text
}

func capital(text string) string {
	r, n := utf8.DecodeRuneInString(text)
	if n == 0 {
		return text
	}
	return string(unicode.ToUpper(r)) + text[n:]
}

// Gain says what can be gained at most; empty when that is not known.
func (v view) Gain() string {
	d := v.Verdict
	switch {
	case d.Gain != "":
		return d.Gain
	case d.Bound > 1 && d.NextLimit != "":
		return "At most " + wording.Times(d.Bound) + " the throughput, then " + d.NextLimit + " limits."
	case d.Bound > 1:
		return "At most " + wording.Times(d.Bound) + " the throughput."
	}
	return ""
}

// verdictFacts are the lines below the headline.
func (v view) verdictFacts() []pair {
	d := v.Verdict
	next, fix := "", d.Fix
	if len(v.Findings) > 0 && v.Findings[0].Recommendation.Change == fix {
		fix = "" // it stands right below
	}
	if d.Bound <= 1 && d.Limit == events.LimitVertex {
		next = d.NextLimit
	}
	return filled(
		pair{Name: "Gain", Text: v.Gain(), Strong: true},
		pair{Name: "Change", Text: fix, Strong: true},
		pair{Name: "Next limit", Text: next},
		pair{Name: "Waiting on it", Text: strings.Join(d.Victims, ", ")},
		pair{Name: "Confidence", Text: v.Confidence()},
		pair{Name: "Evidence", Text: strings.Join(d.Evidence, ", ")},
	)
}

// Confidence says how sure the verdict is.
func (v view) Confidence() string {
	text := string(v.Verdict.Confidence)
	if v.Verdict.Samples > 0 {
		text += " (" + wording.Plural(v.Verdict.Samples, "sample") + ")"
	}
	return text
}

// OptedOut says that TaskManagers died, and what follows.
func (v view) OptedOut() string {
	which := "TaskManager " + v.Died[0]
	if n := len(v.Died); n > 1 {
		which = fmt.Sprintf("%d TaskManagers (%s)", n, strings.Join(v.Died, ", "))
	}
	return fmt.Sprintf("%s died while this run profiled. The job is not profiled again until it is allowed: squirrly optouts lift %s",
		which, v.Identity)
}
