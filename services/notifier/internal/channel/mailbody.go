package channel

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"squirrly.dev/services/notifier/internal/channel/safe"
)

// maxReferences bounds the threads that a mail belongs to.
const maxReferences = 10

// message writes a mail. Its id and its threads follow from those of the message and the findings.
func (m *Mail) message(msg Message) (*mail.Msg, error) {
	out := mail.NewMsg()
	if err := out.From(m.settings.From); err != nil {
		return nil, fmt.Errorf("from: %w", err)
	}
	if err := out.To(m.settings.To...); err != nil {
		return nil, fmt.Errorf("to: %w", err)
	}
	notes := make([]note, len(msg.Runs))
	for i, r := range msg.Runs {
		notes[i] = newNote(r)
	}
	out.Subject(mailSubject(notes))
	out.SetMessageIDWithValue(m.id("message", m.name, msg.ID))
	if roots := m.threads(msg); len(roots) > 0 {
		out.SetGenHeader(mail.HeaderInReplyTo, roots[0])
		out.SetGenHeader(mail.HeaderReferences, strings.Join(roots, " "))
	}
	out.SetDateWithValue(time.Now().UTC())
	out.SetUserAgent(userAgent)
	out.SetBulk()
	return out, m.bodies(out, notes)
}

// bodies adds the text, and the same as HTML unless a template writes the text.
func (m *Mail) bodies(out *mail.Msg, notes []note) error {
	var texts []string
	own := 0
	for i, n := range notes {
		var text string
		if text, notes[i] = m.layout.body(n, safe.Line); text != "" {
			own++
		}
		texts = append(texts, cmp.Or(text, notes[i].text(safe.Line)))
	}
	out.SetBodyString(mail.TypeTextPlain, strings.Join(texts, "\n\n"))
	if own > 0 {
		return nil
	}
	var page bytes.Buffer
	if err := mailPage.Execute(&page, notes); err != nil {
		return fmt.Errorf("write the mail: %w", err)
	}
	out.AddAlternativeString(mail.TypeTextHTML, page.String())
	return nil
}

func mailSubject(notes []note) string {
	if len(notes) == 0 {
		return "Squirrly"
	}
	subject := "[Squirrly] " + notes[0].Title
	if others := len(notes) - 1; others > 0 {
		subject += fmt.Sprintf(" (and %d more)", others)
	}
	return subject
}

// id makes an id of a message or a thread.
func (m *Mail) id(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	_, domain, _ := strings.Cut(strings.Trim(m.settings.From, ">"), "@")
	return hex.EncodeToString(sum[:16]) + "@" + cmp.Or(domain, "squirrly.invalid")
}

// threads are the ids of the threads that a mail belongs to: those of its findings, or those of its jobs.
func (m *Mail) threads(msg Message) []string {
	var roots []string
	add := func(parts ...string) {
		root := "<" + m.id(parts...) + ">"
		if len(roots) < maxReferences {
			roots = append(roots, root)
		}
	}
	for _, r := range msg.Runs {
		for _, c := range r.Changes {
			add("finding", c.ID)
		}
		if len(r.Changes) == 0 {
			add("job", r.Identity.String())
		}
	}
	return roots
}

// mailPage is a page that every mail program shows: tables and styles in the tags, no pictures, nothing loaded.
var mailPage = template.Must(template.New("mail").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Squirrly</title></head>
<body style="font-family:sans-serif;font-size:15px;line-height:1.45;color:#1f2328;background:#fff;max-width:640px;margin:0 auto;padding:12px">
{{range .}}<h1 style="font-size:18px;margin:16px 0 8px">{{.Title}}</h1>
{{with .Lead}}<p style="margin:0 0 12px">{{.}}</p>
{{end}}{{range .Items}}<div style="border-left:4px solid {{if eq .Severity "critical"}}#b42318{{else if eq .Severity "warning"}}#9a6700{{else}}#57606a{{end}};padding:4px 0 4px 12px;margin:0 0 14px">
<p style="margin:0"><strong>{{if .News}}{{.News}}: {{end}}{{.Title}}</strong></p>
{{with .Advice}}<p style="margin:4px 0 0">Change: {{.}}</p>
{{end}}{{with .Worth}}<p style="margin:4px 0 0">Worth: {{.}}</p>
{{end}}{{with .Sure}}<p style="margin:4px 0 0">How sure: {{.}}</p>
{{end}}{{with .Suggests}}<p style="margin:4px 0 0;font-style:italic">{{.}}</p>
{{end}}{{with .Dismiss}}<p style="margin:4px 0 0;color:#57606a;font-size:13px">Not right, or not now: <code>{{.}}</code></p>
{{end}}</div>
{{end}}{{if .Left}}<p style="margin:0 0 8px">And {{.Left}} more in the report.</p>
{{end}}{{range .Remarks}}<p style="margin:0 0 8px">{{.}}</p>
{{end}}{{if .Link}}<p style="margin:0 0 8px"><a href="{{.Link}}" style="color:#0550ae">Report</a></p>
{{else}}<p style="margin:0 0 8px">Report: <code>{{.Command}}</code></p>
{{end}}<p style="margin:0;color:#57606a;font-size:13px">{{.Where}} · run {{.Run}}</p>
{{end}}</body></html>
`))
