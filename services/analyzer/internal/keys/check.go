package keys

import (
	"fmt"
	"slices"
	"strings"
)

// Reason says why a value is not recommended.
type Reason string

// The reasons, in the order in which they are looked for.
const (
	Unknown   Reason = "unknown"    // this Flink has no such key
	Old       Reason = "old"        // this Flink spells it otherwise, or has it for those who still use it
	Elsewhere Reason = "elsewhere"  // another state backend reads it, or another API
	Inactive  Reason = "inactive"   // another setting makes it do nothing
	Choice    Reason = "choice"     // it may help, but only somebody who knows the job can choose a value
	WrongType Reason = "wrong type" // the value is none that Flink would take
	Already   Reason = "already"    // it is so already
	Harmful   Reason = "harmful"    // it is beyond the bounds, or turns the way that does harm
)

// Refusal says why a value is not recommended; the zero value says that it may be.
type Refusal struct {
	Reason Reason
	Text   string // a sentence without its full stop

	// Presumed says that it rests on a default which somebody may have left without anybody knowing: what is seen of the
	// job, such as the frames of a feature that is off by default, tells more.
	Presumed bool
}

func refuse(reason Reason, format string, args ...any) Refusal {
	return Refusal{Reason: reason, Text: fmt.Sprintf(format, args...)}
}

// Check says whether a value may be recommended for a job, or else why not. What is not known of the job refuses nothing,
// and a key that nobody is known to have set has its default.
func Check(job Job, key, value string) Refusal {
	if !Known(key, job.Flink) {
		return refuse(Unknown, "%s has no key %s", version(job), key)
	}
	if Deprecated(key, job.Flink) {
		if now := Current(key, job.Flink); now != key {
			return refuse(Old, "%s calls %s by the name of %s", version(job), key, now)
		}
		return refuse(Old, "%s keeps %s only for those who still use it", version(job), key)
	}
	k, listed := Lookup(key)
	if !listed {
		k = Key{Name: key}
		if strings.HasPrefix(key, "security.") {
			return refuse(Harmful, "nothing is known of %s, and advice never weakens security", key)
		}
	}
	for _, refusal := range []Refusal{k.elsewhere(job), k.inert(job), k.undecidable(), k.worth(job, value)} {
		if refusal != (Refusal{}) {
			return refusal
		}
	}
	return Refusal{}
}

// CheckAll says of each of several settings that are made together whether it may be recommended: one may be what makes
// another act.
func CheckAll(job Job, settings []Setting) []Refusal {
	out := make([]Refusal, len(settings))
	for i, s := range settings {
		others := slices.Concat(settings[:i], settings[i+1:])
		out[i] = Check(job.With(others...), s.Key, s.Value)
	}
	return out
}

func version(job Job) string {
	if job.Flink == "" {
		return "Flink"
	}
	return "Flink " + job.Flink
}

// elsewhere refuses what the job's backend or API does not read.
func (k Key) elsewhere(job Job) Refusal {
	if job.Backend != "" && len(k.Backends) > 0 && !slices.Contains(k.Backends, job.Backend) {
		return refuse(Elsewhere, "%s is of the state backend %s, and the job's is %s", k.Name, strings.Join(k.Backends, " or "), job.Backend)
	}
	if k.SQL() && job.API == "datastream" {
		return refuse(Elsewhere, "%s is of SQL, and the job is written in the DataStream API", k.Name)
	}
	return Refusal{}
}

func (k Key) inert(job Job) Refusal {
	for _, i := range k.Inert {
		so, presumed := i.holds(job)
		if !so {
			continue
		}
		text := k.Name + " does nothing while " + i.String()
		if i.Why != "" {
			text += ": " + i.Why
		}
		return Refusal{Inactive, text, presumed}
	}
	return Refusal{}
}

func (i Inert) holds(job Job) (so, presumed bool) {
	for _, c := range i.While {
		so, unsure := c.holds(job)
		if !so {
			return false, false
		}
		presumed = presumed || unsure
	}
	return true, presumed
}

func (i Inert) String() string {
	out := make([]string, len(i.While))
	for n, c := range i.While {
		out[n] = c.String()
	}
	return strings.Join(out, " and ")
}

func (c Condition) String() string {
	switch {
	case c.Is != "":
		return c.Key + " is " + c.Is
	case c.Not != "":
		return c.Key + " is not " + c.Not
	case *c.Set:
		return c.Key + " is set"
	}
	return c.Key + " is not set"
}

func (k Key) undecidable() Refusal {
	if k.Choice == "" {
		return Refusal{}
	}
	return refuse(Choice, "no profile tells what %s should be: %s", k.Name, k.Choice)
}

// worth refuses a value that is none, changes nothing or does harm.
func (k Key) worth(job Job, value string) Refusal {
	o, _ := lookup(k.Name, job.Flink)
	if _, err := o.kind.parse(value); err != nil {
		return refuse(WrongType, "%s: %s", k.Name, err)
	}
	if k.Adds {
		return k.added(job, value)
	}
	now, presumed := job.InForce(k.Name)
	if now != "" && o.kind.equal(now, value) {
		if presumed {
			return Refusal{Already, fmt.Sprintf("%s is %s by default", k.Name, now), true}
		}
		return refuse(Already, "%s is %s already", k.Name, now)
	}
	if len(k.Values) > 0 && !slices.ContainsFunc(k.Values, func(v string) bool { return o.kind.equal(v, value) }) {
		return refuse(Harmful, "%s: %s: %s", k.Name, value, k.Harm)
	}
	for _, c := range k.Needs {
		if so, presumed := c.holds(job); !so {
			return Refusal{Harmful, fmt.Sprintf("%s may be set only where %s: %s", k.Name, c, k.Harm), presumed}
		}
	}
	return k.bounds(job, o.kind, value)
}

// bounds refuses what is beyond them.
func (k Key) bounds(job Job, kind Type, value string) Refusal {
	if order, ok := kind.compare(value, k.Min); ok && order < 0 {
		return refuse(Harmful, "%s: %s is below %s: %s", k.Name, value, k.Min, k.Harm)
	}
	if order, ok := kind.compare(value, k.Max); ok && order > 0 {
		return refuse(Harmful, "%s: %s is above %s: %s", k.Name, value, k.Max, k.Harm)
	}
	return k.turned(job, kind, value)
}

// turned refuses a value that lies in the direction never to go.
func (k Key) turned(job Job, kind Type, value string) Refusal {
	now, presumed := job.InForce(k.Name)
	order, ok := kind.compare(value, now)
	switch {
	case ok && order < 0 && k.Never == Lower:
		return Refusal{Harmful, fmt.Sprintf("%s: %s is less than the %s that it is: %s", k.Name, value, now, k.Harm), presumed}
	case ok && order > 0 && k.Never == Raise:
		return Refusal{Harmful, fmt.Sprintf("%s: %s is more than the %s that it is: %s", k.Name, value, now, k.Harm), presumed}
	}
	return Refusal{}
}

// added refuses words that are there already. Of "-XX:Name=512m" the same or more counts as there.
func (k Key) added(job Job, value string) Refusal {
	var there []string
	for _, key := range append([]string{k.Name}, k.With...) {
		now, _ := job.InForce(key)
		there = append(there, strings.Fields(now)...)
	}
	for word := range strings.FieldsSeq(value) {
		if !slices.ContainsFunc(there, func(other string) bool { return other == word || atLeast(other, word) }) {
			return Refusal{}
		}
	}
	return refuse(Already, "%s has %s already", k.Name, value)
}

// atLeast reports that two options of a JVM are one with a size, and the first is no smaller.
func atLeast(a, b string) bool {
	nameA, sizeA, _ := strings.Cut(a, "=")
	nameB, sizeB, ok := strings.Cut(b, "=")
	if !ok || nameA != nameB {
		return false
	}
	order, ok := MemorySize.compare(sizeA, sizeB)
	return ok && order >= 0
}
