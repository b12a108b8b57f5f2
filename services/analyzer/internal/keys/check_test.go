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
		{"the heap of a total", Job{Setting: settings("taskmanager.memory.process.size", "4 gb")}, heap, "1 gb", Harmful},
		{"both totals", Job{Setting: settings("taskmanager.memory.process.size", "4 gb")}, "taskmanager.memory.flink.size", "4 gb", Harmful},
		{"of another backend", Job{Backend: "hashmap"}, "state.backend.rocksdb.use-bloom-filter", "true", Elsewhere},
		{"of this backend", Job{Backend: "rocksdb"}, "state.backend.rocksdb.use-bloom-filter", "true", ""},
		{"of SQL", Job{API: "datastream"}, "table.exec.mini-batch.allow-latency", "2 s", Elsewhere},
		{"the cache of a block, all memory managed", Job{}, "state.backend.rocksdb.block.cache-size", "1 gb", Inactive},
		{"unmanaged", Job{Setting: settings("state.backend.rocksdb.memory.managed", "false")}, "state.backend.rocksdb.block.cache-size", "1 gb", ""},
		{"shared", Job{Flink: "1.20.5"}, "state.backend.rocksdb.memory.partitioned-index-filters", "true", ""},
		{"the default of ForSt", Job{Flink: "2.3.0"}, "state.backend.forst.memory.partitioned-index-filters", "true", Already},
		{"shared with nobody", Job{Setting: settings("state.backend.rocksdb.memory.managed", "FALSE")}, "state.backend.rocksdb.memory.partitioned-index-filters", "true", Inactive},
		{
			"shared by slot",
			Job{Setting: settings("state.backend.rocksdb.memory.managed", "false", "state.backend.rocksdb.memory.fixed-per-slot", "1g")},
			"state.backend.rocksdb.memory.partitioned-index-filters", "true", "",
		},
		{"a limit where there is none", Job{Flink: "2.3.0"}, "state.backend.forst.cache.size-based-limit", "10 gb", Harmful},
		{"a wider limit", Job{Setting: settings("state.backend.forst.cache.size-based-limit", "1 gb")}, "state.backend.forst.cache.size-based-limit", "10 gb", ""},
		{"more often", Job{Setting: settings("execution.checkpointing.interval", "10 min")}, "execution.checkpointing.interval", "5 min", Harmful},
		{"less often", Job{Setting: settings("execution.checkpointing.interval", "60000")}, "execution.checkpointing.interval", "5 min", ""},
		{"each record alone", Job{}, "execution.buffer-timeout.interval", "0", Harmful},
		{"two phases without a bundle", Job{}, "table.optimizer.agg-phase-strategy", "TWO_PHASE", Inactive},
		{
			"two phases instead of one",
			Job{Setting: settings("table.optimizer.agg-phase-strategy", "ONE_PHASE", "table.exec.mini-batch.enabled", "true")},
			"table.optimizer.agg-phase-strategy", "TWO_PHASE", "",
		},
		{"results at stake", Job{API: "sql"}, "table.exec.state.ttl", "1 d", Choice},
		{"a weaker cipher", Job{}, "security.ssl.algorithms", "TLS_RSA_WITH_AES_128_CBC_SHA", Harmful},
		{"in the clear", Job{Setting: settings("security.ssl.internal.enabled", "true")}, "security.ssl.internal.enabled", "false", Harmful},
		{"an option of the JVM", Job{Setting: settings("env.java.opts.all", "-Xlog:gc")}, "env.java.opts.taskmanager", "-XX:+AlwaysPreTouch", ""},
		{"one that is there", Job{Setting: settings("env.java.opts.all", "-XX:+AlwaysPreTouch -Xlog:gc")}, "env.java.opts.taskmanager", "-XX:+AlwaysPreTouch", Already},
		{"a smaller one", Job{Setting: settings("env.java.opts", "-XX:ReservedCodeCacheSize=1g")}, "env.java.opts.taskmanager", "-XX:ReservedCodeCacheSize=512m", Already},
		{"a larger one", Job{Setting: settings("env.java.opts", "-XX:ReservedCodeCacheSize=64m")}, "env.java.opts.taskmanager", "-XX:ReservedCodeCacheSize=512m", ""},
		{"compression without batch", Job{}, "taskmanager.network.compression.codec", "NONE", Inactive},
		{"of security, and not in the table", Job{}, "security.ssl.rest.authentication-enabled", "false", Harmful},
	} {
		got := Check(test.job, test.key, test.value)
		if got.Reason != test.want || (got.Text == "") != (test.want == "") {
			t.Errorf("%s: %s: %s is %q (%s), want %q", test.name, test.key, test.value, got.Reason, got.Text, test.want)
		}
	}
}

// TestCheck_Presumed shows which refusals rest on a default that the job may have left.
func TestCheck_Presumed(t *testing.T) {
	const latency, timeout = "metrics.latency.interval", "execution.checkpointing.aligned-checkpoint-timeout"
	looked := func(string) (string, string) { return "", "cluster" }
	for _, test := range []struct {
		job        Job
		key, value string
		want       bool
	}{
		{Job{}, latency, "0", true},
		{Job{Setting: settings()}, latency, "0", true},
		{Job{Setting: settings(latency, "0 ms")}, latency, "0", false},
		{Job{Setting: looked}, latency, "0", false},
		{Job{}, timeout, "30 s", true},
		{Job{Setting: looked}, timeout, "30 s", false},
		{Job{Setting: settings("execution.checkpointing.unaligned", "false")}, timeout, "30 s", false},
		{Job{}, "execution.buffer-timeout.interval", "0", false},
		{Job{}, "pipeline.operator-chaining.enabled", "false", true},
	} {
		got := Check(test.job, test.key, test.value)
		if got.Reason == "" || got.Presumed != test.want {
			t.Errorf("%s: %s: %+v", test.key, test.value, got)
		}
	}
}

// TestCheckAll shows that settings which are made together are seen together.
func TestCheckAll(t *testing.T) {
	job := Job{Flink: "2.3.0"}
	for _, r := range CheckAll(job, []Setting{
		{"table.exec.mini-batch.enabled", "true"}, {"table.exec.mini-batch.allow-latency", "2 s"}, {"table.exec.mini-batch.size", "5000"},
	}) {
		if r != (Refusal{}) {
			t.Errorf("mini-batch as a whole: %+v", r)
		}
	}
	if alone := Check(job, "table.exec.mini-batch.enabled", "true"); alone.Reason != Harmful {
		t.Errorf("mini-batch without its bounds: %+v", alone)
	}
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
