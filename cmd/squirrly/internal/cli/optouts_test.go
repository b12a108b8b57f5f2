package cli_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// A job whose TaskManager died of a profile is listed until it is lifted, which says so once.
func TestOptOuts(t *testing.T) {
	b := bustest.Start(t)
	server := bustest.JetStream(b).Conn().ConnectedUrl()
	runs, id := run.New(b), events.Identity{Cluster: "local", Namespace: "flink-a-8081", Job: "orders"}
	_, err := runs.Create(t.Context(), run.Record{
		Run: "r1", State: events.StateProfiling, Plan: events.Plan{Run: "r1", Identity: id, Deadline: time.Now().Add(time.Hour)},
		Collected: run.Collected{Captures: []run.Capture{{JVM: "tm-7", State: run.CaptureLost, TriggerTime: 1}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	end := run.End{
		Run: "r1", State: events.StateFailed, Code: events.CodeAllCapturesLost, Why: errors.New("all are lost"), Step: "collector",
		Allowed: func(*run.Record) error { return nil },
	}
	if err := runs.End(t.Context(), end); err != nil {
		t.Fatal(err)
	}
	const name = "local/flink-a-8081/orders"
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"list", []string{"ls"}, 0, "tm-7"},
		{"as JSON", []string{"ls", "-o", "json"}, 0, `"run": "r1"`},
		{"no name", []string{"lift", "orders"}, 2, "expected CLUSTER/NAMESPACE/JOB"},
		{"another job", []string{"lift", "local/flink-a-8081/others"}, 5, "has not opted out"},
		{"lift", []string{"lift", name}, 0, name + " may be profiled again"},
		{"again", []string{"lift", name}, 5, "has not opted out"},
	} {
		code, out, errOut := runCLI(t, t.Context(), "", append(append([]string{"optouts"}, c.args...), "--nats", server)...)
		if code != c.code || !strings.Contains(out+errOut, c.says) {
			t.Errorf("%s: exit %d, %s%s", c.name, code, out, errOut)
		}
	}
	if code, out, _ := runCLI(t, t.Context(), "", "optouts", "ls", "--nats", server); code != 0 || strings.Contains(out, "orders") {
		t.Errorf("after it: exit %d, %s", code, out)
	}
}
