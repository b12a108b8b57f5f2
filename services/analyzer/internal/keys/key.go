// Package keys is the table of the keys of Flink's configuration that a recommendation may name. What a key is (its type,
// its default, its old names) comes from the classes of Flink; where it acts, what makes it inert, and which way does harm
// is written by hand in keys.yaml, with the page that says so.
//
// The package reads no job: what it needs to know of one is a [Job].
package keys

import (
	"bytes"
	_ "embed" // the table
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// Level says where a key is read, and so who can set it.
type Level string

// The levels. What is of the job or of SQL may stand in the cluster's configuration, too: it is the default of its jobs.
const (
	LevelCluster Level = "cluster" // when a process starts: job code cannot set it
	LevelJob     Level = "job"     // when a job is submitted: job code overrides the cluster
	LevelTable   Level = "table"   // when SQL is planned: SET and a TableConfig override the cluster, and a DataStream job ignores it
)

// Direction is a way in which a value changes.
type Direction string

// The directions.
const (
	Lower Direction = "lower" // false is lower than true
	Raise Direction = "raise"
)

// Key is what a recommendation needs to know of an option beside what Flink's classes say.
type Key struct {
	Name     string      `yaml:"key"`      // as current Flinks spell it
	Level    Level       `yaml:"level"`    //
	Backends []string    `yaml:"backends"` // state backends that read it: rocksdb, forst, hashmap; all when empty
	Inert    []Inert     `yaml:"inert"`    // each makes it do nothing
	Needs    []Condition `yaml:"needs"`    // all must be so, or the key does harm
	Min      string      `yaml:"min"`      // below it does harm; empty is unbounded
	Max      string      `yaml:"max"`      // above it does harm; empty is unbounded
	Values   []string    `yaml:"values"`   // the only ones that may be recommended; empty is all
	Never    Direction   `yaml:"never"`    // the way that is never recommended from the value in force
	Harm     string      `yaml:"harm"`     // what happens otherwise: without what it needs, beyond the bounds, in the direction never to go, with other values
	Choice   string      `yaml:"choice"`   // why nobody can choose a value who does not know more than a profile shows; empty where it can be
	Adds     bool        `yaml:"adds"`     // its value is added to the one in force, such as the options of a JVM
	With     []string    `yaml:"with"`     // keys whose value holds what this one adds, too
	Sources  []string    `yaml:"sources"`  // pages of Flink's documentation below its root, or classes, that say so
}

// Inert is what makes a key do nothing: all of its conditions together.
type Inert struct {
	While []Condition `yaml:"while"`
	Why   string      `yaml:"why"` // in words, where the conditions do not say it
}

// Condition is a state of another key. One of Is, Not and Set is given; the default counts unless it is Set.
type Condition struct {
	Key string `yaml:"key"`
	Is  string `yaml:"is"`  // it has this value
	Not string `yaml:"not"` // it has another value, or none
	Set *bool  `yaml:"set"` // it is configured, or not
}

// SQL reports that only SQL reads the key.
func (k Key) SQL() bool { return k.Level == LevelTable }

// Overridable reports that the code of a job, or a statement of SQL, can set the key whatever the cluster's configuration
// says.
func (k Key) Overridable() bool { return k.Level != LevelCluster }

// Bounds says within what a value of the key has to lie: "at least 5 s, at most 1 h, never raise it".
func (k Key) Bounds() string {
	var out []string
	if k.Min != "" {
		out = append(out, "at least "+k.Min)
	}
	if k.Max != "" {
		out = append(out, "at most "+k.Max)
	}
	if len(k.Values) > 0 {
		out = append(out, "one of "+strings.Join(k.Values, ", "))
	}
	if k.Never != "" {
		out = append(out, fmt.Sprintf("never %s it", k.Never))
	}
	return strings.Join(out, ", ")
}

// ofProcesses begin keys that only a starting process reads, whatever a job says.
var ofProcesses = []string{"jobmanager.memory.", "taskmanager.memory.", "rest.", "web.", "blob.", "heartbeat."}

// OfCluster reports that no code of a job can set a key, by the table, or by what it is about where the table does not have it.
func OfCluster(key string) bool {
	if k, listed := Lookup(key); listed {
		return !k.Overridable()
	}
	return slices.ContainsFunc(ofProcesses, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}

// Restart says what must start anew before a change of the key acts: the cluster's processes, or the job.
func (k Key) Restart() string {
	if k.Level == LevelCluster {
		return "cluster"
	}
	return "job"
}

// Type is what the values of the key are, in the newest Flink that has it.
func (k Key) Type() Type {
	o, _ := lookup(k.Name, "")
	return o.kind
}

// Default is the value in a version of Flink ("1.20.5", "2") when nobody sets the key; empty when there is none, or it
// depends on the machine. For an unknown version it is empty unless all that have the key agree.
func (k Key) Default(flink string) string {
	value, first := "", true
	for _, r := range releases(flink) {
		o, ok := r.options[r.current(k.Name)]
		switch {
		case !ok:
		case first:
			value, first = o.value, false
		case o.value != value:
			return ""
		}
	}
	return value
}

// Lookup returns what the table says of a key, by any of its names.
func Lookup(key string) (Key, bool) {
	t := table()
	for _, name := range append([]string{key}, spellings(key, "")...) {
		if k, ok := t[name]; ok {
			return k, true
		}
	}
	return Key{}, false
}

//go:embed keys.yaml
var tableFile []byte

var table = sync.OnceValue(func() map[string]Key {
	t, err := load(tableFile)
	if err != nil {
		panic(err) // the file is built in and tested
	}
	return t
})

// load reads a table and checks it.
func load(file []byte) (map[string]Key, error) {
	var list []Key
	decoder := yaml.NewDecoder(bytes.NewReader(file))
	decoder.KnownFields(true)
	if err := decoder.Decode(&list); err != nil {
		return nil, fmt.Errorf("decode keys.yaml: %w", err)
	}
	out := make(map[string]Key, len(list))
	for _, k := range list {
		if _, twice := out[k.Name]; twice {
			return nil, fmt.Errorf("key %s is there twice", k.Name)
		}
		if err := k.check(); err != nil {
			return nil, fmt.Errorf("key %s: %w", k.Name, err)
		}
		out[k.Name] = k
	}
	return out, nil
}

// check holds a key against the lists of Flink and against itself.
func (k Key) check() error {
	switch {
	case !Known(k.Name, ""):
		return errors.New("no Flink has it")
	case !slices.Contains([]Level{LevelCluster, LevelJob, LevelTable}, k.Level):
		return errors.New("level is cluster, job or table")
	case !slices.Contains([]Direction{"", Lower, Raise}, k.Never):
		return errors.New("never is lower or raise")
	case (k.Min != "" || k.Max != "" || k.Never != "" || len(k.Values)+len(k.Needs) > 0) != (k.Harm != ""):
		return errors.New("harm says what needs, min, max, values and never keep off")
	case len(k.Sources) == 0:
		return errors.New("sources are missing")
	}
	for _, value := range append([]string{k.Min, k.Max}, k.Values...) {
		if _, err := k.Type().parse(value); value != "" && err != nil {
			return err
		}
	}
	conditions := k.Needs
	for _, i := range k.Inert {
		if len(i.While) == 0 {
			return errors.New("inert says while")
		}
		conditions = slices.Concat(conditions, i.While)
	}
	for _, c := range conditions {
		if err := c.check(); err != nil {
			return err
		}
	}
	for _, key := range k.With {
		if !Known(key, "") {
			return fmt.Errorf("no Flink has %s", key)
		}
	}
	return nil
}

func (c Condition) check() error {
	o, ok := lookup(c.Key, "")
	given := 0
	for _, one := range []bool{c.Is != "", c.Not != "", c.Set != nil} {
		if one {
			given++
		}
	}
	if !ok || given != 1 {
		return fmt.Errorf("condition on %q: it is a key with one of is, not and set", c.Key)
	}
	_, err := o.kind.parse(c.Is + c.Not)
	if c.Set != nil {
		return nil
	}
	return err
}
