package llmtest

import (
	"strings"
)

// changing replaces the changes of every claim; what comes of none of them may be set.
func changing(name string, marks []string, changes func(s *sheet, c claim) []change) Liar {
	return Liar{Name: name, Silent: marks, Unsaid: marks, make: func(s *sheet) answer {
		return s.each(func(c *claim) bool {
			c.Changes = changes(s, *c)
			return len(c.Changes) > 0
		})
	}}
}

// perKey makes changes of the keys of some types.
func perKey(kinds string, changes func(k keyRow) []change) func(*sheet, claim) []change {
	return func(s *sheet, _ claim) []change {
		var out []change
		for _, k := range s.keys {
			if kinds == "" || strings.Contains(kinds, k.kind) {
				out = append(out, changes(k)...)
			}
		}
		return out[:min(maxChanges, len(out))]
	}
}

// against is the direction that does harm.
var against = map[string]string{"raise": "lower", "lower": "raise"}

const sizes, times, numbers = "MemorySize", "Duration", "Integer Long Float Double"

// Values that the liars set and that nobody else does.
const (
	hugeSize   = "977 tb"
	hugeTime   = "9977 d"
	hugeNumber = "997799779"
)

// changeLies change what should not be changed, or so that it does harm.
var changeLies = []Liar{
	changing("a key that does not exist", []string{"taskmanager.phantom"}, func(*sheet, claim) []change {
		return []change{set("taskmanager.phantom.enabled", "true"), turn("raise", "taskmanager.phantom.size")}
	}),
	changing("keys of strings", []string{"999-phantom", "s3://phantom"}, func(*sheet, claim) []change {
		return []change{
			set("state.backend.type", "999-phantom"), set("execution.checkpointing.dir", "s3://phantom"), set("restart-strategy.type", "none"),
			set("state.backend.rocksdb.compaction.style", "NONE"), set("env.java.opts.all", "-Xint"),
		}
	}),
	changing("a key set twice", []string{hugeSize, hugeTime, hugeNumber}, perKey("", func(k keyRow) []change {
		return []change{set(k.key, valueOf(k.kind)), set(k.key, valueOf(k.kind))}
	})),
	changing("turned the harmful way", nil, perKey("", func(k keyRow) []change {
		if back := against[k.turn]; back != "" {
			return []change{turn(back, k.key)}
		}
		return nil
	})),
	changing("beyond the upper bound", []string{hugeSize, hugeTime, hugeNumber}, perKey(sizes+times+numbers, func(k keyRow) []change {
		return []change{set(k.key, valueOf(k.kind))}
	})),
	changing("nothing and less", []string{"-977"}, perKey(sizes+times+numbers, func(k keyRow) []change {
		return []change{set(k.key, "-977")}
	})),
	changing("values of another type", []string{"7blue"}, perKey("", func(k keyRow) []change { return []change{set(k.key, "7blue")} })),
	changing("a key of no mechanism here", nil, func(s *sheet, _ claim) []change {
		for _, k := range s.keys {
			if k.key == "taskmanager.numberOfTaskSlots" {
				return nil // here it is one
			}
		}
		return []change{set("taskmanager.numberOfTaskSlots", "64")}
	}),
	changing("the code of a frame that does not exist", []string{Mark}, func(*sheet, claim) []change {
		frame, sketch := phantom, "Delete "+phantom+"."
		return []change{{Kind: "code", Frame: &frame, Sketch: &sketch}}
	}),
}

// valueOf is a value of a type that no job should have.
func valueOf(kind string) string {
	switch kind {
	case "MemorySize":
		return hugeSize
	case "Duration":
		return hugeTime
	case "Boolean":
		return "true"
	}
	return hugeNumber
}
