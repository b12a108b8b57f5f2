package prompt

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// tuning are the beginnings of configuration keys that bear on performance.
var tuning = []string{
	"cluster.evenly-spread-out-slots", "env.java.opts", "execution.", "jobmanager.scheduler", "kubernetes.taskmanager.cpu",
	"kubernetes.taskmanager.memory", "kubernetes.taskmanager.limit-factor", "metrics.latency", "parallelism.", "pipeline.",
	"python.fn-execution", "restart-strategy", "state.", "table.exec.", "table.optimizer.", "taskmanager.cpu",
	"taskmanager.load-balance", "taskmanager.memory.", "taskmanager.network.", "taskmanager.numberOfTaskSlots",
}

// bulky are parts of keys that say where something is or what it is called, and not how it works.
var bulky = []string{".dir", "-dir", "path", "url", "uri", "jars", "classpath", "archives", "cached-files", "pipeline.name"}

// defaults are the values that the keys have in Flink 1.20 and 2.x when nobody sets them; a setting that says the same
// tells nothing.
var defaults = map[string]string{
	"cluster.evenly-spread-out-slots":                    "false",
	"execution.buffer-timeout.enabled":                   "true",
	"execution.buffer-timeout.interval":                  "100 ms",
	"execution.checkpointing.mode":                       "EXACTLY_ONCE",
	"execution.checkpointing.max-concurrent-checkpoints": "1",
	"execution.checkpointing.min-pause":                  "0 ms",
	"execution.checkpointing.timeout":                    "10 min",
	"execution.checkpointing.unaligned":                  "false",
	"execution.checkpointing.unaligned.enabled":          "false",
	"execution.checkpointing.incremental":                "false",
	"execution.runtime-mode":                             "STREAMING",
	"jobmanager.scheduler":                               "Default",
	"parallelism.default":                                "1",
	"pipeline.auto-watermark-interval":                   "200 ms",
	"pipeline.force-avro":                                "false",
	"pipeline.force-kryo":                                "false",
	"pipeline.generic-types":                             "true",
	"pipeline.object-reuse":                              "false",
	"pipeline.operator-chaining":                         "true",
	"pipeline.operator-chaining.enabled":                 "true",
	"state.backend.type":                                 "hashmap",
	"table.exec.mini-batch.enabled":                      "false",
	"taskmanager.memory.managed.fraction":                "0.4",
	"taskmanager.memory.network.fraction":                "0.1",
	"taskmanager.memory.jvm-overhead.fraction":           "0.1",
	"taskmanager.memory.segment-size":                    "32 kb",
	"taskmanager.network.memory.buffer-debloat.enabled":  "false",
	"taskmanager.numberOfTaskSlots":                      "1",
}

// relevant keeps the settings that bear on performance and differ from Flink's defaults, and those that the findings
// recommend to change, whatever they are.
func relevant(settings map[string]string, keys []string) map[string]string {
	out := map[string]string{}
	for key, value := range settings {
		value = strings.TrimSpace(modules.ReplaceAllString(value, ""))
		if slices.Contains(keys, key) || value != "" && tunes(key) && !same(defaults[key], value) {
			out[key] = value
		}
	}
	return out
}

// modules are the options of the JVM that Flink's own configuration opens its modules with.
var modules = regexp.MustCompile(`--add-(?:exports|opens)[= ]\S+\s*`)

func tunes(key string) bool {
	in := func(part string) bool { return strings.Contains(key, part) }
	return slices.ContainsFunc(tuning, func(p string) bool { return strings.HasPrefix(key, p) }) &&
		!slices.ContainsFunc(bulky, in)
}

// same compares two values without regard to case and spaces.
func same(a, b string) bool {
	return a != "" && strings.EqualFold(strings.ReplaceAll(a, " ", ""), strings.ReplaceAll(b, " ", ""))
}

// settingsBlock lists the settings, sorted.
func (c cleaner) settingsBlock(settings map[string]string) string {
	var b strings.Builder
	for i, key := range slices.Sorted(maps.Keys(settings)) {
		if i == maxSettings {
			fmt.Fprintf(&b, "%d further settings\n", len(settings)-i)
			break
		}
		fmt.Fprintf(&b, "%s: %s\n", c.label(key), c.sentence(settings[key]))
	}
	return b.String()
}
