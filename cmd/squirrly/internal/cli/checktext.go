package cli

import (
	"fmt"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/services/analyzer"
)

// checkedText is what became of claims as people read it, within 80 columns.
func checkedText(c *analyzer.Checked) string {
	var b strings.Builder
	said := map[string]string{}
	for _, f := range c.Facts {
		said[f.ID] = f.Text
	}
	for i := range c.Findings {
		f := &c.Findings[i]
		said[f.ID] = f.Title + ": " + wording.Place(f.Anchor, f.Frame)
	}
	for i := range c.Claims {
		if i > 0 {
			fmt.Fprintln(&b)
		}
		checkedClaim(&b, &c.Claims[i], said)
	}
	for i := range c.Relations {
		checkedRelation(&b, &c.Relations[i], said)
	}
	return b.String()
}

// checkedRelation is a relation of no claim, with what it cites.
func checkedRelation(b *strings.Builder, r *analyzer.CheckedRelation, said map[string]string) {
	fmt.Fprintln(b, folded(capital(r.Verdict)+": "+part(r), "    "))
	fmt.Fprintln(b, folded("  "+r.Text, "  "))
	checkedEvidence(b, r.Evidence, said)
}

func checkedEvidence(b *strings.Builder, ids []string, said map[string]string) {
	for _, id := range ids {
		fmt.Fprintln(b, folded(fmt.Sprintf("  %-4s %s", cutTo(id, explainWidth/2), said[id]), "       "))
	}
}

// longestFrame is how much of the name of a frame is said again: the sentence behind it names it, too.
const longestFrame = 30

// part is a relation as it was claimed.
func part(r *analyzer.CheckedRelation) string {
	return joined(" ", r.Kind, wording.Middle(wording.Simple(r.A), longestFrame), wording.Middle(wording.Simple(r.B), longestFrame))
}

func checkedClaim(b *strings.Builder, c *analyzer.CheckedClaim, said map[string]string) {
	mechanism := c.Mechanism
	if c.Title != "" {
		mechanism += " " + c.Title
	}
	fmt.Fprintln(b, folded(capital(c.Verdict)+": "+mechanism+" at "+c.Operator+" "+rowName(c.OperatorName), "    "))
	if c.Text != "" {
		fmt.Fprintln(b, folded("  "+c.Text, "  "))
	}
	for i := range c.Relations {
		r := &c.Relations[i]
		fmt.Fprintln(b, checkedLine(r.Verdict, part(r), r.Text, r.Evidence))
	}
	for i := range c.Changes {
		ch := &c.Changes[i]
		fmt.Fprintln(b, checkedLine(ch.Verdict, joined(" ", ch.Kind, ch.Key, ch.Value), ch.Text, nil))
	}
	checkedEvidence(b, c.Evidence, said)
}

// checkedLine is the verdict on a part of a claim.
func checkedLine(verdict, part, why string, evidence []string) string {
	const verdictWidth = 10
	text := "  " + padded(verdict, verdictWidth) + cutTo(part, explainWidth)
	if why != "" {
		text += ": " + why
	}
	if len(evidence) > 0 {
		text += " (" + strings.Join(evidence, ", ") + ")"
	}
	return folded(text, strings.Repeat(" ", verdictWidth+4))
}

func capital(word string) string {
	if word == "" {
		return ""
	}
	return strings.ToUpper(word[:1]) + word[1:]
}
