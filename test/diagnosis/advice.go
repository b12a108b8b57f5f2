package diagnosis

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

// Advice is what became of following the first recommendation for a job to the letter.
type Advice struct {
	Case, Flink string
	Rule, Title string                // of the first finding
	Settings    []events.ConfigChange // what was set; none: the change is one of code, whose place the good variant takes
	Bound       float64               // predicted: by what factor the throughput can rise at most; 0 is no prediction
	Most        float64               // Bound with the error of the samples; 0 is none
	Before      float64               // records per second out of the sources; 0 is unknown
	After       float64               // likewise
	Speed       events.Speed          // the verdict of the comparison
	Summary     string                // of the comparison
	Misses      []string
	Fail        string // why nothing was measured: the case, not the tool, has failed
}

// Gain is the factor by which the throughput rose; 0 is unknown.
func (a *Advice) Gain() float64 {
	if a.Before <= 0 || a.After <= 0 {
		return 0
	}
	return a.After / a.Before
}

// Held reports that the throughput did not rise by more than was predicted.
func (a *Advice) Held() bool {
	const noise = 1.1 // two runs of one job differ by this
	return a.Most == 0 || a.Gain() <= a.Most*noise
}

// Right reports whether the advice helped, as it said.
func (a *Advice) Right() bool { return a.Fail == "" && len(a.Misses) == 0 }

// errNotASetting is the error of a value that is a phrase for people, or a key without a value.
var errNotASetting = errors.New("a value that cannot be set")

// value is what can be set: a number, a duration or a size, a word of Flink's own, options of the JVM.
var value = regexp.MustCompile(`^(?:\d+(?:\.\d+)?|\d+ ?(?:ms|s|min|h|d|k|kb|m|mb|g|gb)|true|false|[A-Z][A-Z0-9_-]*|[a-z][a-z0-9_-]*|-X\S+(?: -X\S+)*)$`)

// Advised returns the advice of the first finding of an analysis whose advice can be followed. It is a miss when it says to set what cannot be set.
func Advised(c *Case, flink string, a events.Analysis) Advice {
	out := Advice{Case: c.Name, Flink: flink}
	if len(a.Findings) == 0 {
		out.Misses = append(out.Misses, "nothing was found")
		return out
	}
	f := a.Findings[0]
	for _, other := range a.Findings {
		if takeable(&other) {
			f = other
			break
		}
	}
	out.Rule, out.Title, out.Bound = f.Rule, f.Title, f.Bound
	if v := a.Verdict; v.Bound > 0 && v.Anchor == f.Anchor {
		out.Bound = v.Bound // another vertex may end the gain earlier
	}
	if p := f.P + 2*f.StdErr; out.Bound > 0 && p < 1 {
		out.Most = max(out.Bound, out.Bound*(1-f.P)/(1-p))
	}
	if f.Recommendation.Effort != "config" {
		return out
	}
	out.Settings = f.Recommendation.Config
	for _, s := range out.Settings {
		if s.Key == "" || !value.MatchString(s.Value) {
			out.Misses = append(out.Misses, fmt.Sprintf("%v: %s: %s", errNotASetting, s.Key, s.Value))
		}
	}
	return out
}

// takeable reports advice that can be followed here: a change of code, or settings. More CPU is neither.
func takeable(f *events.Finding) bool {
	return f.Recommendation.Effort != "config" || len(f.Recommendation.Config) > 0
}

// Take notes what the advice gave: the runs before and after it was followed.
func (a *Advice) Take(before, after Captured) {
	c := analyzer.Compare(before.Analysis, after.Analysis)
	a.Speed, a.Summary = c.Speed, c.Summary
	for _, m := range c.Measures {
		if m.Name == "throughput" {
			a.Before, a.After = m.Before, m.After
		}
	}
	if before.Sent > 0 && after.Sent > 0 { // by the sources, in every plan
		a.Before, a.After = before.Sent, after.Sent
	}
	if a.Speed == events.SpeedSame || a.Speed == events.SpeedSlower {
		a.Misses = append(a.Misses, fmt.Sprintf("the advice made it %s: %s", a.Speed, a.Summary))
	}
	if !a.Held() {
		a.Misses = append(a.Misses, fmt.Sprintf("%.2f× measured, at most %.2f× predicted", a.Gain(), a.Most))
	}
}

// With is the cluster with settings beside its own. What the scripts of Flink make of a key for the JVM, the cluster gets as
// they would give it.
func (f Flink) With(settings map[string]string) Flink {
	f.Config = maps.Clone(f.Config)
	if f.Config == nil {
		f.Config = map[string]string{}
	}
	for key, text := range settings {
		switch key {
		case "taskmanager.memory.task.heap.size":
			f.TaskHeap = strings.TrimSuffix(strings.ReplaceAll(text, " ", ""), "b")
		case "taskmanager.numberOfTaskSlots":
			if n, err := strconv.Atoi(text); err == nil {
				f.Slots = n
			}
		case "env.java.opts.taskmanager", "env.java.opts.all":
			f.JVM = append(append([]string{}, f.JVM...), strings.Fields(text)...)
		default:
			f.Config[key] = text
		}
	}
	return f
}

// Outcome is what became of an advice, in a few words.
func Outcome(a *Advice) string {
	switch {
	case a.Fail != "":
		return "NOT MEASURED: " + a.Fail
	case !a.Right():
		return "MISSED: " + strings.Join(a.Misses, "; ")
	}
	return dash(string(a.Speed))
}
