package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// view is an analysis whose every text is safe to show, with the sentences that all formats share.
type view struct {
	events.Analysis

	facts map[string]int // position in Evidence by id
}

// pair is a named text, or a named list of names of code.
type pair struct {
	Name, Text string
	Code       bool     // Text is a name of the job's code or configuration
	List       []string // instead of Text
}

func newView(a events.Analysis) (view, error) {
	safe, err := tidy(a)
	if err != nil {
		return view{}, err
	}
	v := view{Analysis: safe, facts: make(map[string]int, len(safe.Evidence))}
	for i, f := range safe.Evidence {
		v.facts[f.ID] = i
	}
	provenFirst(v.Findings)
	v.attach()
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
	if v.Run != "" {
		about = append(about, "run "+v.Run)
	}
	if v.Parent != "" {
		about = append(about, "follow-up of "+v.Parent)
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

// VerdictFacts are the lines below the headline.
func (v view) VerdictFacts() []pair {
	d := v.Verdict
	var facts []pair
	add := func(name, text string) {
		if text != "" {
			facts = append(facts, pair{Name: name, Text: text})
		}
	}
	add("Fix", d.Fix)
	switch {
	case d.Bound > 1 && d.NextLimit != "":
		add("Upper bound", wording.Times(d.Bound)+", then limited by "+d.NextLimit)
	case d.Bound > 1:
		add("Upper bound", wording.Times(d.Bound))
	case d.Limit == events.LimitVertex:
		add("Next limit", d.NextLimit)
	}
	add("Victims", strings.Join(d.Victims, ", "))
	add("Confidence", v.Confidence())
	add("Evidence", strings.Join(d.Evidence, ", "))
	return facts
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
