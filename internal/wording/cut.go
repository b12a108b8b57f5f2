package wording

import "unicode/utf8"

// Middle shortens a text to a number of characters by leaving out its middle, since names differ at both ends: an operator
// begins, and a number of the plan or the last operator ends them.
func Middle(text string, most int) string {
	if len(text) <= most || utf8.RuneCountInString(text) <= most {
		return text
	}
	if most <= 1 {
		return "…"
	}
	tail := (most - 1) * 2 / 5 //nolint:mnd // more of the begin, which says what it is
	from, to := 0, len(text)
	for range most - 1 - tail {
		_, n := utf8.DecodeRuneInString(text[from:])
		from += n
	}
	for range tail {
		_, n := utf8.DecodeLastRuneInString(text[:to])
		to -= n
	}
	return text[:from] + "…" + text[to:]
}
