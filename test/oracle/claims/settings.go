package claims

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// settingMakers are of what is configured.
func settingMakers() []maker {
	return []maker{
		{kind: "configured", truth: true, how: "as it is written", make: func(d *draw) (Relation, bool) { return d.configured(as) }},
		{kind: "configured", truth: true, how: "in another notation", make: func(d *draw) (Relation, bool) { return d.configured(notation) }},
		{kind: "configured", how: "another value", make: func(d *draw) (Relation, bool) { return d.configured(another) }},
		{kind: "configured", how: "another unit", make: func(d *draw) (Relation, bool) { return d.configured(unit) }},
	}
}

// typed are keys whose values are of a type, and not a name or an address.
var typed = []string{
	"parallelism.default", "taskmanager.numberOfTaskSlots", "taskmanager.memory.managed.size", "jobmanager.memory.heap.size",
	"state.backend.type", "pipeline.object-reuse", "table.exec.mini-batch.enabled", "table.exec.mini-batch.size",
	"table.exec.mini-batch.allow-latency", "table.exec.rank.topn-cache-size", "state.backend.rocksdb.memory.partitioned-index-filters",
	"state.backend.rocksdb.memory.fixed-per-slot", "rest.profiling.enabled", "taskmanager.memory.task.heap.size",
}

// configured claims a value that is made of the one in force; an empty one is none.
func (d *draw) configured(value func(string) string) (Relation, bool) {
	key, ok := pick(d, slices.Sorted(maps.Keys(d.config)), func(key *string) bool { return slices.Contains(typed, *key) })
	if !ok {
		return Relation{}, false
	}
	now := value(d.config[*key])
	return relation("configured", *key, now), now != ""
}

func as(value string) string { return value }

// size takes a size apart: "128m".
func size(value string) (int, string, bool) {
	digits := strings.TrimRight(value, "kmgb ")
	n, err := strconv.Atoi(digits)
	u := strings.TrimSpace(value[len(digits):])
	return n, strings.TrimSuffix(u, "b"), err == nil && u != "" && u != "b"
}

// notation writes a size in another way that means the same.
func notation(value string) string {
	if n, u, ok := size(value); ok && u == "m" {
		return fmt.Sprintf("%d kb", n*1024)
	}
	return ""
}

// another is a value of the same type that is another one.
func another(value string) string {
	if n, u, ok := size(value); ok {
		return fmt.Sprintf("%d%s", 2*n, u)
	}
	if n, err := strconv.Atoi(value); err == nil {
		return strconv.Itoa(n + 3)
	}
	switch value {
	case "true":
		return "false"
	case "false":
		return "true"
	case "rocksdb":
		return "hashmap"
	}
	return ""
}

// unit is the same number with another unit.
func unit(value string) string {
	if n, u, ok := size(value); ok && u == "m" {
		return fmt.Sprintf("%dg", n)
	}
	return ""
}
