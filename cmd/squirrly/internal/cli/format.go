package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Output formats of a result.
const (
	formatText     = "text"
	formatJSON     = "json"
	formatMarkdown = "markdown"
	formatHTML     = "html"
)

// outputs are the formats of what a command prints, by its path below the program. A command that is not here prints text alone.
var outputs = map[string][]string{
	"profile": reports, "analyze": reports, "diff": reports, "runs get": reports, "runs watch": reports,
	"report": reports, "runs report": reports,
	"check": records, "explain": records, "doctor": records, "version": records, "runs ls": records, "dead ls": records, "dead show": records,
	"policy check": records, "policy ls": records, "policy explain": records, "optouts ls": records,
	"nats-users": records, "routes test": records, "findings ls": records, "findings get": records, "findings dismiss": records, "findings undismiss": records,
}

var (
	reports = []string{formatText, formatJSON, formatMarkdown, formatHTML}
	records = []string{formatText, formatJSON}
)

// formats are those that a command knows, text first.
func formats(c *cobra.Command) []string {
	_, path, _ := strings.Cut(c.CommandPath(), " ")
	if known, ok := outputs[path]; ok {
		return known
	}
	return []string{formatText}
}

// checkFormat refuses a format that the command does not know, or a layout, before any work is done.
func (a *app) checkFormat(c *cobra.Command) error {
	if l := a.flags.layout; l != layoutFindings && l != layoutSections {
		return usage("--layout %s: choose findings or sections", l)
	}
	if a.flags.output == "md" {
		a.flags.output = formatMarkdown
	}
	known := formats(c)
	switch {
	case slices.Contains(known, a.flags.output):
		return nil
	case len(known) == 1:
		return usage("-o %s: `%s` prints text alone", a.flags.output, c.CommandPath())
	}
	last := len(known) - 1
	return usage("-o %s: choose %s or %s", a.flags.output, strings.Join(known[:last], ", "), known[last])
}
