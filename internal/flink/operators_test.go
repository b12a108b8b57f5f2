package flink_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/flink"
)

func TestClient_Operators(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`[{"id":"sine.numRecordsIn"},{"id":"Source__numbers.numRecordsIn"},{"id":"numRecordsIn"},{"id":"sine.numRecordsOut"},
			{"id":"sine.group.numRecordsIn"},{"id":".numRecordsIn"},{"id":"a,b.numRecordsIn"},{"id":"buffers.inPoolUsage"}]`))
	})
	got, err := c.Operators(t.Context(), "j", "v")
	if diff := cmp.Diff([]string{"Source__numbers", "sine"}, got); err != nil || diff != "" {
		t.Errorf("operators: %v\n%s", err, diff)
	}
}

// TestClient_OperatorRecords tells a count that lacks a subtask from one that is whole.
func TestClient_OperatorRecords(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`[{"id":"whole.numRecordsIn","sum":90.0,"avg":30.0},{"id":"whole.numRecordsOut","sum":60.0,"avg":20.0,"min":0.0,"max":60.0},
			{"id":"part.numRecordsIn","sum":90.0,"avg":45.0},{"id":"part.numRecordsOut","sum":1e300,"avg":1.0,"min":1.0,"max":2.0},
			{"id":"odd.numRecordsOut","sum":0.0,"avg":0.0,"min":2.0,"max":1.0}]`))
	})
	got, err := c.OperatorRecords(t.Context(), "j", "v", 3, []string{"whole", "part", "absent", "odd"})
	want := []flink.OperatorRecords{
		{Operator: "whole", In: 90, Out: 60, Least: 0, Most: 60},
		{Operator: "part", In: -1, Out: -1, Least: -1, Most: -1},
		{Operator: "absent", In: -1, Out: -1, Least: -1, Most: -1},
		{Operator: "odd", In: -1, Out: 0, Least: -1, Most: -1},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("records: %v\n%s", err, diff)
	}
}

// TestClient_OperatorRecords_FitsIntoALine keeps requests below what Flink reads of their first line.
func TestClient_OperatorRecords_FitsIntoALine(t *testing.T) {
	longest, requests := 0, 0
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		longest, requests = max(longest, len("GET  HTTP/1.1")+len(r.URL.RequestURI())), requests+1
		_, _ = w.Write([]byte(`[]`))
	})
	var operators []string
	for i := range 50 {
		operators = append(operators, fmt.Sprintf("%03d%s", i, strings.Repeat("_", 77)))
	}
	id := strings.Repeat("a", 32)
	got, err := c.OperatorRecords(t.Context(), id, id, 1, operators)
	if err != nil || len(got) != len(operators) || longest > 4096 || requests > 5 {
		t.Errorf("%d records in %d requests of at most %d bytes: %v", len(got), requests, longest, err)
	}
}

func TestThread_State(t *testing.T) {
	for stack, want := range map[string]string{
		"\"map (1/2)#0\" Id=67 TIMED_WAITING on java.lang.Object@1\n\tat a.b(c)": "TIMED_WAITING",
		"\"map (1/2)#0\" daemon prio=5 Id=67 RUNNABLE\n":                         "RUNNABLE",
		"gibberish": "",
		"":          "",
	} {
		if got := (flink.Thread{Name: "map (1/2)#0", Stack: stack}).State(); got != want {
			t.Errorf("state of %q = %q, want %q", stack, got, want)
		}
	}
}
