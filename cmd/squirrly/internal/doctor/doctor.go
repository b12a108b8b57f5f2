// Package doctor looks at everything that Squirrly depends on, and says for each thing whether it is as it should be, and
// what to do where it is not. It changes nothing. What objects the artifact store lost is not looked at here: that takes
// as long as there are objects.
package doctor

// State is how a thing was found.
type State string

// The states.
const (
	OK   State = "ok"
	Note State = "note" // it works, and somebody should know
	Off  State = "off"  // it is not configured, which is a way to work
	Fail State = "fail"
)

// Finding is what was found about one thing.
type Finding struct {
	Area  string `json:"area"`              // what it belongs to: NATS, Flink …
	State State  `json:"state"`             //
	Says  string `json:"says"`              // one sentence, without names of secrets
	Do    string `json:"whatToDo,omitzero"` // where something is to be done
}

// Broken reports whether something is not as it should be.
func Broken(all []Finding) bool {
	for _, f := range all {
		if f.State == Fail {
			return true
		}
	}
	return false
}
