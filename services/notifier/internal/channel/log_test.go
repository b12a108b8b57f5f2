package channel_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
)

func TestLog_Result(t *testing.T) {
	var out bytes.Buffer
	if _, err := channel.NewLog("log", &out, channel.FormatText).Send(t.Context(), message(t, ready())); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(out.String()), " ") // the report wraps lines
	for _, want := range []string{
		"Vertex enrich limits the job: Enrich.map sleeps.", "A blocking wait in user code", "Use asynchronous I/O",
		"In the full report (squirrly runs get run-1 --full): one fact.", "prod/flink/orders", "run-1",
		"There is more in the whole analysis: prod/flink/orders/run-1/analysis", "Report: https://squirrly.example/run-1",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q:\n%s", want, out.String())
		}
	}
}

func TestLog_Outcome(t *testing.T) {
	for name, c := range map[string]struct {
		payload events.Payload
		want    string
	}{
		"rejected": {rejected(), "Rejected: prod/flink/orders · run run-1\n  2 jobs are running (several_jobs)\n  Name one.\n\n"},
		"failed": {
			events.RunFailed{Outcome: events.Outcome{Run: "run-1", Identity: orders, Code: "x", Message: "broke"}},
			"Failed: prod/flink/orders · run run-1\n  broke (x)\n\n",
		},
		"cancelled": {
			events.RunCancelled{Outcome: events.Outcome{Run: "run-1", Identity: orders, Code: "y", Message: "on request"}},
			"Cancelled: prod/flink/orders · run run-1\n  on request (y)\n\n",
		},
	} {
		var out bytes.Buffer
		if _, err := channel.NewLog("log", &out, channel.FormatText).Send(t.Context(), message(t, c.payload)); err != nil {
			t.Fatal(err)
		}
		if out.String() != c.want {
			t.Errorf("%s: got %q, want %q", name, out.String(), c.want)
		}
	}
}

// Names of jobs and texts of others neither steer the reader's terminal nor forge a line of the log.
func TestLog_HostileText(t *testing.T) {
	const bad = "x\x1b[2J\nRejected: nothing\r\u202e\u2028y\u200b"
	r := ready()
	r.JobName, r.Verdict.Headline, r.ReportURL = bad, bad, bad
	o := rejected()
	o.Message, o.Hint, o.Identity.Job = bad, bad, bad
	for _, p := range []events.Payload{r, o} {
		var out bytes.Buffer
		if _, err := channel.NewLog("log", &out, channel.FormatText).Send(t.Context(), message(t, p)); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(out.String(), "\x1b\r\u202e\u2028\u200b") || strings.Contains(out.String(), "\nRejected: nothing") {
			t.Errorf("hostile text came through: %q", out.String())
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestLog_BrokenWriter(t *testing.T) {
	if _, err := channel.NewLog("log", brokenWriter{}, channel.FormatText).Send(t.Context(), message(t, rejected())); err == nil {
		t.Error("a text that was not written counts as told")
	}
}

func TestRead_RefusesOtherEvents(t *testing.T) {
	for _, e := range []events.Event{
		{Type: events.TypeProfilePlanned, Data: []byte(`{}`)},
		{Type: events.TypeRunFailed, Data: []byte(`{}`)},
		{Type: events.TypeRecommendationReady, Data: []byte(`{"run":1}`)},
	} {
		if m, err := channel.Read(e); err == nil {
			t.Errorf("%s %s was read as %+v", e.Type, e.Data, m)
		}
	}
}
