package claims

// Claim is a claim as `squirrly check` reads it.
type Claim struct {
	Operator  string     `json:"operator"`
	Mechanism string     `json:"mechanism"`
	Share     string     `json:"share"`
	Because   []Relation `json:"because"`
	Changes   []Change   `json:"changes"`
	Doubts    *string    `json:"doubts"`
	Reading   *string    `json:"reading"`
}

// Relation is a reason of a claim.
type Relation struct {
	Kind string  `json:"kind"`
	A    string  `json:"a"`
	B    *string `json:"b"`
}

// Change is something to do about a claim.
type Change struct {
	Kind     string  `json:"kind"`
	Key      *string `json:"key"`
	Value    *string `json:"value"`
	Operator *string `json:"operator"`
	Frame    *string `json:"frame"`
	Sketch   *string `json:"sketch"`
}

// The kinds of cases beside those of relations.
const (
	Whole   = "claim"  // operator, mechanism, share, relations and changes together
	Setting = "change" // the one change of the claim
)

// Kinds are those of all cases, in the order of tables.
func Kinds() []string {
	return []string{"part_of", "called_by", "larger_than", "feeds", "waits_for", "absent", "configured", Whole, Setting}
}

// Unknown is how a claim is made that names what there is not.
const Unknown = "ids that nothing has"

// Case is a claim, and whether it is true. Of the kind of a relation, the one relation of the claim is meant, and the rest of
// the claim is as true as it can be made.
type Case struct {
	Run   string // whose
	Kind  string // see [Kinds]
	True  bool
	How   string // it was made: "reversed"
	Claim Claim
}

// relation is one of two operands; an empty b is none.
func relation(kind, a, b string) Relation {
	r := Relation{Kind: kind, A: a}
	if b != "" {
		r.B = &b
	}
	return r
}
