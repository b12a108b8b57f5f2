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
	"squirrly.dev/pkg/events"
)

// Log writes messages as text that people read. One message is one write.
type Log struct {
	mu sync.Mutex
	w  io.Writer
}

// NewLog makes the channel.
func NewLog(w io.Writer) *Log { return &Log{w: w} }

// Name implements Channel.
func (*Log) Name() string { return nameLog }

// Send implements Channel.
func (l *Log) Send(_ context.Context, m Message) error {
	var text bytes.Buffer
	if m.Ready != nil {
		if err := report.Text(&text, whole(*m.Ready), report.Options{}); err != nil {
			return fmt.Errorf("write run %s as text: %w", m.Run, err)
		}
		if m.Ready.Truncated {
			fmt.Fprintf(&text, "There is more in the whole analysis: %s\n", plain(m.Ready.Analysis.Key))
		}
		if url := plain(m.Ready.ReportURL); url != "" {
			fmt.Fprintf(&text, "Report: %s\n", url)
		}
	} else {
		writeOutcome(&text, m)
	}
	text.WriteByte('\n')
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.w.Write(text.Bytes()); err != nil {
		return fmt.Errorf("write to the log: %w", err)
	}
	return nil
}

func writeOutcome(text *bytes.Buffer, m Message) {
	verb := map[events.Type]string{
		events.TypeRunRejected: "Rejected", events.TypeRunFailed: "Failed", events.TypeRunCancelled: "Cancelled",
	}[m.Event.Type]
	fmt.Fprintf(text, "%s: %s · run %s\n", verb, plain(m.Identity.String()), plain(m.Run))
	fmt.Fprintf(text, "  %s (%s)\n", plain(m.Outcome.Message), plain(string(m.Outcome.Code)))
	if hint := plain(m.Outcome.Hint); hint != "" {
		fmt.Fprintf(text, "  %s\n", hint)
	}
}

// plain drops what could steer a terminal or forge a line.
func plain(s string) string {
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
