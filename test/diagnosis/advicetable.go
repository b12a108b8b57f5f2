package diagnosis

import (
	"fmt"
	"strings"
)

// AdviceTable renders what became of advice as a Markdown table, and below it what was missed.
func AdviceTable(all []Advice) string {
	var b strings.Builder
	b.WriteString("| job | Flink | finding | advice taken | predicted, at most | records/s before | after | gain | compare | held |\n" +
		"|---|---|---|---|---|---|---|---|---|---|\n")
	settings, helped := 0, 0
	for i := range all {
		a := &all[i]
		if a.Fail != "" {
			fmt.Fprintf(&b, "| %s | %s | not measured: %s |\n", a.Case, a.Flink, cell(a.Fail))
			continue
		}
		if len(a.Settings) > 0 {
			settings++
			helped += count(a.Right())
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", a.Case, a.Flink, cell(a.finding()), cell(a.taken()),
			factor(a.Bound), rate(a.Before), rate(a.After), factor(a.Gain()), dash(string(a.Speed)), mark(a.Held()))
	}
	fmt.Fprintf(&b, "\n%d of %d first changes are settings, %d of them helped as they said.\n", settings, len(all), helped)
	for i := range all {
		for _, m := range all[i].Misses {
			fmt.Fprintf(&b, "\n- %s on %s, %s", all[i].Case, all[i].Flink, cell(m))
		}
	}
	return b.String() + "\n"
}

func (a *Advice) finding() string { return dash(strings.TrimSpace(a.Rule + " " + a.Title)) }

// taken is what was done: settings, or the good variant.
func (a *Advice) taken() string {
	if len(a.Settings) == 0 {
		return "the good variant"
	}
	texts := make([]string, len(a.Settings))
	for i, s := range a.Settings {
		texts[i] = "`" + s.Key + ": " + s.Value + "`"
	}
	return strings.Join(texts, ", ")
}

func factor(x float64) string {
	switch {
	case x <= 0:
		return dash("")
	case x < 10:
		return fmt.Sprintf("%.2f×", x)
	}
	return fmt.Sprintf("%.0f×", x)
}

func rate(x float64) string {
	if x <= 0 {
		return dash("")
	}
	return fmt.Sprintf("%.0f", x)
}
