package channel

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"text/template"
	"text/template/parse"
	"time"

	"squirrly.dev/internal/strictyaml"
)

const (
	maxTemplate  = 16 << 10    // bytes of a template
	maxBody      = 32 << 10    // bytes that a template may write
	templateTime = time.Second // that a template may take
)

// LayoutSettings are those of a channel whose text may be the user's own.
type LayoutSettings struct{ Template string }

// field reads a template, so that a mistake in it has its line.
func (l *LayoutSettings) field(v strictyaml.Value) {
	l.Template = v.Text()
	if _, err := parseTemplate(l.Template); err != nil {
		v.Wrong("%v", err)
	}
}

// layout writes texts by a template of the user's. Without one, or when it fails, texts are the built-in ones.
type layout struct {
	channel string
	tmpl    *template.Template
	off     atomic.Bool // it took too long once
	log     *slog.Logger
}

// layout makes the layout of a channel.
func (l LayoutSettings) layout(channel string, log *slog.Logger) (*layout, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	tmpl, err := parseTemplate(l.Template)
	return &layout{channel: channel, tmpl: tmpl, log: log}, err
}

// parseTemplate reads a template; of an empty one there is none.
func parseTemplate(text string) (*template.Template, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // no template is none.
	}
	if len(text) > maxTemplate {
		return nil, fmt.Errorf("template: expected at most %d bytes", maxTemplate)
	}
	t, err := template.New("template").Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%w (see docs/channels.md, templates)", err)
	}
	for _, each := range t.Templates() {
		if counts(each.Root) {
			return nil, errors.New("template: range over .Items or .Remarks, and not over a number")
		}
	}
	tried := layout{tmpl: t}
	if err := tried.run(new(strings.Builder), example().view(func(s string) string { return s })); err != nil {
		return nil, fmt.Errorf("%w (see docs/channels.md, templates)", err)
	}
	return t, nil
}

// counts reports whether a loop goes over a number: such a loop may have no end in sight.
func counts(n parse.Node) bool {
	switch n := n.(type) {
	case *parse.ListNode:
		return n != nil && slices.ContainsFunc(n.Nodes, counts)
	case *parse.RangeNode:
		return !overFields(n.Pipe) || branches(&n.BranchNode)
	case *parse.IfNode:
		return branches(&n.BranchNode)
	case *parse.WithNode:
		return branches(&n.BranchNode)
	}
	return false
}

func branches(n *parse.BranchNode) bool { return counts(n.List) || counts(n.ElseList) }

// overFields reports whether a loop goes over what the note has.
func overFields(p *parse.PipeNode) bool {
	for _, c := range p.Cmds {
		for _, arg := range c.Args {
			_, field := arg.(*parse.FieldNode)
			top, isTop := arg.(*parse.VariableNode) // $.Items
			if !field && (!isTop || len(top.Ident) < 2 || top.Ident[0] != "$") {
				return false
			}
		}
	}
	return true
}

// body is the text of a note by the template of the channel; empty when there is none, or when it fails. Then a remark of
// the note says so. What comes from outside is escaped; what stands in the template itself is taken as it is.
func (l *layout) body(n note, escape func(string) string) (string, note) {
	if l == nil || l.tmpl == nil {
		return "", n
	}
	var out strings.Builder
	err := errSlow
	if !l.off.Load() {
		err = l.run(&out, n.view(escape))
	}
	text := strings.TrimSpace(strings.ToValidUTF8(out.String(), "\uFFFD"))
	if err == nil && text == "" {
		err = errors.New("it writes nothing")
	}
	if err == nil {
		return text, n
	}
	l.log.Warn("the template of a channel fails", "channel", l.channel, "run", n.Run, "error", err)
	n.Remarks = append([]string{plain("The template of the channel "+l.channel+" fails, this is the built-in text: "+err.Error(), maxRemark)}, n.Remarks...)
	return "", n
}

var (
	errSlow = errors.New("it takes too long")
	errLong = fmt.Errorf("it writes more than %d bytes", maxBody)
)

// run runs the template. One that takes too long is left alone, and not run again.
func (l *layout) run(out *strings.Builder, v view) error {
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		var b strings.Builder
		err := run(l.tmpl, &b, v)
		done <- result{b.String(), err}
	}()
	select {
	case r := <-done:
		out.WriteString(r.text)
		return r.err
	case <-time.After(templateTime):
		l.off.Store(true)
		return errSlow
	}
}

// run writes at most maxBody bytes.
func run(t *template.Template, w io.Writer, v view) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("template: %v", p)
		}
	}()
	return t.Execute(&limited{w: w, left: maxBody, until: time.Now().Add(templateTime)}, v) //nolint:wrapcheck // it says that it is the template.
}

type limited struct {
	w     io.Writer
	left  int
	until time.Time
}

// Write implements io.Writer.
func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, errLong
	}
	if time.Now().After(l.until) {
		return 0, errSlow
	}
	return l.w.Write(p) //nolint:wrapcheck // of a buffer.
}
