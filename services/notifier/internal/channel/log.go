package channel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"golang.org/x/term"

	"squirrly.dev/internal/link"
	"squirrly.dev/internal/report"
	"squirrly.dev/internal/strictyaml"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel/safe"
)

// Format is how a [Log] writes.
type Format string

// The formats.
const (
	FormatAuto Format = "auto" // text on a terminal, records elsewhere
	FormatText Format = "text" // for people: the report in short
	FormatJSON Format = "json" // one record for each end of a run, in one line
)

// LogSettings are those of a [Log].
type LogSettings struct{ Format Format }

// Fields implements Settings.
func (l *LogSettings) Fields() (map[string]func(strictyaml.Value), []string) {
	return map[string]func(strictyaml.Value){
		"format": func(v strictyaml.Value) {
			if l.Format = Format(v.Text()); !l.Format.valid() {
				v.Wrong("expected auto, text or json")
			}
		},
	}, nil
}

// Open implements Settings.
func (l *LogSettings) Open(name string, d Deps) (Channel, error) {
	if !l.Format.valid() {
		return nil, errors.New("log format: expected auto, text or json")
	}
	return NewLog(name, d.Log, l.Format), nil
}

func (f Format) valid() bool {
	return f == "" || f == FormatAuto || f == FormatText || f == FormatJSON
}

// text reports whether w is to be written to as text.
func (f Format) text(w io.Writer) bool {
	if f == FormatText || f == FormatJSON {
		return f == FormatText
	}
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// Log writes messages as text that people read, or as records. One message is one write.
type Log struct {
	name string
	text bool
	mu   sync.Mutex
	w    io.Writer
}

// NewLog makes the channel.
func NewLog(name string, w io.Writer, f Format) *Log { return &Log{name: name, w: w, text: f.text(w)} }

// Name implements Channel.
func (l *Log) Name() string { return l.name }

// Send implements Channel.
func (l *Log) Send(ctx context.Context, m Message) (Receipt, error) {
	var out bytes.Buffer
	write := func(r Run) error { return writeRecord(ctx, &out, r) }
	if l.text {
		write = func(r Run) error { return writeRun(&out, r) }
	}
	for _, r := range m.Runs {
		if err := write(r); err != nil {
			return nil, err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.w.Write(out.Bytes()); err != nil {
		return nil, fmt.Errorf("write to the log: %w", err)
	}
	return nil, nil //nolint:nilnil // a log has nothing to remember.
}

func writeRun(text *bytes.Buffer, m Run) error {
	if m.Ready != nil {
		if m.Recovered != "" {
			fmt.Fprintln(text, again(m))
		}
		writeChanges(text, m.Changes)
		if err := report.Text(text, whole(*m.Ready), report.Options{Whole: "squirrly runs get " + Plain(m.ID) + " --full"}); err != nil {
			return fmt.Errorf("write run %s as text: %w", m.ID, err)
		}
		if m.Ready.Truncated {
			fmt.Fprintf(text, "There is more in the whole analysis: %s\n", Plain(m.Ready.Analysis.Key))
		}
		if url := link.Plain(Plain(m.Ready.ReportURL)); url != "" {
			fmt.Fprintf(text, "Report: %s\n", url)
		}
	} else {
		writeOutcome(text, m)
	}
	text.WriteByte('\n')
	return nil
}

func writeOutcome(text *bytes.Buffer, m Run) {
	fmt.Fprintf(text, "%s: %s · run %s\n", verb(m.Event.Type), Plain(m.Identity.String()), Plain(m.ID))
	fmt.Fprintf(text, "  %s (%s)\n", Plain(m.Outcome.Message), Plain(string(m.Outcome.Code)))
	if hint := Plain(m.Outcome.Hint); hint != "" {
		fmt.Fprintf(text, "  %s\n", hint)
	}
}

// Plain drops what could steer a terminal or forge a line.
func Plain(s string) string { return safe.Line(s) }

// whole is the analysis as far as its event holds it.
func whole(r events.RecommendationReady) events.Analysis {
	a := events.Analysis{
		Schema: events.AnalysisSchema, Run: r.Run, Identity: r.Identity, JobID: r.JobID, JobName: r.JobName,
		FlinkVersion: r.FlinkVersion, CreatedAt: r.CreatedAt, Verdict: r.Verdict, Severity: r.Severity,
		Degraded: r.Degraded, DegradedWhy: r.DegradedWhy, Comparison: r.Comparison, Provenance: r.Provenance,
		Doubts: r.Doubts, Readings: r.Readings,
	}
	for _, f := range r.Findings {
		a.Findings = append(a.Findings, f.Finding)
		for _, fact := range f.Facts {
			if !slices.ContainsFunc(a.Evidence, func(e events.Fact) bool { return e.ID == fact.ID }) {
				a.Evidence = append(a.Evidence, fact)
			}
		}
	}
	return a
}
