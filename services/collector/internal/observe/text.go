package observe

import (
	"html"
	"regexp"
	"strings"

	"squirrly.dev/internal/redact"
)

const (
	maxLine        = 512     // bytes of a name, a frame or a message
	maxDescription = 8 << 10 // bytes of a vertex' description
)

// lineBreak is how Flink's plan ends a line.
var lineBreak = regexp.MustCompile(`(?i)<br\s{0,3}/?>`)

// plainText reads a description of Flink's plan, which is HTML: one operator a line, with the signs that draw its tree.
func plainText(description string) string {
	s := lineBreak.ReplaceAllString(description[:min(len(description), 4*maxDescription)], "\n")
	s = strings.ReplaceAll(html.UnescapeString(s), "\u00a0", " ")
	var lines []string
	for line := range strings.Lines(s) {
		if line = strings.TrimRight(line, " \r\n\t"); line != "" {
			lines = append(lines, redact.Text(line))
		}
	}
	s = strings.Join(lines, "\n")
	if len(s) > maxDescription {
		s = s[:maxDescription] + "…"
	}
	return strings.ToValidUTF8(s, "")
}

// line masks the first line of a text that others wrote and bounds it.
func line(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return cut(redact.Text(cut(s)))
}

func cut(s string) string {
	if len(s) > maxLine {
		s = s[:maxLine]
	}
	return strings.ToValidUTF8(s, "")
}
