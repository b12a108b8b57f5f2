package main

import (
	"cmp"
	"slices"
	"strings"
)

// index collects the classes with code that a TaskManager runs, by package. Analyses of profiles whose classes have lost
// their packages look them up there.
type index map[string][]string

// unseen begins the packages of Flink's jars and the JDK's that no thread of a TaskManager is seen in, or that exist to
// be extended by code of another name.
var unseen = []string{
	"org.apache.flink.calcite.", "org.apache.flink.client.", "org.apache.flink.connector.testframe.",
	"org.apache.flink.runtime.rest.", "org.apache.flink.runtime.webmonitor.", "org.apache.flink.sql.",
	"org.apache.flink.table.api.", "org.apache.flink.table.catalog.", "org.apache.flink.table.client.",
	"org.apache.flink.table.expressions.", "org.apache.flink.table.gateway.", "org.apache.flink.table.module.",
	"org.apache.flink.table.operations.", "org.apache.flink.table.planner.", "org.apache.flink.table.resource.",
}

// seen begins the packages of what a TaskManager runs. ForSt is left out: it has the class names of RocksDB, of which it
// is a fork, and without packages nobody can tell them.
var seen = []string{
	"com.esotericsoftware.kryo.", "java.io.", "java.lang.", "java.math.", "java.net.", "java.nio.", "java.text.",
	"java.time.", "java.util.", "jdk.internal.misc.", "jdk.internal.reflect.", "jdk.internal.util.", "org.apache.flink.",
	"org.apache.kafka.", "org.apache.avro.", "org.apache.pekko.", "org.rocksdb.", "sun.nio.",
}

func (x index) add(k *class) {
	within := func(prefix string) bool { return strings.HasPrefix(k.name, prefix) }
	at := strings.LastIndexByte(k.name, '.')
	if at < 0 || len(k.methods) == 0 || strings.Contains(k.name, "$") || strings.Contains(k.name, ".shaded.") ||
		!slices.ContainsFunc(seen, within) || slices.ContainsFunc(unseen, within) {
		return
	}
	x[k.name[:at]] = append(x[k.name[:at]], k.name[at+1:])
}

// lines returns a line for each package: its name, and the names of its classes.
func (x index) lines() []string {
	var out []string
	for name, classes := range x {
		slices.SortFunc(classes, cmp.Compare[string])
		out = append(out, name+" "+strings.Join(slices.Compact(classes), " "))
	}
	return out
}
