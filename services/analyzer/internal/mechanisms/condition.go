package mechanisms

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Truth is what is known of a condition.
type Truth int8

// The truths, in the order that makes all of some conditions their least and any of them their greatest.
const (
	No      Truth = -1
	Unknown Truth = 0
	Yes     Truth = 1
)

// Situation is what is known where a mechanism was seen. Empty strings are unknown.
type Situation interface {
	Flink() string                       // "1.20.5"
	Backend() string                     // rocksdb, forst or hashmap
	API() string                         // sql or datastream
	Setting(key string) string           // in force, or the default
	Measure(name string) (float64, bool) // by name, see [Measures]; false when it is unknown
	Part(paths []string) (float64, bool) // share of its samples whose stacks hold one of some paths
	InSource() Truth                     // the operator that it lies in is a source, and none that is chained to one
	Ships() []string                     // how records come to its vertices: HASH, FORWARD, REBALANCE …, or none to a source
}

// Condition is one thing that may be so. Exactly one of its fields is set.
type Condition struct {
	Backend []string    `yaml:"backend"` // the state backend is one of these
	API     string      `yaml:"api"`     // sql or datastream
	Flink   string      `yaml:"flink"`   // "2": this major version; "2.1+": this version or a later one
	Setting *SettingIs  `yaml:"setting"`
	Measure *Range      `yaml:"measure"`
	Frames  *Part       `yaml:"frames"`
	In      string      `yaml:"in"`   // source: the operator is one, and none that is chained to one
	Ship    []string    `yaml:"ship"` // records come to the vertex in one of these ways, or are its own: none
	Not     *Condition  `yaml:"not"`
	Any     []Condition `yaml:"any"`
}

// SettingIs holds when the value in force of a key is one of some.
type SettingIs struct {
	Key string   `yaml:"key"`
	Is  []string `yaml:"is"`
}

// Range holds when a measure lies in it; a bound of 0 is none.
type Range struct {
	Of    string  `yaml:"of"`
	Above float64 `yaml:"above"`
	Below float64 `yaml:"below"`
}

// Part holds when the share of samples whose stacks hold one of some paths lies in a range; a bound of 0 is none.
type Part struct {
	Paths []string `yaml:"paths"`
	Above float64  `yaml:"above"`
	Below float64  `yaml:"below"`
}

// Holds says whether a condition is so.
func (c *Condition) Holds(s Situation) Truth {
	switch {
	case len(c.Backend) > 0:
		return oneOf(s.Backend(), c.Backend)
	case c.API != "":
		return oneOf(s.API(), []string{c.API})
	case c.Flink != "":
		return isVersion(s.Flink(), c.Flink)
	case c.Setting != nil:
		return oneOf(strings.ToLower(s.Setting(c.Setting.Key)), c.Setting.Is)
	case c.Measure != nil:
		x, ok := s.Measure(c.Measure.Of)
		return within(x, ok, c.Measure.Above, c.Measure.Below)
	case c.Frames != nil:
		x, ok := s.Part(c.Frames.Paths)
		return within(x, ok, c.Frames.Above, c.Frames.Below)
	case c.In != "":
		return s.InSource()
	case len(c.Ship) > 0:
		return anyOf(s.Ships(), c.Ship)
	case c.Not != nil:
		return -c.Not.Holds(s)
	}
	least := No
	for i := range c.Any {
		least = max(least, c.Any[i].Holds(s))
	}
	return least
}

// All says whether all of some conditions are so.
func All(conditions []Condition, s Situation) Truth {
	all := Yes
	for i := range conditions {
		all = min(all, conditions[i].Holds(s))
	}
	return all
}

// Possible reports that a mechanism may be at work: nothing that it needs is known to be missing, and nothing refutes it.
func (r *Mechanism) Possible(s Situation) bool {
	return All(r.Needs, s) != No && !slices.ContainsFunc(r.Refutes, func(c Condition) bool { return c.Holds(s) == Yes })
}

// Provable reports that a mechanism may be found at all where that is known of a situation: it is possible, and what its proof
// asks for beside frames is so.
func (r *Mechanism) Provable(s Situation) bool { return All(r.When, s) == Yes && r.Possible(s) }

// Open reports that nothing which is known of a situation says that a mechanism cannot be found there.
func (r *Mechanism) Open(s Situation) bool { return All(r.When, s) != No && r.Possible(s) }

// Unknowns are the conditions, in words, that a mechanism needs to be found and of which nobody knows whether they are so; empty
// when all are known.
func (r *Mechanism) Unknowns(s Situation) string {
	var texts []string
	for _, c := range slices.Concat(r.Needs, r.When) {
		switch {
		case c.Holds(s) != Unknown:
		case c.Measure != nil:
			texts = append(texts, between("the "+Measures[c.Measure.Of], c.Measure.Above, c.Measure.Below))
		default:
			texts = append(texts, c.String())
		}
	}
	return strings.Join(texts, ", ")
}

func oneOf(value string, known []string) Truth {
	switch {
	case value == "":
		return Unknown
	case slices.Contains(known, value):
		return Yes
	}
	return No
}

func anyOf(values, known []string) Truth {
	is := Unknown
	for _, value := range values {
		if is = oneOf(value, known); is == Yes {
			return Yes
		}
	}
	return is
}

func within(x float64, known bool, above, below float64) Truth {
	switch {
	case !known:
		return Unknown
	case (above == 0 || x > above) && (below == 0 || x < below):
		return Yes
	}
	return No
}

// isVersion compares "2.3.0" with "2" or "2.1+".
func isVersion(version, want string) Truth {
	have := numbers(version)
	if len(have) == 0 {
		return Unknown
	}
	least, later := strings.CutSuffix(want, "+")
	wanted := numbers(least)
	if later {
		return truth(slices.Compare(have, wanted) >= 0)
	}
	return truth(slices.Equal(have[:min(len(have), len(wanted))], wanted))
}

func truth(is bool) Truth {
	if is {
		return Yes
	}
	return No
}

func numbers(version string) []int {
	var out []int
	for part := range strings.SplitSeq(version, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			break
		}
		out = append(out, n)
	}
	return out
}

func (c *Condition) check() error {
	set := 0
	for _, is := range []bool{
		len(c.Backend) > 0, c.API != "", c.Flink != "", c.Setting != nil, c.Measure != nil, c.Frames != nil, c.In != "", len(c.Ship) > 0,
		c.Not != nil, len(c.Any) > 0,
	} {
		if is {
			set++
		}
	}
	switch {
	case set != 1:
		return fmt.Errorf("a condition has one part, not %d", set)
	case c.API != "" && c.API != "sql" && c.API != "datastream":
		return fmt.Errorf("no api is called %s", c.API)
	case c.Flink != "" && len(numbers(strings.TrimSuffix(c.Flink, "+"))) == 0:
		return fmt.Errorf("%q is no version", c.Flink)
	case c.Setting != nil && (c.Setting.Key == "" || len(c.Setting.Is) == 0):
		return errors.New("a setting has a key and values")
	case c.Measure != nil && Measures[c.Measure.Of] == "":
		return fmt.Errorf("nothing measures %q", c.Measure.Of)
	case c.In != "" && c.In != "source":
		return fmt.Errorf("nothing is in a %s", c.In)
	case c.Frames != nil:
		return checkPaths(c.Frames.Paths)
	case c.Not != nil:
		return c.Not.check()
	}
	return checkConditions(c.Any)
}

func checkConditions(conditions []Condition) error {
	for i := range conditions {
		if err := conditions[i].check(); err != nil {
			return err
		}
	}
	return nil
}

// asked are the paths that the conditions of a mechanism ask for.
func (r *Mechanism) asked() []string {
	out := pathsOf(slices.Concat(r.Needs, r.When, r.Refutes))
	for i := range r.Changes {
		out = append(out, pathsOf(r.Changes[i].Applies)...)
	}
	return out
}

func pathsOf(conditions []Condition) []string {
	var out []string
	for i := range conditions {
		c := &conditions[i]
		out = append(out, pathsOf(c.Any)...)
		if c.Frames != nil {
			out = append(out, c.Frames.Paths...)
		}
		if c.Not != nil {
			out = append(out, pathsOf([]Condition{*c.Not})...)
		}
	}
	return out
}
