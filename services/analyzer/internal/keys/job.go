package keys

// Job is what a key needs to know of a job. What is empty is unknown.
type Job struct {
	Flink   string // version of the cluster: "1.20.5"
	Backend string // state backend: rocksdb, forst or hashmap
	API     string // sql or datastream

	// Setting returns the value of a key that is in force, and from where: the job or its cluster. An empty value says
	// that nobody is known to have set it: the default is in force for sure when there is a place that was looked at, and
	// presumably when there is none. It is asked for all spellings of an option.
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

// configured returns the value that a key is known to have, by any of its names. Without one, presumed says that nobody
// knows whether somebody set it.
func (j Job) configured(key string) (value string, presumed bool) {
	presumed = true
	if j.Setting == nil {
		return "", presumed
	}
	for _, name := range spellings(key, j.Flink) {
		value, from := j.Setting(name)
		if value != "" {
			return value, false
		}
		presumed = presumed && from == ""
	}
	return "", presumed
}

// InForce returns the value of a key as far as anybody knows, the default too; empty when there is none.
func (j Job) InForce(key string) (value string, presumed bool) {
	if key == "state.backend.type" && j.Backend != "" {
		return j.Backend, false // seen in the job, whatever the configuration says
	}
	if value, presumed = j.configured(key); value != "" {
		return value, presumed
	}
	return Key{Name: key}.Default(j.Flink), presumed
}

// holds reports that a condition is so, as far as anybody knows.
func (c Condition) holds(j Job) (so, presumed bool) {
	if c.Set != nil {
		value, presumed := j.configured(c.Key)
		return (value != "") == *c.Set, presumed
	}
	o, ok := lookup(c.Key, j.Flink)
	if !ok {
		return false, false // this Flink does not have it
	}
	value, presumed := j.InForce(c.Key)
	if c.Not != "" {
		return !o.kind.equal(value, c.Not), presumed
	}
	return o.kind.equal(value, c.Is), presumed
}
