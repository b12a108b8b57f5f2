package keys

import (
	"strings"
	"testing"
)

// settings answers for a job that has these.
func settings(pairs ...string) func(string) (string, string) {
	return func(key string) (string, string) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == key {
				return pairs[i+1], "cluster"
			}
		}
		return "", ""
	}
}

func TestCheck(t *testing.T) {
	const fraction, heap = "taskmanager.memory.managed.fraction", "taskmanager.memory.task.heap.size"
	for _, test := range []struct {
		name       string
		job        Job
		key, value string
		want       Reason
	}{
		{"nothing is known", Job{}, fraction, "0.6", ""},
		{"another key is in force", Job{Setting: settings("taskmanager.memory.managed.size", "512m")}, fraction, "0.6", Inactive},
		{"by its old name", Job{Flink: "1.20.5", Setting: settings("taskmanager.memory.size", "512m")}, fraction, "0.6", Inactive},
		{"as it is", Job{Setting: settings(fraction, "0.60")}, fraction, "0.6", Already},
		{"the default", Job{Flink: "2.3.0"}, fraction, "0.4", Already},
		{"too much", Job{}, fraction, "0.9", Harmful},
		{"prose", Job{}, heap, "larger than it is now", WrongType},
		{"no value", Job{}, heap, "", WrongType},
		{"equal sizes", Job{Setting: settings(heap, "512m")}, heap, "536870912", Already},
		{"other sizes", Job{Setting: settings(heap, "512m")}, heap, "1 gb", ""},
		{"gone", Job{Flink: "2.3.0"}, "taskmanager.network.memory.buffers-per-channel", "4", Unknown},
		{"renamed", Job{Flink: "2.3.0"}, "state.backend", "rocksdb", Old},
		{"set by its old name", Job{Flink: "1.20.5", Setting: settings("state.backend", "RocksDB")}, "state.backend.type", "RocksDB", Already},
		{"invented", Job{}, "taskmanager.memory.faster", "true", Unknown},
		{"of security, and not in the table", Job{}, "security.ssl.rest.authentication-enabled", "false", Harmful},
	} {
		got := Check(test.job, test.key, test.value)
		if got.Reason != test.want || (got.Text == "") != (test.want == "") {
			t.Errorf("%s: %s: %s is %q (%s), want %q", test.name, test.key, test.value, got.Reason, got.Text, test.want)
		}
	}
}

// TestCheckAll shows that settings which are made together are seen together.
func TestCheckAll(t *testing.T) {
	job := Job{Flink: "2.3.0"}
	got := CheckAll(job, []Setting{{"taskmanager.memory.managed.size", "1 gb"}, {"taskmanager.memory.managed.fraction", "0.6"}})
	if got[0] != (Refusal{}) || got[1].Reason != Inactive || !strings.Contains(got[1].Text, "managed.size is set") {
		t.Errorf("got %+v", got)
	}
}

func TestScaled(t *testing.T) {
	const fraction, heap, interval = "taskmanager.memory.managed.fraction", "taskmanager.memory.task.heap.size", "execution.checkpointing.interval"
	for _, test := range []struct {
		job    Job
		key    string
		factor float64
		want   string // empty: none
	}{
		{Job{}, fraction, 1.5, "0.6"},
		{Job{}, fraction, 4, "0.8"},
		{Job{Setting: settings(fraction, "0.8")}, fraction, 1.5, ""},
		{Job{Setting: settings(fraction, "0.85")}, fraction, 1.5, ""},
		{Job{}, heap, 2, ""},
		{Job{Setting: settings(heap, "512m")}, heap, 2, "1 gb"},
		{Job{Setting: settings(heap, "512m")}, heap, 1.5, "768 mb"},
		{Job{Setting: settings(heap, "1000000")}, heap, 1.5, "1465 kb"},
		{Job{Setting: settings(interval, "1 s")}, interval, 1.5, "1500 ms"},
		{Job{Setting: settings(interval, "10 s")}, interval, 3, "30 s"},
		{Job{Setting: settings(interval, "soon")}, interval, 3, ""},
		{Job{}, "parallelism.default", 1.6, "2"},
		{Job{}, "parallelism.default", 1.2, ""},
		{Job{}, "table.exec.mini-batch.size", 2, ""}, // -1 is no size
		{Job{}, "pipeline.object-reuse", 2, ""},
		{Job{}, "state.backend.type", 2, ""},
		{Job{}, "invented.key", 2, ""},
	} {
		got, ok := Scaled(test.job, test.key, test.factor)
		if got != test.want || ok != (test.want != "") {
			t.Errorf("Scaled(%s, %g) = %q, %t, want %q", test.key, test.factor, got, ok, test.want)
		}
	}
}
