package check

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"squirrly.dev/internal/redact"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/keys"
)

var (
	escapes = regexp.MustCompile(`\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b\[[0-?]*[ -/]*[@-~]?|\x1b.?`)
	tags    = regexp.MustCompile(`<[!/?]?[a-zA-Z@#!][^<>]*>|<!--|-->`)
	opening = regexp.MustCompile(`<[!/?a-zA-Z@#]`)
	// What leads somewhere, or is run: of a reading with it nothing is told.
	links = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://|\bwww\.|\b(?:javascript|data|vbscript|mailto)\s*:|\]\s*\(`)
	shell = regexp.MustCompile("(?i)(?:^|[\\s`;|&(])(?:sudo|curl|wget|nohup|mkfs|killall|pkill)\\b" +
		"|(?:^|[\\s`;|&(])(?:rm|kill|chmod|chown|bash|sh|zsh|ssh|scp|nc|dd|kubectl|docker|flink|java|python3?|perl|powershell|systemctl)\\s+-" +
		"|\\|\\s*(?:ba|z|da)?sh\\b|\\$\\(|&&|(?:^|\\s)-X(?:int|m[xsn]|X)")
	dotted  = regexp.MustCompile(`[\p{L}\p{N}_$-]+(?:\.[\p{L}\p{N}_$<>-]+)+\(?`)
	numeral = regexp.MustCompile(`^[\d.,-]+(?:[a-zA-Z%]{0,5}|e\d+)$|^(?:e\.g|i\.e|z\.B|d\.h|u\.a)$`)
)

// maxShown bounds what of a reading is looked at, in bytes.
const maxShown = 8 * events.MaxReading

// Reading is what may be shown of what an LLM says in its own words, or nothing. Markup, codes for terminals, mentions and what
// nobody sees are taken away and secrets hidden; one that leads elsewhere, is to be run, or names a key that is not in the table
// or a function that the evidence does not show, is not shown at all.
func (c *Checker) Reading(said string) (string, bool) { return c.clean(said, false) }

// Sketch is the same for the outline of new code, which may call what no page shows.
func (c *Checker) Sketch(said string) (string, bool) { return c.clean(said, true) }

func (c *Checker) clean(said string, code bool) (string, bool) {
	s := strings.ToValidUTF8(said[:min(len(said), maxShown)], "")
	s = escapes.ReplaceAllString(s, "")
	for range 3 { // what was escaped twice
		s = html.UnescapeString(s)
	}
	if links.MatchString(s) {
		return "", false
	}
	s = visible(s)
	for range 5 { // one tag in another
		s = tags.ReplaceAllString(s, "")
	}
	s = opening.ReplaceAllStringFunc(s, func(m string) string { return m[1:] })
	s = strings.NewReplacer("@", "", "`", "").Replace(s)
	s = strings.Join(strings.Fields(s), " ")
	if s == "" || links.MatchString(s) || shell.MatchString(s) || !c.namesKnown(s, code) {
		return "", false
	}
	s = redact.New().Text(s)
	if runes := []rune(s); len(runes) > events.MaxReading {
		s = string(runes[:events.MaxReading-1]) + "…"
	}
	return s, true
}

// visible drops control characters, and those that nobody sees or that turn the direction of a text.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
			return -1
		}
		return r
	}, s)
}

// namesKnown reports that everything in a text that may be a host, a key or a function is a key of the table or in the evidence.
func (c *Checker) namesKnown(s string, code bool) bool {
	for _, token := range dotted.FindAllString(s, -1) {
		name, call := strings.CutSuffix(token, "(")
		name = strings.TrimSuffix(name, ".")
		_, listed := keys.Lookup(name)
		switch {
		case listed, numeral.MatchString(name):
		case code && call && strings.Count(name, ".") == 1:
		case len(c.ground.Frames(name)) > 0, c.shown(name):
		default:
			return false
		}
	}
	return true
}

// shown reports that a name stands in what the evidence names.
func (c *Checker) shown(name string) bool {
	within := func(s string) bool { return strings.Contains(s, name) }
	for i := range c.operators {
		if within(c.operators[i].Name) {
			return true
		}
	}
	for i := range c.analysis.Evidence {
		if f := &c.analysis.Evidence[i]; within(f.Frame) || within(f.Vertex) {
			return true
		}
	}
	for i := range c.analysis.Findings {
		if f := &c.analysis.Findings[i]; within(f.Anchor) || within(f.Frame) || slices.ContainsFunc(f.Path, within) {
			return true
		}
	}
	return false
}
