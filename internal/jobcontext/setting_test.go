package jobcontext_test

import (
	"testing"

	"squirrly.dev/internal/jobcontext"
)

func TestSetting(t *testing.T) {
	t.Parallel()
	yes := true
	c := &jobcontext.Context{
		Job:       jobcontext.Job{Type: "STREAMING"},
		Execution: &jobcontext.Execution{ObjectReuse: &yes, Parallelism: 4, Parameters: map[string]string{"table.exec.mini-batch.size": "9"}},
		Checkpoints: &jobcontext.Checkpoints{Config: &jobcontext.CheckpointConfig{
			Mode: "exactly_once", IntervalMS: 2000, TimeoutMS: 600_000, MaxConcurrent: 1, Unaligned: true,
			StateBackend: "EmbeddedRocksDBStateBackend", Storage: "com.shop.Storage",
		}},
		Config: map[string]string{
			"execution.checkpointing.interval": "10 s", "pipeline.object-reuse": "false", "state.backend": "hashmap",
			"state.checkpoint-storage": "filesystem", "state.backend.rocksdb.use-bloom-filter": "true", "table.exec.mini-batch.enabled": "true",
		},
	}
	for key, want := range map[string]struct {
		value string
		from  jobcontext.Origin
	}{
		"execution.runtime-mode":                             {"STREAMING", jobcontext.FromJob},
		"pipeline.object-reuse":                              {"true", jobcontext.FromJob},
		"parallelism.default":                                {"4", jobcontext.FromJob},
		"execution.checkpointing.interval":                   {"2000 ms", jobcontext.FromJob},
		"execution.checkpointing.mode":                       {"EXACTLY_ONCE", jobcontext.FromJob},
		"execution.checkpointing.timeout":                    {"600000 ms", jobcontext.FromJob},
		"execution.checkpointing.min-pause":                  {"0 ms", jobcontext.FromJob},
		"execution.checkpointing.unaligned.enabled":          {"true", jobcontext.FromJob},
		"execution.checkpointing.unaligned":                  {"true", jobcontext.FromJob},
		"execution.checkpointing.alignment-timeout":          {"0 ms", jobcontext.FromJob},
		"execution.checkpointing.max-concurrent-checkpoints": {"1", jobcontext.FromJob},
		"state.backend.type":                                 {"rocksdb", jobcontext.FromJob},
		"state.backend":                                      {"rocksdb", jobcontext.FromJob},
		"execution.checkpointing.storage":                    {"filesystem", jobcontext.FromCluster}, // the job's class is none of Flink's
		"state.backend.rocksdb.use-bloom-filter":             {"true", jobcontext.FromCluster},
		"table.exec.mini-batch.enabled":                      {"true", jobcontext.FromCluster}, // there is no plan
		"table.exec.mini-batch.size":                         {"", jobcontext.FromNowhere},     // of the job's own parameters
		"state.backend.rocksdb.thread.num":                   {"", jobcontext.FromNowhere},
	} {
		if value, from := c.Setting(key); value != want.value || from != want.from {
			t.Errorf("%s = %q from %q, want %q from %q", key, value, from, want.value, want.from)
		}
	}
}

// TestSetting_Unknown says that nothing is taken for granted: of an old context, a batch job, a job without checkpoints.
func TestSetting_Unknown(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{"job":{"id":"j"},"vertices":[]}`, `{"version":2,"job":{"id":"j"},"vertices":[{"id":"v"}]}`} {
		c, err := jobcontext.Decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"execution.runtime-mode", "pipeline.object-reuse", "execution.checkpointing.interval", "state.backend.type", "table.exec.mini-batch.enabled", ""} {
			if value, from := c.Setting(key); value != "" || from != jobcontext.FromNowhere {
				t.Errorf("%s: %s = %q from %q", text, key, value, from)
			}
		}
	}
	off := &jobcontext.Context{Checkpoints: &jobcontext.Checkpoints{Config: &jobcontext.CheckpointConfig{}}}
	if value, from := off.Setting("execution.checkpointing.interval"); value != "0 ms" || from != jobcontext.FromJob {
		t.Errorf("checkpoints that are off: interval %q from %q", value, from)
	}
	if value, from := off.Setting("execution.checkpointing.unaligned.enabled"); from != jobcontext.FromNowhere {
		t.Errorf("checkpoints that are off: unaligned %q from %q", value, from)
	}
}

// TestSetting_MiniBatchOfOld reads a context that has names alone.
func TestSetting_MiniBatchOfOld(t *testing.T) {
	t.Parallel()
	c := &jobcontext.Context{Vertices: []jobcontext.Vertex{
		{Name: "Source: bids[1] -> Calc[2] -> MiniBatchAssigner[3] -> LocalGroupAggregate[4]"}, {Name: "GlobalGroupAggregate[6] -> sums[7]: Writer"},
	}}
	if value, from := c.Setting("table.exec.mini-batch.enabled"); value != "true" || from != jobcontext.FromJob {
		t.Errorf("enabled = %q from %q", value, from)
	}
	if value, _ := c.Setting("table.exec.mini-batch.allow-latency"); value != "" {
		t.Errorf("latency = %q", value)
	}
}

// TestSetting_MiniBatch reads the plans that Flink 1.20 and 2.3 make, with mini-batch and without.
func TestSetting_MiniBatch(t *testing.T) {
	t.Parallel()
	const scan = "[1]:TableSourceScan(table=[[default_catalog, default_database, bids]], fields=[bidder, price])\n+- [2]:Calc(select=[bidder, price])"
	for name, test := range map[string]struct {
		descriptions     []string
		enabled, latency string
	}{
		"on":                      {[]string{scan + "\n   +- [4]:MiniBatchAssigner(interval=[2000ms], mode=[ProcTime])", "[14]:GlobalGroupAggregate(groupBy=[bidder], select=[bidder, SUM(sum$0) AS EXPR$1])"}, "true", "2000 ms"},
		"off":                     {[]string{scan, "[4]:GroupAggregate(groupBy=[bidder], select=[bidder, SUM(price) AS EXPR$1])"}, "false", ""},
		"below a group window":    {[]string{scan, "[5]:GroupWindowAggregate(groupBy=[k], window=[TumblingGroupWindow('w$, ts, 1000)], select=[k, SUM(v) AS EXPR$1])"}, "", ""},
		"beside a global window":  {[]string{scan, "[7]:GlobalWindowAggregate(groupBy=[bidder], window=[HOP(slice_end=[$slice_end], size=[10 s], slide=[1 s])])"}, "false", ""},
		"a description is cut":    {[]string{scan + "…", "sums[15]: Writer"}, "", ""},
		"a description is absent": {[]string{scan, ""}, "", ""},
		"no SQL":                  {[]string{"Source: numbers\n+- map", "discard: Writer"}, "", ""},
	} {
		c := &jobcontext.Context{}
		for _, d := range test.descriptions {
			c.Vertices = append(c.Vertices, jobcontext.Vertex{Description: d})
		}
		enabled, _ := c.Setting("table.exec.mini-batch.enabled")
		latency, _ := c.Setting("table.exec.mini-batch.allow-latency")
		if enabled != test.enabled || latency != test.latency {
			t.Errorf("%s: enabled %q, latency %q", name, enabled, latency)
		}
	}
}
