package events

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Limits of a scope.
const (
	// MaxTaskManagers is how many TaskManagers a scope can ask for: a run holds no more profiles than that, in one mode.
	MaxTaskManagers = 80
	maxTaskManager  = 512 // bytes of an id
)

// Words of a scope as text, see [ParseScope].
const (
	ScopeAll     = "all"
	ScopeBusiest = "busiest"
	ScopeNamed   = "named"
)

// Scope narrows a run to some of the TaskManagers that run the job. The zero value is all of them, as far as a run holds
// them: 80 profiles, which are 40 TaskManagers in two modes. Of more than that, and of those that are named, the ones are
// taken that matter most for the speed of the job at that time. In a request a scope may also be a text, see [ParseScope].
type Scope struct {
	TaskManagers    []string `json:"taskManagers,omitempty"`    // ids; empty is all
	MaxTaskManagers int      `json:"maxTaskManagers,omitempty"` // the busiest first; a run holds 80 profiles, so 0 is 40 in two modes
}

const scopeExpected = `"all", "busiest N" with N from 1, "named ID…", or an object`

// ParseScope reads a scope as people write it: "all", "busiest 3", or "named tm-1 tm-2", with blanks or commas between the
// ids.
func ParseScope(text string) (Scope, error) {
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' })
	if len(words) == 0 {
		return Scope{}, field("scope", scopeExpected, text)
	}
	var s Scope
	switch kind, rest := words[0], words[1:]; {
	case kind == ScopeAll && len(rest) == 0:
		return s, nil
	case kind == ScopeBusiest && len(rest) == 1:
		n, err := strconv.Atoi(rest[0])
		if err != nil || n < 1 {
			return s, field("scope", scopeExpected, text)
		}
		s.MaxTaskManagers = n
	case kind == ScopeNamed && len(rest) > 0:
		s.TaskManagers = rest
	default:
		return s, field("scope", scopeExpected, text)
	}
	return s, s.Validate()
}

// String is the scope as [ParseScope] reads it. The busiest of some that are named have no such form; it then names both.
func (s Scope) String() string {
	var parts []string
	if len(s.TaskManagers) > 0 {
		parts = append(parts, ScopeNamed+" "+strings.Join(s.TaskManagers, " "))
	}
	if s.MaxTaskManagers > 0 {
		parts = append(parts, ScopeBusiest+" "+strconv.Itoa(s.MaxTaskManagers))
	}
	if len(parts) == 0 {
		return ScopeAll
	}
	return strings.Join(parts, ", ")
}

// Validate reports the first wrong field.
func (s Scope) Validate() error {
	switch {
	case s.MaxTaskManagers < 0:
		return field("scope.maxTaskManagers", "0 or more", strconv.Itoa(s.MaxTaskManagers))
	case len(s.TaskManagers) > MaxTaskManagers:
		return field("scope.taskManagers", "at most 80 ids", strconv.Itoa(len(s.TaskManagers)))
	}
	for i, id := range s.TaskManagers {
		at := "scope.taskManagers[" + strconv.Itoa(i) + "]"
		switch {
		case id == "" || len(id) > maxTaskManager:
			return field(at, "an id of 1 to 512 bytes", id)
		case slices.Contains(s.TaskManagers[:i], id):
			return field(at, "each id once", id)
		}
	}
	return nil
}

// plainScope is a scope without its methods.
type plainScope Scope

// UnmarshalJSON implements json.Unmarshaler.
func (s *Scope) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err == nil {
		if text == "" { // null
			return nil
		}
		*s, err = ParseScope(text)
		return err
	}
	var p plainScope
	if err := json.Unmarshal(b, &p); err != nil {
		return scopeError(err)
	}
	*s = Scope(p)
	return nil
}

// checkScope refuses unknown fields in the scope of a request, which a decoder that is strict does not see there.
func checkScope(request []byte) error {
	var probe struct {
		Scope json.RawMessage `json:"scope"`
	}
	if err := json.Unmarshal(request, &probe); err != nil || len(probe.Scope) == 0 || probe.Scope[0] != '{' {
		return nil //nolint:nilerr // the request was decoded before.
	}
	var p plainScope
	return scopeError(strict(probe.Scope, "request", &p))
}

// scopeError names the field in the scope, and the scope itself where there is none.
func scopeError(err error) error {
	if err == nil {
		return nil
	}
	err = jsonError("scope", err)
	if fe, ok := err.(*FieldError); ok { //nolint:errorlint // its own
		return within("scope", fe)
	}
	return field("scope", scopeExpected, "")
}
