// Package claim is the form in which a model answers: claims as data, their JSON schema, and a strict decoder.
//
// A claim names an operator, a mechanism of the catalogue, the fact that says how much, relations that can be decided, and
// changes. Nothing here says whether one is true: that is the work of the package check. Sentences are made by code from what
// holds; a model's own words stand in readings alone.
package claim

// Answer is all that a model says about a run.
type Answer struct {
	Claims       []Claim       `json:"claims"`
	Observations []Observation `json:"observations"`
}

// Claim says what holds an operator back.
type Claim struct {
	Operator  string     `json:"operator"`  // id, as O3
	Mechanism string     `json:"mechanism"` // id in the catalogue, or [Other]
	Share     string     `json:"share"`     // id of the fact that says how much, as T17
	Because   []Relation `json:"because"`   // all of them must hold
	Changes   []Change   `json:"changes"`   // the best one first
	Doubts    *string    `json:"doubts"`    // id of the finding that the claim speaks against, as R2; nil for none
	Reading   *string    `json:"reading"`   // in the model's own words; nil for none
}

// Other is the mechanism of a claim whose cause is none of the catalogue's.
const Other = "other"

// Observation is a remark with what it rests on.
type Observation struct {
	Because []Relation `json:"because"`
	Reading string     `json:"reading"`
}

// Kind is that of a relation.
type Kind string

// The relations.
const (
	PartOf     Kind = "part_of"     // the samples of A are samples of B, too
	CalledBy   Kind = "called_by"   // A runs below B
	LargerThan Kind = "larger_than" // the number of the fact A is larger than that of B
	Feeds      Kind = "feeds"       // records go from the operator or vertex A to B
	WaitsFor   Kind = "waits_for"   // A is held up by B
	Absent     Kind = "absent"      // next to nothing of the time is in A
	Configured Kind = "configured"  // the key A has the value B in force
)

// Kinds are all relations.
func Kinds() []Kind {
	return []Kind{PartOf, CalledBy, LargerThan, Feeds, WaitsFor, Absent, Configured}
}

// Relation is something about A, or about A and B, that evidence can decide. Both are ids: of operators (O), findings (R) and
// facts (F, T, M, V, C, K). Where a frame is meant they may be a name as the call trees show it; for [Absent] A may also be
// "rule C19", and for [Configured] A is a key and B its value.
type Relation struct {
	Kind Kind    `json:"kind"`
	A    string  `json:"a"`
	B    *string `json:"b"`
}

// ChangeKind says what a change is.
type ChangeKind string

// The kinds of changes.
const (
	Set      ChangeKind = "set"      // the key to the value
	Raise    ChangeKind = "raise"    // the key; without a value, code chooses one
	Lower    ChangeKind = "lower"    // likewise
	Code     ChangeKind = "code"     // the function in Frame
	Plan     ChangeKind = "plan"     // how the operators are put together
	Resource ChangeKind = "resource" // more or other machines, memory or slots
)

// ChangeKinds are all kinds of changes.
func ChangeKinds() []ChangeKind { return []ChangeKind{Set, Raise, Lower, Code, Plan, Resource} }

// Change is something to do about a claim.
type Change struct {
	Kind     ChangeKind `json:"kind"`
	Key      *string    `json:"key"`      // of Flink's configuration, for set, raise and lower
	Value    *string    `json:"value"`    // as Flink writes it: "1 gb", "true"
	Operator *string    `json:"operator"` // where code or the plan is changed; nil: the claim's own
	Frame    *string    `json:"frame"`    // the function to change, as the call trees show it
	Sketch   *string    `json:"sketch"`   // of the new code, in the model's own words
}
