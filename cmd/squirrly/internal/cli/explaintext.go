package cli

import (
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/services/analyzer"
)

// Widths of the text, which fits into 80 columns.
const (
	explainWidth = 80
	nameWidth    = 33
	hotWidth     = 34
)

// explainText is an explanation as people read it.
func explainText(e *analyzer.Explanation) string {
	var b strings.Builder
	fmt.Fprintln(&b, cutTo(joined(" · ", e.JobName, flinkVersion(e)), explainWidth))
	fmt.Fprintln(&b, folded(fmt.Sprintf("Shares of operators are estimates from %s CPU and %s WALL samples.",
		wording.Count(e.CPUSamples), wording.Count(e.WallSamples)), ""))
	for i := range e.Vertices {
		explainVertex(&b, &e.Vertices[i])
	}
	explainUndecided(&b, e)
	if e.OtherJobs > 0 || e.Unattributed > 0 {
		fmt.Fprintf(&b, "\nOther jobs on the TaskManagers: %s of the samples; unattributed: %s.\n",
			wording.Percent(e.OtherJobs), wording.Percent(e.Unattributed))
	}
	for i := range e.Findings {
		if i == 0 {
			fmt.Fprintln(&b)
		}
		f := &e.Findings[i]
		fmt.Fprintln(&b, folded(fmt.Sprintf("%s  %s (%s): %s", f.ID, f.Title, f.Severity, wording.Place(f.Anchor, f.Frame)), "    "))
	}
	return b.String()
}

func flinkVersion(e *analyzer.Explanation) string {
	if e.FlinkVersion == "" {
		return ""
	}
	return "Flink " + e.FlinkVersion
}

func explainVertex(b *strings.Builder, v *analyzer.ExplainedVertex) {
	limits := ""
	if v.Role == "limit" {
		limits = "  limits the job"
	}
	fmt.Fprintf(b, "\n%s\n", cutTo(fmt.Sprintf("%s  ×%d%s", v.Short(), v.Parallelism, limits), explainWidth))
	facts := []string{"busy " + shareOf(v.Busy), "backpressured " + shareOf(v.BackPressured)}
	if v.Cores >= 0.005 {
		facts = append(facts, "at least "+wording.Decimal(v.Cores, 2)+" cores")
	}
	if v.RecordsIn > 0 {
		facts = append(facts, wording.Rate(v.RecordsIn)+" records/s in")
	}
	fmt.Fprintln(b, cutTo("  "+strings.Join(facts, ", "), explainWidth))
	if len(v.Inputs) > 0 {
		fmt.Fprintln(b, cutTo("  reads from "+strings.Join(v.Inputs, ", "), explainWidth))
	}
	fmt.Fprintf(b, "  %-*s %6s %6s %6s %6s %8s %s\n", nameWidth, "", "busy", "CPU", "state", "serde", "out/s", "finding")
	for i := range v.Rows {
		explainRow(b, &v.Rows[i])
	}
}

func explainRow(b *strings.Builder, r *analyzer.ExplainedRow) {
	const deepest = 4
	indent := strings.Repeat("  ", min(r.Depth, deepest))
	records := ""
	if r.RecordsOut >= 0 {
		records = wording.Rate(r.RecordsOut)
	}
	name := indent + rowName(r.Name)
	if len([]rune(name)) > nameWidth { // a line of its own
		fmt.Fprintln(b, folded("  "+name, "    "+indent))
		name = ""
	}
	line := fmt.Sprintf("  %s %6s %6s %6s %6s %8s %s", padded(name, nameWidth), shareOf(r.Busy), shareOf(r.CPU),
		shareOf(r.State), shareOf(r.Serialization), records, strings.Join(r.Findings, " "))
	fmt.Fprintln(b, strings.TrimRight(cutTo(line, explainWidth), " "))
	if r.Samples < fewSamples {
		return
	}
	for _, hot := range r.Hottest {
		if hot.Share >= leastHot {
			fmt.Fprintf(b, "  %s    %s %s\n", indent, padded(wording.Middle(wording.ClassMethod(hot.Frame), hotWidth), hotWidth), shareOf(hot.Share))
		}
	}
}

// rowName is the name of a row, with each of several operators that cannot be told apart in its short form.
func rowName(name string) string {
	const or = " or "
	names := strings.Split(name, or)
	for i := range names {
		names[i] = wording.Label(names[i])
	}
	return strings.Join(names, or)
}

// Frames are shown of rows with enough samples, and when they have a part of them that counts.
const (
	fewSamples = 30
	leastHot   = 0.1
)

func explainUndecided(b *strings.Builder, e *analyzer.Explanation) {
	shown := false
	for i := range e.Undecided {
		r := &e.Undecided[i]
		if r.Samples == 0 {
			continue
		}
		if !shown {
			fmt.Fprintln(b, "\nUndecided, in shares of all samples:")
			shown = true
		}
		where := "vertex unknown"
		if n := len(r.Vertices); n > 0 && (n < len(e.Vertices) || n == 2) {
			where = "in one of " + wording.List(r.Vertices)
		}
		part := r.CPU
		if part < 0 {
			part = float64(r.Samples) / float64(max(1, e.WallSamples))
		}
		fmt.Fprintln(b, folded(fmt.Sprintf("  %s  %s, %s", shareOf(part), rowName(r.Name), where), "        "))
	}
}

func shareOf(x float64) string {
	if x < 0 {
		return "–"
	}
	return wording.Percent(x)
}

func joined(sep string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), sep)
}

// padded fills a text up to a width in characters, or cuts it.
func padded(text string, width int) string {
	text = cutTo(text, width)
	return text + strings.Repeat(" ", width-len([]rune(text)))
}

func cutTo(text string, width int) string {
	runes := []rune(clean(text))
	if len(runes) <= width {
		return string(runes)
	}
	return string(runes[:width-1]) + "…"
}

// folded breaks a text at words so that it fits into the usual columns.
func folded(text, indent string) string { return foldedTo(text, indent, explainWidth) }

// foldedTo breaks a text at words so that it fits into some columns.
func foldedTo(text, indent string, width int) string {
	var lines []string
	lead := text[:len(text)-len(strings.TrimLeft(text, " "))]
	line := ""
	for word := range strings.FieldsSeq(clean(text)) {
		switch {
		case line == "":
			line = lead + cutTo(word, width-len(lead))
		case len([]rune(line))+1+len([]rune(word)) > width:
			lines = append(lines, line)
			line = indent + cutTo(word, width-len(indent))
		default:
			line += " " + word
		}
	}
	return strings.Join(append(lines, line), "\n")
}

// possibleText is what is possible in each operator, for those who write claims.
func possibleText(e *analyzer.Explanation) string {
	var b strings.Builder
	if len(e.Operators) == 0 {
		return ""
	}
	fmt.Fprintln(&b, "\nOperators by their ids, and what is possible there beside the findings:")
	for i := range e.Operators {
		o := &e.Operators[i]
		fmt.Fprintln(&b, folded(joined(", ", "  "+o.ID+" "+rowName(o.Name), strings.Join(o.Findings, ", ")), "      "))
		for _, p := range o.Possible {
			fmt.Fprintln(&b, folded(joined(" ", "      "+p.Mechanism, p.Title+", "+wording.Percent(p.Share)+" of the time:", p.Why, p.Proves), "        "))
		}
	}
	return b.String()
}
