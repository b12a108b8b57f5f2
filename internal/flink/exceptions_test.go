package flink_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/flink"
)

// history is an entry as Flink answers it.
type history map[string]any

func exceptions(t *testing.T, limit int, answer any) []flink.Exception {
	t.Helper()
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	})
	got, err := c.Exceptions(t.Context(), "j", limit)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func entries(all ...history) any {
	return map[string]any{"exceptionHistory": map[string]any{"entries": all}}
}

func TestClient_Exceptions(t *testing.T) {
	const at = "\n\tat a.B.c(B.java:1)\n\t... 3 more\n"
	tests := map[string]struct {
		trace, name, cause, message string
	}{
		"its own message":            {"x.A: outer" + at + "Caused by: x.B: inner" + at, "x.A", "x.A", "outer"},
		"that of a cause":            {"x.A" + at + "Caused by: x.B: inner" + at, "x.A", "x.B", "inner"},
		"Java's default repeats":     {"x.A: x.B: inner" + at + "Caused by: x.B: inner" + at, "x.A", "x.B", "inner"},
		"Flink's wrapper says where": {"org.apache.flink.W: Could not forward" + at + "Caused by: x.B: inner" + at, "org.apache.flink.W", "x.B", "inner"},
		"made in Flink's code": {
			"java.lang.Exception: Could not complete the element 451\n\tat app//org.apache.flink.streaming.X.y(X.java:1)\n" +
				"Caused by: java.util.concurrent.ExecutionException: x.B: inner" + at + "Caused by: x.B: inner" + at,
			"java.lang.Exception", "x.B", "inner",
		},
		"Flink's examples are users": {
			"x.A: outer\n\tat org.apache.flink.streaming.examples.X.y(X.java:1)\nCaused by: x.B: inner" + at, "x.A", "x.A", "outer",
		},
		"Flink alone": {
			"x.A: outer\n\tat org.apache.flink.X.y(X.java:1)\nCaused by: x.B: inner\n\tat org.apache.flink.X.z(X.java:1)\n", "x.A", "x.B", "inner",
		},
		"only Flink's":          {"org.apache.flink.W: Recovery is suppressed" + at, "org.apache.flink.W", "org.apache.flink.W", "Recovery is suppressed"},
		"none anywhere":         {"x.A\n", "x.A", "x.A", ""},
		"an empty first line":   {"x.A: \nreal text\nmore" + at, "x.A", "x.A", "real text"},
		"a message with colons": {"x.A: Query: SELECT: 1" + at, "x.A", "x.A", "Query: SELECT: 1"},
	}
	for name, test := range tests {
		got := exceptions(t, 3, entries(history{
			"exceptionName": test.name, "timestamp": 5, "taskName": "sine (1/2) - execution #7", "taskManagerId": "tm", "stacktrace": test.trace,
		}))
		want := []flink.Exception{{
			Name: test.name, Message: test.message, Cause: test.cause, Time: 5, Task: "sine (1/2)", TaskManagerID: "tm",
		}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestClient_Exceptions_HotCode has failures whose message the JVM left out.
func TestClient_Exceptions_HotCode(t *testing.T) {
	bare := func(class, task string) history {
		return history{"exceptionName": class, "stacktrace": class + "\n", "taskName": task}
	}
	told := bare("x.A", "map (1/2) - execution #0")
	told["stacktrace"] = "x.A: / by zero\n\tat a.B.c(B.java:1)\n"
	beside := bare("x.C", "map (1/2)")
	beside["concurrentExceptions"] = []history{{"exceptionName": "x.D", "stacktrace": "x.D: at the same time\n"}}
	got := exceptions(t, 4, entries(
		bare("x.A", "map (2/2) - execution #9"), bare("x.B", "map (1/2) - execution #8"), bare("x.A", "sink (1/2)"), beside, told))
	want := []flink.Exception{
		{Name: "x.A", Cause: "x.A", Message: "/ by zero", Task: "map (2/2)"}, // of the fifth, which is beyond the limit
		{Name: "x.B", Cause: "x.B", Task: "map (1/2)"},
		{Name: "x.A", Cause: "x.A", Task: "sink (1/2)"},
		{Name: "x.C", Cause: "x.D", Message: "at the same time", Task: "map (1/2)"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("exceptions (-want +got):\n%s", diff)
	}
}

func TestClient_Exceptions_OldAndHostile(t *testing.T) {
	got := exceptions(t, 3, map[string]any{"root-exception": "x.A: broken\n\tat y\n", "timestamp": 7, "all-exceptions": []any{}})
	if diff := cmp.Diff([]flink.Exception{{Name: "x.A", Cause: "x.A", Message: "broken", Time: 7}}, got); diff != "" {
		t.Errorf("without a history (-want +got):\n%s", diff)
	}
	for name, trace := range map[string]string{
		"a long line": "x.A: " + strings.Repeat("y", 1<<20), "many causes": strings.Repeat("Caused by: org.apache.flink.X: y\n", 1<<16), "nothing": "",
	} {
		got := exceptions(t, 1, entries(history{"stacktrace": trace}))
		if len(got) != 1 || len(got[0].Message) > 600 || len(got[0].Name) > 600 {
			t.Errorf("%s: %d bytes of message", name, len(got[0].Message))
		}
	}
}
