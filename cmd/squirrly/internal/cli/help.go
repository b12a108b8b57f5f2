package cli

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

const (
	widestHelp    = 110 // columns, beyond which lines are hard to read
	narrowestHelp = 40
)

// fitHelp breaks the help of a command and of all below it as the terminal is wide. Lines that are indented stay as they
// are: they are examples and tables.
func fitHelp(c *cobra.Command, columns int) {
	width := max(narrowestHelp, min(columns, widestHelp))
	template := c.UsageTemplate()
	for _, flags := range []string{".LocalFlags", ".InheritedFlags"} {
		template = strings.ReplaceAll(template, flags+".FlagUsages", fmt.Sprintf("(%s.FlagUsagesWrapped %d)", flags, width))
	}
	c.SetUsageTemplate(template)
	fitLong(c, width)
}

func fitLong(c *cobra.Command, width int) {
	c.Long = paragraphs(c.Long, width)
	for _, below := range c.Commands() {
		fitLong(below, width)
	}
}

// goSays are the words of Go's library for what flags cannot take, and what to say instead.
var goSays = []struct {
	said    *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`time: (invalid duration|missing unit in duration|unknown unit .* in duration) .*`), "expected a time such as 30s or 5m"},
	{regexp.MustCompile(`strconv\.Parse(Int|Uint): .*`), "expected a whole number"},
	{regexp.MustCompile(`strconv\.ParseFloat: .*`), "expected a number"},
	{regexp.MustCompile(`strconv\.ParseBool: .*`), "expected true or false"},
	{regexp.MustCompile(`^(accepts|requires) (at least |at most )?(\d+) arg\(s\), (only )?received (\d+)$`), "expected ${2}${3} after the command, got ${5}"},
	{regexp.MustCompile(`^accepts between (\d+) and (\d+) arg\(s\), received (\d+)$`), "expected $1 to $2 after the command, got $3"},
}

// ofPeople is the error about a flag without words of Go.
func ofPeople(err error) string {
	text := err.Error()
	for _, s := range goSays {
		text = s.said.ReplaceAllString(text, s.instead)
	}
	return text
}

// paragraphs breaks each paragraph of a text anew.
func paragraphs(text string, width int) string {
	var lines []string
	open := "" // paragraph that is being gathered
	flush := func() {
		if open != "" {
			lines = append(lines, foldedTo(open, "", width))
		}
		open = ""
	}
	for line := range strings.SplitSeq(text, "\n") {
		switch {
		case line == "" || strings.HasPrefix(line, " "):
			flush()
			lines = append(lines, line)
		default:
			open += " " + line
			open = strings.TrimPrefix(open, " ")
		}
	}
	flush()
	return strings.Join(lines, "\n")
}
