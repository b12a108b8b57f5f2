package channel

import (
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"squirrly.dev/services/notifier/internal/channel/safe"
)

// Limits of Slack's, in characters, with room for the marks that are put around texts.
//
// https://docs.slack.dev/reference/block-kit/blocks
const (
	slackHeader  = 150
	slackSection = 3000 - 100
	slackContext = 2000 - 100 // an element
	slackFall    = 3000       // the text of notifications; 4,000 are recommended
)

// slackText is a message: blocks, and what notifications and screen readers say.
type slackText struct {
	text   string
	blocks []slack.Block
}

func (t slackText) options() []slack.MsgOption {
	return []slack.MsgOption{
		slack.MsgOptionText(t.text, false), slack.MsgOptionBlocks(t.blocks...), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
	}
}

// blocks writes a note: at most 3 blocks, and 2 for each finding.
func (s *Slack) blocks(n note) slackText {
	t := slackText{text: slackFit(n.Title, slackFall), blocks: []slack.Block{
		slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, safe.Cut(n.Title, slackHeader), false, false)),
	}}
	body, n := s.layout.body(n, safe.Slack)
	if body != "" {
		for part := range sections(body) {
			t.blocks = append(t.blocks, section(part))
		}
		return t
	}
	if lead := n.Lead(); lead != "" {
		t.blocks = append(t.blocks, section(slackFit(lead, slackSection)))
	}
	for _, i := range n.Items {
		t.blocks = append(t.blocks, section(slackItem(i)))
		if i.Dismiss != "" {
			t.blocks = append(t.blocks, small("Not right, or not now: `"+slackFit(i.Dismiss, slackContext)+"`"))
		}
	}
	t.blocks = append(t.blocks, small(slackFoot(n)))
	return t
}

// reply is what stands in the thread of a finding when it changes.
func (s *Slack) reply(n note) slackText {
	text := slackFit(n.Title, slackFall)
	if len(n.Items) > 0 {
		text = slackFit(n.Items[0].News+". "+n.Verdict, slackSection)
	}
	return slackText{text: text, blocks: []slack.Block{section(text), small(slackFoot(n))}}
}

func slackItem(i item) string {
	const each = slackSection / 6 // of the lines of an item
	var b strings.Builder
	head := i.Title
	if i.News != "" {
		head = i.News + ": " + i.Title
	}
	b.WriteString("*" + slackFit(strings.ReplaceAll(head, "*", "∗"), each) + "*")
	for _, line := range [][2]string{{"Change: ", i.Advice}, {"Worth: ", i.Worth}, {"How sure: ", i.Sure}, {"", i.Suggests}} {
		if line[1] != "" {
			b.WriteString("\n" + line[0] + slackFit(line[1], each))
		}
	}
	return b.String()
}

// slackFoot is where the rest is.
func slackFoot(n note) string {
	var lines []string
	if n.Left > 0 {
		lines = append(lines, n.others())
	}
	for _, r := range n.Remarks[:min(len(n.Remarks), 3)] { //nolint:mnd // the report has all.
		lines = append(lines, slackFit(r, slackContext/6))
	}
	where := slackFit(n.Where+" · run "+n.Run, slackContext/6)
	if link := safe.Slack(n.Link); link != "" && len(link) < slackContext/3 {
		where = "<" + link + "|Report> · " + where
	} else {
		where = "Report: `" + slackFit(n.Command, slackContext/6) + "` · " + where
	}
	return strings.Join(append(lines, where), "\n")
}

// slackFit escapes a text and cuts it to a number of characters.
func slackFit(s string, most int) string {
	return safe.Fit(s, most, safe.Slack, utf8.RuneCountInString)
}

// section and small are verbatim: Slack makes no links and mentions of what stands in them.
func section(text string) slack.Block {
	if text == "" {
		text = " "
	}
	return slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, text, false, true), nil, nil)
}

func small(text string) slack.Block {
	return slack.NewContextBlock("", slack.NewTextBlockObject(slack.MarkdownType, text, false, true))
}

// sections cuts the text of a template into parts that Slack takes, at the ends of lines where there are any.
func sections(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		const most = 40 // blocks; Slack takes 50
		for range most {
			if text == "" {
				return
			}
			part := text
			if runes := []rune(text); len(runes) > slackSection {
				part = string(runes[:slackSection])
				if at := strings.LastIndexByte(part, '\n'); at > 0 {
					part = part[:at+1]
				}
			}
			text = text[len(part):]
			if !yield(part) {
				return
			}
		}
	}
}
