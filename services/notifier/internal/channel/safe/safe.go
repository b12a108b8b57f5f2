// Package safe makes texts of others harmless for those who read them: names of jobs, vertices and frames, and what a
// language model says, come from outside and may hold markup, mentions, addresses of pictures and control characters. It
// also cuts texts to the limits of receivers, between characters and never within one.
//
// Where a text goes to, and how it is laid out, does not belong here.
package safe

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"squirrly.dev/internal/report"
)

// Line drops what could steer a terminal or forge a line.
func Line(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// more stands where a text goes on.
const more = "…"

// Cut shortens a text to a number of characters.
func Cut(s string, most int) string {
	return Fit(s, most, func(s string) string { return s }, utf8.RuneCountInString)
}

// Fit writes a text for a receiver and shortens it, before it is written, until what is written is of at most the given
// size: so nothing that belongs together, such as &amp;, is torn.
func Fit(s string, most int, write func(string) string, size func(string) int) string {
	if most <= 0 {
		return ""
	}
	text := write(s)
	for size(text) > most {
		left := utf8.RuneCountInString(s)
		if left == 0 {
			return ""
		}
		keep := min(left-1, left*most/size(text)) // what is written grows with what is read
		s = string([]rune(strings.TrimSuffix(s, more))[:max(keep-1, 0)])
		if s != "" {
			s += more
		}
		text = write(s)
	}
	return text
}

// Slack writes a text for Slack's mrkdwn, where &, < and > begin links and mentions.
//
// https://docs.slack.dev/messaging/formatting-message-text
func Slack(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "`", "'").Replace(Line(s))
}

// nothing is a space of no width: it takes the meaning from a mark, and nobody sees it.
const nothing = "\u200b"

var (
	calls = regexp.MustCompile(`@|[<#!]|://|\]\(|[wW]{3}\.`)
	marks = regexp.MustCompile("[*_~`|]{2,}|`")
)

// Chat writes a text for receivers of which it is not known how they read it: nobody is called (@everyone, <!here>), no
// address becomes a link, and no picture is fetched.
func Chat(s string) string {
	s = marks.ReplaceAllStringFunc(Line(s), func(m string) string {
		if m == "`" {
			return "'"
		}
		return strings.Join(strings.Split(m, ""), nothing)
	})
	return calls.ReplaceAllStringFunc(s, func(m string) string { return m[:1] + nothing + m[1:] })
}

var reference = regexp.MustCompile(`#(\d)`)

// Markdown writes a text for GitHub: no markup, no HTML, no links and no pictures, nobody called, and no issue named.
func Markdown(s string) string {
	var b strings.Builder
	s = Line(s)
	for {
		at := reference.FindStringIndex(s)
		if at == nil {
			b.WriteString(report.EscapeMarkdown(s))
			return b.String()
		}
		b.WriteString(report.EscapeMarkdown(s[:at[0]]) + "#&#8203;")
		s = s[at[0]+1:]
	}
}

const maxLink = 1500 // bytes; receivers take 2,000 to 3,000

// Link is a link that may be followed: to a page by HTTP, without characters that end a link somewhere. Any other is empty.
func Link(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || len(s) > maxLink ||
		strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("<>|\"'`()[]\\{}", r) }) {
		return ""
	}
	return s
}
