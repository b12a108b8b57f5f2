package channel

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode"

	"squirrly.dev/internal/report"
	"squirrly.dev/internal/strictyaml"
	"squirrly.dev/pkg/events"
)

// LogSettings are those of a [Log]; it has none.
type LogSettings struct{}

// Fields implements Settings.
func (*LogSettings) Fields() (map[string]func(strictyaml.Value), []string) { return nil, nil }

// Open implements Settings.
func (*LogSettings) Open(name string, d Deps) (Channel, error) { return NewLog(name, d.Log), nil }

// Log writes messages as text that people read. One message is one write.
type Log struct {
	name string
	mu   sync.Mutex
	w    io.Writer
}

// NewLog makes the channel.
func NewLog(name string, w io.Writer) *Log { return &Log{name: name, w: w} }

// Name implements Channel.
func (l *Log) Name() string { return l.name }

// Send implements Channel.
func (l *Log) Send(_ context.Context, m Message) (Receipt, error) {
	var text bytes.Buffer
	for _, r := range m.Runs {
		if err := writeRun(&text, r); err != nil {
			return nil, err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.w.Write(text.Bytes()); err != nil {
		return nil, fmt.Errorf("write to the log: %w", err)
	}
	return nil, nil //nolint:nilnil // a log has nothing to remember.
}

func writeRun(text *bytes.Buffer, m Run) error {
	if m.Ready != nil {
		writeChanges(text, m.Changes)
		if err := report.Text(text, whole(*m.Ready), report.Options{Whole: "squirrly runs get " + Plain(m.ID) + " --full"}); err != nil {
			return fmt.Errorf("write run %s as text: %w", m.ID, err)
		}
		if m.Ready.Truncated {
			fmt.Fprintf(text, "There is more in the whole analysis: %s\n", Plain(m.Ready.Analysis.Key))
		}
		if url := Plain(m.Ready.ReportURL); url != "" {
			fmt.Fprintf(text, "Report: %s\n", url)
		}
	} else {
		writeOutcome(text, m)
	}
	text.WriteByte('\n')
	return nil
}

func writeOutcome(text *bytes.Buffer, m Run) {
	verb := map[events.Type]string{
		events.TypeRunRejected: "Rejected", events.TypeRunFailed: "Failed", events.TypeRunCancelled: "Cancelled",
	}[m.Event.Type]
	fmt.Fprintf(text, "%s: %s · run %s\n", verb, Plain(m.Identity.String()), Plain(m.ID))
	fmt.Fprintf(text, "  %s (%s)\n", Plain(m.Outcome.Message), Plain(string(m.Outcome.Code)))
	if hint := Plain(m.Outcome.Hint); hint != "" {
		fmt.Fprintf(text, "  %s\n", hint)
	}
}

// Plain drops what could steer a terminal or forge a line.
func Plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

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
