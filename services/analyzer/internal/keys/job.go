package keys

// Job is what a key needs to know of a job. What is empty is unknown.
type Job struct {
	Flink   string // version of the cluster: "1.20.5"
	Backend string // state backend: rocksdb, forst or hashmap
	API     string // sql or datastream

	// Setting returns the value of a key that is in force, and from where: the job or its cluster. An empty value is
	// unknown: the default is in force as far as anybody knows. It is asked for all spellings of an option.
	Setting func(key string) (value, from string)
}

// Setting is a key and a value for it.
type Setting struct{ Key, Value string }

// With returns the job as it would be with some settings.
func (j Job) With(settings ...Setting) Job {
	before := j
	j.Setting = func(key string) (value, from string) {
		now := Current(key, j.Flink)
		for _, s := range settings {
			if Current(s.Key, j.Flink) == now {
				return s.Value, "change"
			}
		}
		if before.Setting == nil {
			return "", ""
		}
		return before.Setting(key)
	}
	return j
}

// configured returns the value that a key is known to have, by any of its names; empty is unknown.
func (j Job) configured(key string) string {
	if j.Setting == nil {
		return ""
	}
	for _, name := range spellings(key, j.Flink) {
		if value, _ := j.Setting(name); value != "" {
			return value
		}
	}
	return ""
}

// inForce returns the value of a key as far as anybody knows, the default too; empty when there is none.
func (j Job) inForce(key string) string {
	if value := j.configured(key); value != "" {
		return value
	}
	return Key{Name: key}.Default(j.Flink)
}

// holds reports that a condition is so, as far as anybody knows.
func (c Condition) holds(j Job) bool {
	if c.Set != nil {
		return (j.configured(c.Key) != "") == *c.Set
	}
	o, ok := lookup(c.Key, j.Flink)
	if !ok {
		return false // this Flink does not have it
	}
	value := j.inForce(c.Key)
	if c.Not != "" {
		return !o.kind.equal(value, c.Not)
	}
	return o.kind.equal(value, c.Is)
}
