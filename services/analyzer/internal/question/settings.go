package question

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/services/analyzer/internal/ask/prompt"
	"squirrly.dev/services/analyzer/internal/keys"
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

// told are keys whose values are told even where nobody set them: what a job costs hangs on them.
var told = []string{
	"execution.checkpointing.interval", "parallelism.default", "pipeline.object-reuse", "state.backend.type", "taskmanager.memory.managed.fraction",
	"taskmanager.memory.managed.size", "taskmanager.numberOfTaskSlots",
}

// toldOfSQL are those of jobs in SQL.
var toldOfSQL = []string{"table.exec.mini-batch.enabled", "table.exec.state.ttl"}

// modules are the options of the JVM that Flink's own configuration opens its modules with.
var modules = regexp.MustCompile(`--add-(?:exports|opens)[= ]\S+\s*`)

// fromDefault is the origin of a value that nobody is known to have set.
const fromDefault = "default"

// deciding are the keys that decide whether one of some keys acts.
func deciding(named []prompt.Key) map[string]bool {
	out := map[string]bool{}
	for _, k := range named {
		entry, _ := keys.Lookup(k.Name)
		for _, inert := range entry.Inert {
			for _, other := range inert.While {
				out[other.Key] = true
			}
		}
	}
	return out
}

// settingsOf lists the settings that bear on performance and differ from Flink's defaults, those that tell most whoever set
// them, and those that decide whether one of the keys acts.
func settingsOf(c *jobcontext.Context, sql bool, named []prompt.Key) []prompt.Setting {
	want := deciding(named)
	for _, key := range told {
		want[key] = true
	}
	for _, key := range toldOfSQL {
		want[key] = want[key] || sql
	}
	for key := range c.Config {
		key = keys.Current(key, c.FlinkVersion)
		if _, looked := want[key]; !looked && tunes(key) {
			want[key] = false // told where it is no default
		}
	}
	var out []prompt.Setting
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if s, ok := settingOf(c, key, want[key]); ok {
			out = append(out, s)
		}
	}
	return out
}

// settingOf is the setting of a key; one that says the same as Flink's default is told only where it is wanted.
func settingOf(c *jobcontext.Context, key string, wanted bool) (prompt.Setting, bool) {
	value, from := keys.Configured(key, c.FlinkVersion, func(name string) (string, string) {
		value, origin := c.Setting(name)
		return value, string(origin)
	})
	value = strings.TrimSpace(modules.ReplaceAllString(value, ""))
	usual := keys.Key{Name: key}.Default(c.FlinkVersion)
	switch {
	case value == "" && (!wanted || usual == ""):
		return prompt.Setting{}, false
	case value == "":
		return prompt.Setting{Key: key, Value: usual, From: fromDefault}, true
	}
	return prompt.Setting{Key: key, Value: value, From: from}, wanted || !keys.Same(key, value, usual)
}

func tunes(key string) bool {
	in := func(part string) bool { return strings.Contains(key, part) }
	return slices.ContainsFunc(tuning, func(p string) bool { return strings.HasPrefix(key, p) }) &&
		!slices.ContainsFunc(bulky, in)
}
