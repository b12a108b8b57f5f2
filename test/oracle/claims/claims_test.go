package claims

import (
	"compress/gzip"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// page is what one TaskManager did. The tests count in it again, line by line.
const page = `java/lang/Thread.run_[j];org/flink/Task.run_[j];org/flink/Input.processInput_[j];acme/Op.processElement_[j];acme/Job$Parse.map_[j];java/util/HashMap.get_[j] 300
java/lang/Thread.run_[j];org/flink/Task.run_[j];org/flink/Input.processInput_[j];acme/Op.processElement_[j];acme/Job$Parse.map_[j];java/lang/Thread.sleep_[j];nanosleep 200
java/lang/Thread.run_[j];org/flink/Task.run_[j];org/flink/Input.processInput_[j];acme/Op.processElement_[j];acme/Job$Score.map_[j];java/util/TreeMap.get_[j] 90
GC::run();GC::mark() 110
`

const analysisJSON = `{
"vertices": [{"id": "v1", "name": "Source: ticks"}, {"id": "v2", "name": "parse"}, {"id": "v3", "name": "score"}],
"captures": [{"jvm": "tm", "mode": "WALL", "key": "run/captures/tm-WALL.txt", "status": "stored"}],
"evidence": [
 {"id": "V1", "text": "Source: ticks: 1 % busy on average", "unit": "share", "value": 0.01, "vertex": "Source: ticks"},
 {"id": "V2", "text": "parse: 98 % busy on average", "unit": "share", "value": 0.98, "vertex": "parse"},
 {"id": "V3", "text": "score: 2 % busy on average", "unit": "share", "value": 0.02, "vertex": "score"},
 {"id": "F1", "text": "", "unit": "share", "mode": "WALL", "frame": "java.lang.Thread.sleep",
  "count": {"mode": "WALL", "jvms": ["tm"], "match": ["java.lang.Thread.sleep"], "samples": 200}},
 {"id": "F2", "text": "", "unit": "share", "mode": "WALL", "frame": "acme.Job$Parse.map",
  "count": {"mode": "WALL", "jvms": ["tm"], "match": ["acme.Job$Parse.map"], "samples": 500}}],
"counting": {"taskRoots": ["org.flink.Task.run"], "waits": ["java.lang.Thread.sleep*"],
 "operators": {"entries": ["*.processElement"], "gates": ["*processInput"]}, "libraries": ["java.", "org.flink."]}}`

const contextJSON = `{
"vertices": [{"id": "v1"}, {"id": "v2", "inputs": [{"vertex": "v1"}]}, {"id": "v3", "inputs": [{"vertex": "v2"}]}],
"windows": [{"samples": [
 {"at": 0, "subtasks": [{"vertex": "v1"}, {"vertex": "v2"}, {"vertex": "v3"}]},
 {"at": 1000, "subtasks": [{"vertex": "v1", "busy": 10, "backPressured": 980}, {"vertex": "v2", "busy": 980}, {"vertex": "v3", "busy": 20, "idle": 980}]}]}],
"config": {"taskmanager.memory.managed.size": "128m", "parallelism.default": "1"}}`

// small is a recording of the page above.
func small(t *testing.T) *recording {
	t.Helper()
	dir := t.TempDir()
	for _, sub := range []string{"captures", "context"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "captures", "tm-WALL.txt"), []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(dir, "context", "job.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(file)
	if _, err := z.Write([]byte(contextJSON)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := read(Run{Name: "small", Dir: dir, Analysis: []byte(analysisJSON), Operators: []Operator{
		{ID: "O1", Name: "Source: ticks", Vertex: "Source: ticks"},
		{ID: "O2", Name: "parse", Vertex: "parse", Classes: []string{"acme.Job$Parse"}},
		{ID: "O3", Name: "score", Vertex: "score", Classes: []string{"acme.Job$Score"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// lines counts in the text of the page: the samples of the lines that a condition meets.
func lines(meets func(line string) bool) int {
	sum := 0
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(line, "_[j]", ""), "/", "."))
		space := strings.LastIndexByte(line, ' ')
		if n, err := strconv.Atoi(line[space+1:]); err == nil && meets(";"+line[:space]+";") {
			sum += n
		}
	}
	return sum
}

// named is the frame that an operand of the page above means.
func named(operand string) string {
	switch operand {
	case "F1":
		return "java.lang.Thread.sleep"
	case "F2", "O2":
		return "acme.Job$Parse.map"
	case "O3":
		return "acme.Job$Score.map"
	}
	return operand
}

// What is claimed of stacks is so in the lines of the page, and what is false is not.
func TestStacks(t *testing.T) {
	d := &draw{recording: small(t), rng: rand.New(rand.NewPCG(1, 1))}
	made := map[string]int{}
	for _, m := range stackMakers() {
		for range 3000 {
			r, ok := m.make(d)
			if !ok {
				continue
			}
			made[m.kind+m.how]++
			a, b := ";"+named(r.A)+";", ";"+named(*r.B)+";"
			all := lines(func(line string) bool { return strings.Contains(line, a) })
			both := lines(func(line string) bool { return strings.Contains(line, a) && strings.Contains(line, b) })
			if m.kind == "called_by" {
				both = lines(func(line string) bool {
					_, after, ok := strings.Cut(line, b)
					return ok && strings.Contains(";"+after, a)
				})
			}
			if part := float64(both) / float64(all); all == 0 || m.truth && part < 0.99 || !m.truth && part > 0.5 {
				t.Fatalf("%s, %s: %+v, %s: %d of %d", m.kind, m.how, r, *r.B, both, all)
			}
		}
	}
	for _, m := range stackMakers() {
		if made[m.kind+m.how] == 0 {
			t.Errorf("no claim of %s: %s", m.kind, m.how)
		}
	}
}

// What is claimed of the plan and its waits is that of the three vertices above: the source waits for parse.
func TestPlan(t *testing.T) {
	d := &draw{recording: small(t), rng: rand.New(rand.NewPCG(1, 2))}
	at := map[string]int{"V1": 1, "O1": 1, "V2": 2, "O2": 2, "V3": 3, "O3": 3}
	n := 0
	for range 5000 {
		if r, ok := d.feeds(); ok {
			n++
			if at[r.A] >= at[*r.B] {
				t.Fatalf("%s does not feed %s", r.A, *r.B)
			}
		}
		if r, ok := d.heldUp(); ok && (at[r.A] != 1 || at[*r.B] != 2) {
			t.Fatalf("%s does not wait for %s", r.A, *r.B)
		}
		if r, ok := d.heldUpByIdle(); ok && (at[r.A] != 1 || at[*r.B] != 3) {
			t.Fatalf("%s and %s", r.A, *r.B)
		}
		if r, ok := d.busier(); ok && (r.A != "V2" || *r.B == "V2") {
			t.Fatalf("%s is not busier than %s", r.A, *r.B)
		}
		if r, ok := d.waitsIn(1 - clear); ok && r.A != "F1" {
			t.Fatalf("%s does not wait", r.A)
		}
		if _, ok := d.feedsBeside(); ok {
			t.Fatal("no vertex is beside another one")
		}
	}
	if n == 0 {
		t.Error("nothing feeds anything")
	}
}

func TestNotations(t *testing.T) {
	for _, c := range []struct{ value, same, other, unit string }{
		{"128m", "131072 kb", "256m", "128g"}, {"4", "", "7", ""}, {"true", "", "false", ""}, {"rocksdb", "", "hashmap", ""}, {"host", "", "", ""},
	} {
		if notation(c.value) != c.same || another(c.value) != c.other || unit(c.value) != c.unit {
			t.Errorf("%s: %q, %q, %q", c.value, notation(c.value), another(c.value), unit(c.value))
		}
	}
}
