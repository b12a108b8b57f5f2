package jobcontext_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/jobcontext"
)

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	want := &jobcontext.Context{
		FlinkVersion: "2.3.0", Job: jobcontext.Job{ID: "j", Name: "shop", State: "RUNNING"},
		Vertices: []jobcontext.Vertex{
			{ID: "a", Name: "Source: in", Parallelism: 2},
			{ID: "b", Name: "work", Inputs: []jobcontext.Input{{Vertex: "a", Ship: "HASH"}}, Subtasks: []jobcontext.Subtask{{Index: 1, TaskManager: "tm-1", Status: "RUNNING"}}},
		},
		TaskManagers: []jobcontext.TaskManager{{ID: "tm-1", CPUCores: 2, OtherJobs: 1}},
		Windows: []jobcontext.Window{{Mode: "WALL", Seconds: 30, Samples: []jobcontext.Sample{{
			AtMillis: 7, Subtasks: []jobcontext.Counters{{Vertex: "b", Subtask: 1, BusyMillis: -1, ReadRecords: 9}},
			TaskManagers: []jobcontext.JVMCounter{{ID: "tm-1", CPUNanos: 5, GCMillis: -1}},
		}}}},
		Threads: []jobcontext.Thread{{TaskManager: "tm-1", Name: "work (2/2)#0", Frames: []string{"com.shop.Work.map"}}},
	}
	b, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := jobcontext.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing": "", "no JSON": "{", "another type": `{"vertices": 3}`, "a list": `[]`,
		"too large": `{"job":{"name":"` + string(bytes.Repeat([]byte("x"), jobcontext.MaxBytes)) + `"}}`,
	} {
		if _, err := jobcontext.Decode([]byte(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	c, err := jobcontext.Decode([]byte(`{"job":{"id":"j"},"vertices":[],"later":{"x":1}}`))
	if err != nil || c.Job.ID != "j" {
		t.Errorf("a field of a later version: %+v, %v", c, err)
	}
}
