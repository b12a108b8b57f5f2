package channel

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel/safe"
)

const (
	maxIssueTitle = 240 // characters; GitHub takes 256
	maxRemarks    = 5
)

// The states of an issue; empty leaves it as it is.
const (
	opened = "open"
	closed = "closed"
)

// topic is what one issue is about, and what is told of it now.
type topic struct {
	id     string // of the finding; empty of a run without a result
	ref    string // number of the issue, as far as it is known
	mark   string // at the beginning of the issue
	news   string // mark of what is told now: at the beginning of a comment, and in the issue
	title  string
	body   string
	state  string
	reason string // of closed

	comment string
}

// topics are those of a run; id is that of the message about it.
func (g *GitHub) topics(id string, r Run) []topic {
	if r.Channel != "" {
		n := newNote(r)
		t := topic{
			mark: mark("channel", r.Channel), news: mark("told", r.Event.ID), title: safe.Cut(n.Title, maxIssueTitle),
			state: closed, reason: "completed",
		}
		if r.down() {
			t.state = opened
		}
		return []topic{g.written(t, n)}
	}
	if r.Ready == nil {
		n := newNote(r)
		t := topic{mark: mark("job", r.Identity.String()+" "+n.Code), news: mark("told", r.ID), title: safe.Cut(n.Title, maxIssueTitle)}
		return []topic{g.written(t, n)}
	}
	var all []topic
	if r.Recovered != "" { // the issue about the runs that failed has done its work
		n := newNote(r)
		all = append(all, g.written(topic{
			mark: mark("job", r.Identity.String()+" "+string(r.Recovered)), news: mark("told", r.ID), title: safe.Cut(n.Title, maxIssueTitle),
			state: closed, reason: "completed",
		}, n))
	}
	for _, c := range r.Changes {
		one := r
		one.Changes = []Change{c}
		n := newNote(one)
		told := c.ID + " " + strconv.Itoa(c.Number)
		if c.Reminds {
			told += " " + id
		}
		t := topic{
			id: c.ID, ref: c.Ref, mark: mark("finding", c.ID), news: mark("told", told),
			title: safe.Cut(n.Job+": "+n.Items[0].Title, maxIssueTitle), reason: "completed",
		}
		switch c.Kind {
		case events.LifeOpened, events.LifeReopened, events.LifeWorsened:
			t.state = opened
		case events.LifeResolved:
			t.state = closed
		case events.LifeDismissed:
			t.state, t.reason = closed, "not_planned"
		case events.LifeImproved:
		}
		all = append(all, g.written(t, n))
	}
	return all
}

// mark is a comment that readers do not see. What it names is hashed, so that no text of others is in it.
func mark(kind, what string) string {
	sum := sha256.Sum256([]byte(what))
	return "<!-- squirrly:" + kind + ":" + hex.EncodeToString(sum[:12]) + " -->"
}

// written adds the texts.
func (g *GitHub) written(t topic, n note) topic {
	text, n := g.layout.body(n, safe.Markdown)
	if text == "" {
		text = markdown(n)
	}
	t.body = t.mark + "\n" + t.news + "\n" + text
	head := n.Verdict
	if len(n.Items) > 0 && n.Items[0].News != "" {
		head = n.Items[0].News + ". " + n.Verdict
	}
	t.comment = t.news + "\n" + safe.Markdown(head) + "\n\n" + markdownFoot(n)
	return t
}

// markdown writes a note.
func markdown(n note) string {
	var b strings.Builder
	if n.Verdict != "" {
		b.WriteString("> " + safe.Markdown(n.Verdict) + "\n")
	}
	for _, i := range n.Items {
		b.WriteString("\n")
		line := func(label, text string) {
			if text != "" {
				b.WriteString("- **" + label + ":** " + text + "\n")
			}
		}
		line("Now", safe.Markdown(i.News))
		line("Where", code(i.Where))
		line("Change", safe.Markdown(i.Advice))
		line("Worth", safe.Markdown(i.Worth))
		line("How sure", safe.Markdown(i.Sure))
		line("Not verified", safe.Markdown(i.Suggests))
		line("Not right, or not now", code(i.Dismiss))
	}
	b.WriteString("\n" + markdownFoot(n))
	return b.String()
}

func markdownFoot(n note) string {
	var b strings.Builder
	for _, r := range n.Remarks[:min(len(n.Remarks), maxRemarks)] {
		b.WriteString(safe.Markdown(r) + "\n\n")
	}
	if n.Link != "" {
		b.WriteString("[Report](<" + n.Link + ">)")
	} else {
		b.WriteString("Report: " + code(n.Command))
	}
	return b.String() + " · " + safe.Markdown(n.Where+" · run "+n.Run) + "\n"
}

// code is a code span; in it nobody is called, and no mark is made.
func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + strings.NewReplacer("`", "'", "<!", "< !").Replace(safe.Line(s)) + "`"
}
