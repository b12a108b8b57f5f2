package observe

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/jobcontext"
)

// TestExecution masks the parameters as the cluster's configuration is masked.
func TestExecution(t *testing.T) {
	yes := true
	got := execution(flink.ExecutionConfig{
		Mode: "PIPELINED", RestartStrategy: "Restart with fixed delay\nmore", Parallelism: 3, ObjectReuse: &yes,
		Parameters: map[string]string{"shop.region": "eu", "shop.apiKey": "hunter2", "shop.db": "jdbc:x://me:hunter2@db/x"},
	})
	want := &jobcontext.Execution{
		RestartStrategy: "Restart with fixed delay", Parallelism: 3, ObjectReuse: &yes,
		Parameters: map[string]string{"shop.region": "eu", "shop.apiKey": "***", "shop.db": "jdbc:x://***@db/x"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := execution(flink.ExecutionConfig{}); got.Parameters != nil || got.ObjectReuse != nil {
		t.Errorf("of an empty answer: %+v", got)
	}
}

func TestMemory(t *testing.T) {
	if m := memory(flink.Memory{}); m != nil {
		t.Errorf("of a TaskManager that does not tell: %+v", m)
	}
	want := &jobcontext.Memory{
		FrameworkHeap: 1, FrameworkOffHeap: 2, TaskHeap: 3, TaskOffHeap: 4, Network: 5, Managed: 6, Metaspace: 7, Overhead: 8, TotalFlink: 9, TotalProcess: 10,
	}
	got := memory(flink.Memory{
		FrameworkHeap: 1, FrameworkOffHeap: 2, TaskHeap: 3, TaskOffHeap: 4, Network: 5, Managed: 6, Metaspace: 7, Overhead: 8, TotalFlink: 9, TotalProcess: 10,
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	names := collectors([]flink.GarbageCollector{{Name: "All"}, {Name: "G1_Young_Generation"}, {Name: "G1_Old_Generation"}})
	if diff := cmp.Diff([]string{"G1_Young_Generation", "G1_Old_Generation"}, names); diff != "" {
		t.Errorf("collectors (-want +got):\n%s", diff)
	}
}

// TestSetting_Recorded asks for what two real SQL jobs have set, one of them nothing.
func TestSetting_Recorded(t *testing.T) {
	for _, version := range []string{"1.20.5", "2.3.0"} {
		replay, err := flinktest.NewReplay(version)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]map[string]string{
			"settings-sql-": {
				"pipeline.object-reuse": "true", "table.exec.mini-batch.enabled": "true", "table.exec.mini-batch.allow-latency": "2000 ms",
				"parallelism.default": "1", "execution.runtime-mode": "STREAMING",
			},
			"settings-sql-plain-": {"pipeline.object-reuse": "false", "table.exec.mini-batch.enabled": "false"},
			"settings-reuse-":     {"pipeline.object-reuse": "true", "parallelism.default": "2"},
		} {
			var graph Graph
			var config struct {
				Config flink.ExecutionConfig `json:"execution-config"`
			}
			decodeExchange(t, replay, name+"job", &graph.Job)
			decodeExchange(t, replay, name+"job-config", &config)
			c := jobcontext.Context{Job: describeJob(graph.Job), Vertices: graph.describe(nil), Execution: execution(config.Config)}
			for key, value := range want {
				if got, from := c.Setting(key); got != value || from != jobcontext.FromJob {
					t.Errorf("%s, %s: %s = %q from %q", version, name, key, got, from)
				}
			}
			for _, key := range []string{"table.exec.mini-batch.size", "shop.region", "pipeline.max-parallelism"} {
				if got, from := c.Setting(key); from != jobcontext.FromNowhere {
					t.Errorf("%s, %s: %s = %q from %q", version, name, key, got, from)
				}
			}
			if name == "settings-reuse-" {
				if got, from := c.Setting("table.exec.mini-batch.enabled"); from != jobcontext.FromNowhere {
					t.Errorf("%s: mini-batch of a DataStream job is %q from %q", version, got, from)
				}
			}
		}
	}
}

func decodeExchange(t *testing.T, replay *flinktest.Replay, name string, into any) {
	t.Helper()
	e, ok := replay.Exchange(name)
	if !ok {
		t.Fatalf("no recording %s", name)
	}
	if err := json.Unmarshal(e.JSON, into); err != nil {
		t.Fatal(err)
	}
}
