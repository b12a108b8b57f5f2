package jobcontext

import (
	"regexp"
	"strconv"
	"strings"
)

// Origin says where the value of a setting is known from.
type Origin string

// The origins of a setting, from the surest to none.
const (
	FromJob     Origin = "job"     // it is in force for this job, whoever set it
	FromCluster Origin = "cluster" // of the JobManager; code of the job may have set another, which no answer of Flink tells
	FromNowhere Origin = ""        // unknown: perhaps Flink's default, perhaps set by the job
)

// Setting is the value of a configuration key for this job, as one would write it in the configuration: times in ms, "2000 ms".
// What is in force for the job wins over what the cluster says, and is found under the older name of its key too; an unknown
// value is empty.
func (c *Context) Setting(key string) (value string, from Origin) {
	names := []string{key}
	if other, ok := otherName[key]; ok {
		names = append(names, other)
	}
	inForce := c.inForce()
	for _, name := range names {
		if v, ok := inForce[name]; ok {
			return v, FromJob
		}
	}
	for _, name := range names {
		if v, ok := c.Config[name]; ok {
			return v, FromCluster
		}
	}
	return "", FromNowhere
}

// olderNames are the deprecated names, in Flink 1.20 and 2.x, of the keys that are known to be in force. The cluster may have
// been given either.
var olderNames = map[string]string{
	"state.backend.type":                                     "state.backend",
	"state.changelog.enabled":                                "state.backend.changelog.enabled",
	"execution.checkpointing.storage":                        "state.checkpoint-storage",
	"execution.checkpointing.unaligned.enabled":              "execution.checkpointing.unaligned",
	"execution.checkpointing.aligned-checkpoint-timeout":     "execution.checkpointing.alignment-timeout",
	"execution.checkpointing.checkpoints-after-tasks-finish": "execution.checkpointing.checkpoints-after-tasks-finish.enabled",
}

var otherName = func() map[string]string {
	both := map[string]string{}
	for newer, older := range olderNames {
		both[newer], both[older] = older, newer
	}
	return both
}()

// inForce is what answers about the job itself tell, by the newer names of the keys.
func (c *Context) inForce() map[string]string {
	set := map[string]string{}
	if c.Job.Type != "" {
		set["execution.runtime-mode"] = c.Job.Type
	}
	if e := c.Execution; e != nil {
		if e.ObjectReuse != nil {
			set["pipeline.object-reuse"] = strconv.FormatBool(*e.ObjectReuse)
		}
		if e.Parallelism > 0 {
			set["parallelism.default"] = strconv.Itoa(e.Parallelism)
		}
	}
	if c.Checkpoints != nil && c.Checkpoints.Config != nil {
		c.Checkpoints.Config.inForce(set)
	}
	miniBatch(c.Vertices, set)
	return set
}

// backends and storages are the configuration's names of Flink's own classes, which are what Flink's answers show.
var (
	backends = map[string]string{
		"HashMapStateBackend": "hashmap", "EmbeddedRocksDBStateBackend": "rocksdb", "ForStStateBackend": "forst",
	}
	storages = map[string]string{"JobManagerCheckpointStorage": "jobmanager", "FileSystemCheckpointStorage": "filesystem"}
)

// inForce adds what the configuration says. One without a mode is of a job that takes no checkpoints, and says only that.
func (k *CheckpointConfig) inForce(set map[string]string) {
	const prefix = "execution.checkpointing."
	set[prefix+"interval"] = millis(k.IntervalMS)
	if k.Mode == "" {
		return
	}
	set[prefix+"mode"] = strings.ToUpper(k.Mode)
	set[prefix+"min-pause"] = millis(k.MinPauseMS)
	set[prefix+"unaligned.enabled"] = strconv.FormatBool(k.Unaligned)
	set[prefix+"aligned-checkpoint-timeout"] = millis(k.AlignedTimeoutMS)
	set[prefix+"tolerable-failed-checkpoints"] = strconv.FormatInt(k.TolerableFailures, 10)
	set[prefix+"checkpoints-after-tasks-finish"] = strconv.FormatBool(k.CheckpointsAfterTasks)
	set["state.changelog.enabled"] = strconv.FormatBool(k.StateChangelog)
	if k.TimeoutMS > 0 {
		set[prefix+"timeout"] = millis(k.TimeoutMS)
	}
	if k.MaxConcurrent > 0 {
		set[prefix+"max-concurrent-checkpoints"] = strconv.FormatInt(k.MaxConcurrent, 10)
	}
	if name, ok := storages[k.Storage]; ok {
		set[prefix+"storage"] = name
	}
	if name, ok := backends[k.StateBackend]; ok {
		set["state.backend.type"] = name
	}
}

func millis(ms int64) string { return strconv.FormatInt(ms, 10) + " ms" }

var assigner = regexp.MustCompile(`\bMiniBatchAssigner\(interval=\[(\d{1,15})ms\]`)

// miniBatch reads the plan, since no route of Flink tells what a SQL job has set: with mini-batch the planner puts an assigner
// behind each table that is read, but not below a group window (the GROUP BY TUMBLE(…) of old). A plan without tables, or
// whose descriptions were cut, tells nothing.
func miniBatch(vertices []Vertex, set map[string]string) {
	const prefix = "table.exec.mini-batch."
	tables, sure := false, true
	for _, v := range vertices {
		if m := assigner.FindStringSubmatch(v.Description); m != nil {
			set[prefix+"enabled"], set[prefix+"allow-latency"] = "true", m[1]+" ms"
			return
		}
		if strings.Contains(v.Name, "MiniBatchAssigner[") { // all that an old context has
			set[prefix+"enabled"], sure = "true", false
		}
		tables = tables || strings.Contains(v.Description, "TableSourceScan(")
		sure = sure && v.Description != "" && !strings.HasSuffix(v.Description, "…") &&
			!strings.Contains(v.Description, "GroupWindowAggregate(") && !strings.Contains(v.Description, "GroupWindowTableAggregate(")
	}
	if tables && sure {
		set[prefix+"enabled"] = "false"
	}
}
