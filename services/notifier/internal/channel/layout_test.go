package channel_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/strictyaml"
	"squirrly.dev/services/notifier/internal/channel"
)

// templated is what Slack gets of a message by a template, and what the log says.
func templated(t testing.TB, template string, m channel.Message) (posted, log string) {
	t.Helper()
	s := newSlack(t)
	s.own = true
	srv := newReceiver(t, s, "")
	var out bytes.Buffer
	d := deps()
	d.Logger = slog.New(slog.NewTextHandler(&out, nil))
	settings := &channel.SlackSettings{TokenFile: "x", Channel: "#flink", APIURL: srv.URL}
	settings.Template = template
	ch, err := settings.Open("team", d)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ch.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	for _, b := range s.messages[s.order[0]].blocks {
		if b.Text != nil {
			posted += b.Text.Text + "\n"
		}
		for _, e := range b.Elements {
			posted += e.Text + "\n"
		}
	}
	return posted, out.String()
}

// A template writes the text; what comes from outside is escaped in it, and its own marks are kept.
func TestTemplate(t *testing.T) {
	m := news(t)
	m.Runs[0].Changes[0].Title = "<!here> a wait"
	posted, log := templated(t, "*{{.Job}}* {{range .Items}}{{.News}}: {{.Title}} ({{.Sure}}){{end}} <#C2>", m)
	if !strings.Contains(posted, "*orders* New, up to 10×: &lt;!here&gt; a wait (proven) <#C2>") || log != "" {
		t.Errorf("posted %q, logged %q", posted, log)
	}
}

// A template that fails for a run is no reason to tell nothing: the built-in text goes out, and says why.
func TestTemplate_Fails(t *testing.T) {
	for name, template := range map[string]string{
		"an index": `{{if ne .Run "run-1"}}{{index .Items 7}}{{end}}{{(index .Items 0).Title | slice (index .Remarks 0) 4000}}`,
		"nothing":  `{{if eq .Job "payments"}}x{{end}}{{if eq .Title "orders: New, up to 3.5×: A blocking wait"}}tried{{end}}`,
		"too much": `{{define "x"}}{{.}}{{.}}{{.}}{{.}}{{.}}{{.}}{{.}}{{.}}{{end}}{{if ne .Severity "none"}}{{.Verdict}}{{end}}{{range .Items}}{{range $.Remarks}}{{printf "%20000s%20000s" . .}}{{end}}{{end}}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := &channel.SlackSettings{TokenFile: "x", Channel: "#flink"}
			s.Template = template
			if _, err := s.Open("team", deps()); err != nil {
				return // told at the start, which is as good
			}
			posted, log := templated(t, template, news(t))
			if !strings.Contains(posted, "The template of the channel team fails, this is the built-in text") ||
				!strings.Contains(posted, "Change: Use asynchronous I/O.") || !strings.Contains(log, "the template of a channel fails") {
				t.Errorf("posted %q, logged %q", posted, log)
			}
		})
	}
}

// What can be told at the start is: with the line of the file, and what is wrong.
func TestTemplate_Refused(t *testing.T) {
	for template, want := range map[string]string{
		"{{.Job":                                     "unclosed action",
		"a\n{{.Jbo}}":                                "template:2",
		"{{range 1000000000000}}{{end}}":             "not over a number",
		"{{if .Job}}{{range 9}}{{end}}{{end}}":       "not over a number",
		"{{$n := 1000000000000}}{{range $n}}{{end}}": "not over a number",
		"{{nofunction .Job}}":                        `function "nofunction" not defined`,
		strings.Repeat("x", 17<<10):                  "at most 16384 bytes",
		`{{define "a"}}{{template "a" .}}{{end}}{{template "a" .}}`:                                                                     "exceeded maximum template depth",
		`{{define "a"}}{{end}}{{define "b"}}{{template "a"}}{{template "a"}}{{end}}{{range .Items}}{{printf "%900000s" .Title}}{{end}}`: "more than",
	} {
		began := time.Now()
		var s channel.SlackSettings
		fields, _ := s.Fields()
		err := strictyaml.Read([]byte("name: x\n"+"template: "+quote(template)+"\n"), func(v strictyaml.Value) {
			fields["name"] = func(strictyaml.Value) {}
			v.Fields(fields)
		})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "line 2: template: ") {
			t.Errorf("%.60q: %v, want %s", template, err, want)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%.60q took %s", template, took)
		}
	}
}

// quote writes a text as YAML in one line.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}

// No template brings a channel down.
func FuzzTemplate(f *testing.F) {
	for _, s := range append(hostile, "{{range .Items}}{{.Title}}{{end}}", "{{with $x := .Job}}{{$x}}{{end}}", "{{.Items}}", "{{slice .Job 9}}") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, template string) {
		if _, err := channel.ParseTemplate(template); err != nil {
			return
		}
		posted, _ := templated(t, template, news(t))
		if strings.TrimSpace(posted) == "" {
			t.Error("nothing was posted")
		}
	})
}
