package check

import (
	"fmt"
	"strings"
)

// maxRepairs bounds the statements that a repair names.
const maxRepairs = 30

// Repair returns the message that asks the LLM once more, naming each statement that did not hold and why. It is empty
// when there is nothing to repair. The caller sends it in the same conversation, behind the answer.
func Repair(r Result) string {
	if len(r.Failed) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("These statements of your answer do not hold. Answer again with the whole JSON object: correct each of " +
		"them by the evidence or leave it out, and leave everything else as it was.\n")
	for i, f := range r.Failed {
		if i == maxRepairs {
			fmt.Fprintf(&b, "- and %d more\n", len(r.Failed)-i)
			break
		}
		text := f.Text
		if len(text) > maxRemark {
			text = strings.ToValidUTF8(text[:maxRemark], "") + "…"
		}
		fmt.Fprintf(&b, "- %s: %q: %s\n", f.Place, text, f.Why)
	}
	return b.String()
}

// Better reports whether the repaired answer is to be taken instead of the first one: it drops and corrects less, and
// keeps at least half of what held before.
func Better(first, repaired Result) bool {
	a, b := first.Claims, repaired.Claims
	return b.Dropped+b.Corrected < a.Dropped+a.Corrected && 2*b.Verified >= a.Verified && b.Verified > 0
}
