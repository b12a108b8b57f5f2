package channel

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"time"

	"squirrly.dev/internal/link"
)

// record is an item as the log has it.
type record struct {
	Finding  string `json:"finding,omitempty"`
	News     string `json:"news,omitempty"`
	Title    string `json:"title"`
	Severity string `json:"severity,omitempty"`
	Where    string `json:"where,omitempty"`
	Change   string `json:"change,omitempty"` // what to change
	Worth    string `json:"worth,omitempty"`
	Sure     string `json:"sure,omitempty"`
	Suggests string `json:"suggests,omitempty"`
	Dismiss  string `json:"dismiss,omitempty"`
}

// writeRecord writes the end of a run as one line of JSON, as package log/slog writes records.
func writeRecord(ctx context.Context, out *bytes.Buffer, r Run) error {
	n := newNote(r)
	attrs := []slog.Attr{
		slog.String("run", n.Run), slog.String("cluster", Plain(r.Identity.Cluster)), slog.String("namespace", Plain(r.Identity.Namespace)),
		slog.String("job", Plain(r.Identity.Job)), slog.String("title", n.Title), slog.String("verdict", n.Verdict),
	}
	add := func(name, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(name, value))
		}
	}
	add("severity", n.Severity)
	add("code", n.Code)
	if len(n.Items) > 0 {
		all := make([]record, len(n.Items))
		for i, x := range n.Items {
			all[i] = record{
				Finding: x.ID, News: x.News, Title: x.Title, Severity: x.Severity, Where: x.Where, Change: x.Advice,
				Worth: x.Worth, Sure: x.Sure, Suggests: x.Suggests, Dismiss: x.Dismiss,
			}
		}
		attrs = append(attrs, slog.Any("findings", all))
	}
	if n.Left > 0 {
		attrs = append(attrs, slog.Int("more", n.Left))
	}
	if len(n.Remarks) > 0 {
		attrs = append(attrs, slog.Any("remarks", n.Remarks))
	}
	add("report", link.Plain(n.Link)) // what opens without a password is in no log
	line := slog.NewRecord(time.Now(), level(n), "a run ended", 0)
	line.AddAttrs(attrs...)
	if err := slog.NewJSONHandler(out, nil).Handle(ctx, line); err != nil {
		return fmt.Errorf("write run %s: %w", r.ID, err)
	}
	return nil
}

// level of a record: what somebody should look at is a warning.
func level(n note) slog.Level {
	if n.Code != "" || n.Severity == "critical" {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}
