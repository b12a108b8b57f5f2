package channel

import (
	"strings"
)

// text writes a note as lines of text. Escape writes what comes from outside for the receiver.
func (n note) text(escape func(string) string) string {
	var b strings.Builder
	line := func(indent, label, text string) {
		if text != "" {
			b.WriteString(indent + label + escape(text) + "\n")
		}
	}
	line("", "", n.Title)
	line("", "", n.Lead())
	for _, i := range n.Items {
		b.WriteByte('\n')
		head := i.Title
		if i.News != "" {
			head = i.News + ": " + i.Title
		}
		line("", "", head)
		line("  ", "Change: ", i.Advice)
		line("  ", "Worth: ", i.Worth)
		line("  ", "How sure: ", i.Sure)
		line("  ", "", i.Suggests)
		line("  ", "Not right, or not now: ", i.Dismiss)
	}
	b.WriteByte('\n')
	if n.Left > 0 {
		b.WriteString(n.others() + "\n")
	}
	for _, r := range n.Remarks {
		line("", "", r)
	}
	if n.Link != "" {
		b.WriteString("Report: " + n.Link + "\n")
	} else {
		line("", "Report: ", n.Command)
	}
	line("", "", n.Where+" · run "+n.Run)
	return b.String()
}
