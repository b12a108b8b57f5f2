package report

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// cells is how many columns of a terminal a text takes.
func cells(s string) int {
	n := 0
	for _, r := range s {
		n += runeCells(r)
	}
	return n
}

func runeCells(r rune) int {
	if unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// pad fills a text up with spaces to n columns.
func pad(s string, n int) string { return s + strings.Repeat(" ", max(0, n-cells(s))) }

// wordEnds are where a name may be cut so that what is left are words.
const wordEnds = " .$-_/:>[]()#,"

// shortenWords is [shorten] that leaves whole words, where these are half of what fits: of the begin, of the end or of both.
func shortenWords(s string, n int) string {
	if cells(s) <= n {
		return s
	}
	const longest = 200 // bytes; of more, words are not looked for
	if len(s) > longest {
		return shorten(s, n)
	}
	best, most := "", 0
	heads, tails := words(s)
	for _, head := range heads {
		for _, tail := range tails {
			text := head + "…" + tail
			if w := cells(text); w <= n && w > most {
				best, most = text, w
			}
		}
	}
	if 2*most < n { //nolint:mnd // half of what fits
		return shorten(s, n)
	}
	return best
}

// words are the begins and the ends of a name that are whole words, the empty ones among them.
func words(s string) (heads, tails []string) {
	tails = []string{""}
	for i, r := range s {
		if strings.ContainsRune(wordEnds, r) {
			heads = append(heads, strings.TrimRight(s[:i], wordEnds))
			tails = append(tails, strings.TrimLeft(s[i:], wordEnds))
		}
	}
	return append(heads, ""), tails // a begin says more than an end of the same length
}

// shorten keeps the begin and the end of a text that takes more than n columns.
func shorten(s string, n int) string {
	if cells(s) <= n {
		return s
	}
	runes := []rune(s)
	head, tail := 0, len(runes)
	for used := 1; ; {
		front := head <= len(runes)-tail
		next := head
		if !front {
			next = tail - 1
		}
		if used += runeCells(runes[next]); used > n {
			return string(runes[:head]) + "…" + string(runes[tail:])
		}
		if front {
			head++
		} else {
			tail--
		}
	}
}

// wrap breaks a text into lines of at most n columns, between words where it can, and never between a number and its unit.
// No text is no line.
func wrap(text string, n int) []string {
	n = max(n, 16)
	var lines []string
	line, used := "", 0
	for word := range strings.SplitSeq(glue(text), " ") {
		for _, part := range pieces(word, n) {
			w := cells(part)
			switch {
			case w == 0:
			case used == 0:
				line, used = part, w
			case used+1+w <= n:
				line, used = line+" "+part, used+1+w
			default:
				lines = append(lines, line)
				line, used = part, w
			}
		}
	}
	if used > 0 {
		lines = append(lines, line)
	}
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], glued, " ")
	}
	return lines
}

// join puts parts on lines of at most n columns and breaks between them, or inside one that is too long.
func join(parts []string, separator string, n int) []string {
	var lines []string
	line := ""
	for _, p := range parts {
		if line != "" && cells(line+separator+p) <= n {
			line += separator + p
			continue
		}
		lines = append(lines, wrap(line, n)...)
		line = p
	}
	return append(lines, wrap(line, n)...)
}

// pieces cuts a word that is longer than a line. A link stays whole, so that it can be opened.
func pieces(word string, n int) []string {
	if cells(word) <= n || isWebLink(word) {
		return []string{word}
	}
	var out []string
	from, used := 0, 0
	for i, r := range word {
		if used += runeCells(r); used > n {
			out = append(out, word[from:i])
			from, used = i, runeCells(r)
		}
	}
	return append(out, word[from:])
}
