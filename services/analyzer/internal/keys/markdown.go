package keys

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

const docsHead = `# Keys

The keys of Flink's configuration that a recommendation may name, and when it does not. Types and defaults are those that the
classes of Flink 1.20.5 and 2.3.0 give; the rest is written by hand, with the page that says so. Generated from
` + "`services/analyzer/internal/keys`" + ` by ` + "`go test ./internal/keys -update`" + `.

A setting is recommended only when the job's Flink has the key and does not call it old, when the job's state backend and API
read it, when nothing makes it inert, when it is not what is in force already, and when it turns no harmful way. What nobody is
known to have set has its default. ` + "`security.*`" + ` keys that are not listed are never recommended.

Where it is read: **cluster** when a process starts, so that the code of a job cannot set it; **job** when a job is submitted,
whose code overrides the cluster; **table** when SQL is planned (` + "`SET`" + `, TableConfig), and not at all in a DataStream job.
A change of what is of the cluster needs new processes, all others a new start of the job.
`

// Markdown describes the table as a page of documentation.
func Markdown() string {
	var b strings.Builder
	b.WriteString(docsHead)
	b.WriteString("\n| key | type | default | read | inert while | recommended | from |\n|---|---|---|---|---|---|---|\n")
	t := table()
	for _, name := range slices.Sorted(maps.Keys(t)) {
		k := t[name]
		cells := []string{
			"`" + name + "`", strings.ReplaceAll(string(k.Type()), "|", ", "), defaults(k), read(k),
			inert(k), within(k), strings.Join(k.Sources, "<br>"),
		}
		for i, cell := range cells {
			cells[i] = strings.ReplaceAll(cell, "|", `\|`)
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	return b.String()
}

// defaults names both where the versions differ, and the version where only one has the key.
func defaults(k Key) string {
	var out []string
	for _, major := range []string{"1", "2"} {
		switch o, ok := lookup(k.Name, major); {
		case !ok:
			out = append(out, "not in Flink "+major)
		case o.value == "":
			out = append(out, "–")
		default:
			out = append(out, "`"+o.value+"`")
		}
	}
	if out[0] == out[1] {
		return out[0]
	}
	return strings.Join(out, " / ")
}

func read(k Key) string {
	out := string(k.Level)
	if len(k.Backends) > 0 {
		out += ", " + strings.Join(k.Backends, " or ")
	}
	return out
}

func inert(k Key) string {
	out := make([]string, len(k.Inert))
	for n, i := range k.Inert {
		out[n] = i.String()
		if i.Why != "" {
			out[n] += " (" + i.Why + ")"
		}
	}
	return strings.Join(out, "<br>or ")
}

// within says with which values a key is recommended, and what happens otherwise.
func within(k Key) string {
	if k.Choice != "" {
		return "never: " + k.Choice
	}
	var out []string
	if len(k.Needs) > 0 {
		out = append(out, "while "+Inert{While: k.Needs}.String())
	}
	if bounds := k.Bounds(); bounds != "" {
		out = append(out, bounds)
	}
	if k.Harm == "" {
		return ""
	}
	return strings.Join(out, ", ") + ": " + k.Harm
}
