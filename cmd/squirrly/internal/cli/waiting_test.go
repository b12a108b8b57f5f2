package cli_test

import (
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// A request that waits for a permit has no record: whoever looks for its run, or follows it, is told what it waits for.
func TestRuns_Waiting(t *testing.T) {
	b := bustest.Start(t)
	server := bustest.JetStream(b).Conn().ConnectedUrl()
	runs, id := run.New(b), "waits"
	if err := runs.Permits.NoteWaiting(t.Context(), run.Waiting{Run: id, Pool: "local", AtATime: 3, Since: time.Now()}); err != nil {
		t.Fatal(err)
	}
	const says = "as many runs are under way in local as there may be at a time (3)"
	if code, out, errOut := runCLI(t, t.Context(), "", "runs", "get", id, "--nats", server); code != 0 || !strings.Contains(out, says) {
		t.Errorf("get: exit %d, %s%s", code, out, errOut)
	}
	if code, out, errOut := runCLI(t, t.Context(), "", "runs", "get", id, "-o", "json", "--nats", server); code != 0 || !strings.Contains(out, `"atATime": 3`) {
		t.Errorf("get -o json: exit %d, %s%s", code, out, errOut)
	}
	if code, _, errOut := runCLI(t, t.Context(), "", "runs", "cancel", id, "--nats", server); code != 0 || !strings.Contains(errOut, "Run waits will be cancelled") {
		t.Errorf("cancel: exit %d, %s", code, errOut)
	}
	type end struct {
		code int
		text string
	}
	watched := make(chan end, 1)
	go func() {
		code, _, errOut := runCLI(t, t.Context(), "", "runs", "watch", id, "--nats", server)
		watched <- end{code, errOut}
	}()
	time.Sleep(3 * time.Second) // in which it looks several times
	rec := run.Record{Run: id, State: events.StateCancelled, Outcome: &events.Outcome{Run: id, Code: events.CodeCancelled, Message: "by a test"}}
	if _, err := runs.Create(t.Context(), rec); err != nil {
		t.Fatal(err)
	}
	if got := <-watched; got.code != 130 || strings.Count(got.text, says) != 1 {
		t.Errorf("watch: exit %d, %s", got.code, got.text)
	}
	if code, _, errOut := runCLI(t, t.Context(), "", "runs", "get", "unknown", "--nats", server); code != 5 || strings.Contains(errOut, "waits") {
		t.Errorf("an unknown run: exit %d, %s", code, errOut)
	}
}
