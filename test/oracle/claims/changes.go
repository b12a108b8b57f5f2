package claims

import (
	"slices"
	"strings"
)

// changeMakers are of the one setting that a claim wants changed.
func changeMakers() []maker {
	return []maker{
		{kind: Setting, truth: true, how: "the fix", whole: (*draw).fix},
		{kind: Setting, how: "turned the other way", whole: (*draw).harm},
		{kind: Setting, how: "of another fault", whole: (*draw).foreignFix},
		{kind: Setting, how: "of the wrong type", whole: (*draw).wrongType},
		{kind: Setting, how: "no key of Flink", whole: func(d *draw) (Claim, bool) { return d.with(noKeys) }},
		{kind: Setting, how: "free text", whole: func(d *draw) (Claim, bool) { return d.with(freeText) }},
	}
}

// Set is the change of a key to a value. An empty value is none.
func Set(kind, key, value string) Change {
	c := Change{Kind: kind, Key: &key}
	if value != "" {
		c.Value = &value
	}
	return c
}

var (
	noKeys   = []Change{Set("set", "taskmanager.turbo.enabled", "true"), Set("raise", "state.backend.cache.factor", ""), Set("set", "pipeline.objectreuse", "true")}
	freeText = []Change{
		Set("set", "env.java.opts.taskmanager", "-XX:OnError=halt"), Set("set", "taskmanager.host", "10.0.0.1"), Set("set", "state.checkpoints.dir", "s3://elsewhere/x"),
	}
	// foreign are fixes of faults that only jobs with such frames can have.
	foreign = map[string]Change{
		"org.apache.flink.table": Set("set", "table.exec.mini-batch.enabled", "true"),
		"rocksdb":                Set("set", "state.backend.rocksdb.memory.partitioned-index-filters", "true"),
		"Compress":               Set("set", "execution.checkpointing.snapshot-compression", "true"),
	}
)

// with is the planted fault with one of some changes.
func (d *draw) with(all []Change) (Claim, bool) {
	c, ok := d.planted()
	change, some := pick(d, all, nil)
	if !ok || !some {
		return c, false
	}
	c.Changes = []Change{*change}
	return c, true
}

func (d *draw) fix() (Claim, bool) { return d.with(d.Truth.Fixes) }

// harm turns a fix around.
func (d *draw) harm() (Claim, bool) {
	c, ok := d.fix()
	if !ok {
		return c, false
	}
	turned := c.Changes[0]
	switch {
	case turned.Kind == "raise":
		turned.Kind, turned.Value = "lower", nil
	case turned.Value != nil && *turned.Value == "true":
		turned = Set("set", *turned.Key, "false")
	default:
		return c, false
	}
	c.Changes = []Change{turned}
	return c, true
}

// foreignFix is the fix of a fault that no page has a frame of.
func (d *draw) foreignFix() (Claim, bool) {
	var all []Change
	for _, sign := range []string{"org.apache.flink.table", "rocksdb", "Compress"} {
		if !slices.ContainsFunc(d.frames, func(name string) bool { return strings.Contains(name, sign) }) {
			all = append(all, foreign[sign])
		}
	}
	return d.with(all)
}

// wrongType sets the key of a fix to what is no value of it.
func (d *draw) wrongType() (Claim, bool) {
	c, ok := d.fix()
	wrong, _ := pick(d, []string{"banana", "true true", "-1 furlongs", "\u221e"}, nil)
	if !ok {
		return c, false
	}
	c.Changes = []Change{Set("set", *c.Changes[0].Key, *wrong)}
	return c, true
}
