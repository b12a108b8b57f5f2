package keys

import (
	"strings"
	"testing"
)

// TestTable shows that the table speaks of no key by an old name, and that each of its versions is of one type.
func TestTable(t *testing.T) {
	for name, k := range table() {
		if now := Current(name, ""); now != name {
			t.Errorf("%s is called %s", name, now)
		}
		for _, i := range k.Inert {
			for _, c := range i.While {
				if now := Current(c.Key, ""); now != c.Key {
					t.Errorf("%s: a condition on %s, which is called %s", name, c.Key, now)
				}
			}
		}
		one, in1 := lookup(name, "1")
		two, in2 := lookup(name, "2")
		if in1 && in2 && one.kind != two.kind && !strings.HasPrefix(string(one.kind), "Enum(") {
			t.Errorf("%s is %s, then %s", name, one.kind, two.kind)
		}
	}
}

func TestLookup(t *testing.T) {
	k, ok := Lookup("state.backend.incremental") // its name until 1.20
	if !ok || k.Name != "execution.checkpointing.incremental" || !k.Overridable() || k.Restart() != "job" {
		t.Errorf("got %+v, %t", k, ok)
	}
	if k, _ := Lookup("taskmanager.memory.managed.fraction"); k.Overridable() || k.Restart() != "cluster" || k.Default("1.20.5") != "0.4" || k.Type() != Float {
		t.Errorf("got %+v", k)
	}
	if _, ok := Lookup("rest.port"); ok {
		t.Error("rest.port helps no job")
	}
}

// TestLoad shows that a table which contradicts Flink or itself is refused.
func TestLoad(t *testing.T) {
	const good = "{key: pipeline.object-reuse, level: job, sources: [x]}"
	for _, bad := range []string{
		"{key: pipeline.object-reuse, level: job}",
		"{key: pipeline.object-reuse, level: here, sources: [x]}",
		"{key: pipeline.object-reused, level: job, sources: [x]}",
		"{key: pipeline.object-reuse, level: job, sources: [x], why: not}",
		"{key: pipeline.object-reuse, level: job, sources: [x], min: '1', harm: y}",
		"{key: pipeline.object-reuse, level: job, sources: [x], never: lower}",
		"{key: pipeline.object-reuse, level: job, sources: [x], never: sink, harm: y}",
		"{key: pipeline.object-reuse, level: job, sources: [x], with: [no.such.key]}",
		"{key: pipeline.object-reuse, level: job, sources: [x], inert: [{why: y}]}",
		"{key: pipeline.object-reuse, level: job, sources: [x], inert: [{while: [{key: no.such.key, set: true}]}]}",
		"{key: pipeline.object-reuse, level: job, sources: [x], inert: [{while: [{key: pipeline.max-parallelism, is: many}]}]}",
		"{key: pipeline.object-reuse, level: job, sources: [x], inert: [{while: [{key: pipeline.max-parallelism, is: '1', set: true}]}]}",
		good + "\n- " + good,
	} {
		if _, err := load([]byte("- " + bad)); err == nil {
			t.Errorf("loaded: %s", bad)
		}
	}
	if _, err := load([]byte("- " + good)); err != nil {
		t.Error(err)
	}
}
