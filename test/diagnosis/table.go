package diagnosis

import (
	"fmt"
	"strings"
)

// Table renders rows as a Markdown table, and below it what was missed.
func Table(rows []Row) string {
	var b strings.Builder
	b.WriteString("| case | Flink | first | vertex | fix | good clean | Jaccard (above info) | rule off | bad → good | good → bad |")
	for _, name := range columns(rows) {
		fmt.Fprintf(&b, " %s |", name)
	}
	b.WriteString("\n|---|---|---|---|---|---|---|---|---|---|" + strings.Repeat("---|", len(columns(rows))) + "\n")
	for _, r := range rows {
		if r.Fail != "" {
			fmt.Fprintf(&b, "| %s | %s | not measured: %s |\n", r.Case, r.Flink, cell(r.Fail))
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %d/%d | %d/%d | %d/%d | %d/%d | %.2f (%.2f) | %s | %s | %s |", r.Case, r.Flink,
			r.First, r.Repeats, r.Vertex, r.Repeats, r.Fix, r.Repeats, r.Good, r.GoodRepeats, r.Jaccard, r.JaccardWarn,
			mark(r.OffClean), dash(string(r.Speed)), dash(string(r.Back)))
		for _, l := range r.LLM {
			fmt.Fprintf(&b, " %s |", l)
		}
		b.WriteString("\n")
	}
	for _, r := range rows {
		for _, m := range r.Misses {
			fmt.Fprintf(&b, "\n- %s on %s, %s", r.Case, r.Flink, cell(m))
		}
	}
	return b.String() + "\n"
}

func columns(rows []Row) []string {
	for _, r := range rows {
		if len(r.LLM) > 0 {
			var names []string
			for _, l := range r.LLM {
				names = append(names, l.Name)
			}
			return names
		}
	}
	return nil
}

// String is the cell of a model: whether the cause and the first change of it are right, what it got printed and is false, its
// claims, its tokens and its price.
func (l LLM) String() string {
	if l.Degraded != "" && l.Claims == 0 {
		return "rules only: " + cell(l.Degraded)
	}
	text := fmt.Sprintf("cause %s, change %s", mark(l.Cause), mark(l.Change))
	if l.Claims > 0 {
		text += fmt.Sprintf("; false: %d proven, %d supported; %d of %d claims, %d tokens", l.Proven, l.Supported, l.Accepted, l.Claims, l.Tokens)
	}
	if l.CostUSD > 0 {
		text += fmt.Sprintf(", $%.4f", l.CostUSD)
	}
	return text
}

func mark(ok bool) string {
	if ok {
		return "yes"
	}
	return "no"
}

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return strings.ReplaceAll(s, "_", " ")
}

// cell keeps text from breaking out of a table.
func cell(s string) string { return strings.NewReplacer("|", "/", "\n", " ").Replace(s) }
