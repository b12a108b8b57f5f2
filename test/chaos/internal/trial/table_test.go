package trial

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"squirrly.dev/pkg/events"
)

func TestTable(t *testing.T) {
	r := Result{
		Options: Options{Topology: One, Seed: 7}, Asked: 3, Ends: map[int]int{0: 1, 1: 1, 2: 1}, Stuck: 1,
		States: map[events.State]int{events.StateAnalyzed: 2, events.StateProfiling: 1},
		Blows:  []Blow{{Fault: Kill}, {Fault: Kill}, {Fault: Node}},
	}
	var b strings.Builder
	if err := Table(&b, []Result{r, {Options: Options{Topology: S3}}}); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"| | one | s3 |", "| runs asked for | 3 | 0 |", "| **ended exactly once** | 1 | 0 |", "| ended more often | 1 | 0 |",
		"| runs by state | analyzed 2, profiling 1 | none |", "| faults | kill 2, node 1 | none |",
	} {
		if !strings.Contains(b.String(), line+"\n") {
			t.Errorf("no line %q in\n%s", line, b.String())
		}
	}
}

// The next end counts after the fault is mended; a fault after the last end has no recovery.
func TestRecovery(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(s), 0) }
	blows := []Blow{{From: at(10), To: at(20)}, {From: at(30), To: at(31)}, {From: at(90), To: at(91)}}
	got := recovery(blows, []time.Time{at(50), at(15), at(22)})
	if len(got) != 2 || got[0] != 12*time.Second || got[1] != 20*time.Second {
		t.Errorf("recovery %v, want 12s and 20s", got)
	}
}

func TestReadLogs(t *testing.T) {
	file := filepath.Join(t.TempDir(), "collector1.log")
	lines := `{"level":"WARN","msg":"handled","outcome":"superseded"}
{"level":"WARN","msg":"object cannot be used","error":"get x: object is gone: it expired, was deleted, or was never stored"}
{"level":"WARN","msg":"handled","outcome":"panic","error":"panic: index out of range [0]\ngoroutine 7"}
panic: nil map

goroutine 1 [running]:
`
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := readLogs([]string{file})
	if err != nil || l.Superseded != 1 || l.Gone != 1 || len(l.Panics) != 2 {
		t.Errorf("read %+v, %v", l, err)
	}
}

func TestOptions_FaultsBelongToATopology(t *testing.T) {
	for _, topology := range Topologies {
		if err := (Options{Topology: topology, Faults: FaultsOf(topology)}).check(); err != nil {
			t.Error(err)
		}
	}
	if err := (Options{Topology: One, Faults: []string{Isolate}}).check(); err == nil {
		t.Error("a single server cannot be cut from the others")
	}
}
