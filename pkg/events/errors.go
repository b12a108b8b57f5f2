package events

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// FieldError says which field of an event or request breaks the contract and what was expected there.
type FieldError struct {
	Field    string // JSON path, for example "data.target.url"
	Expected string // what the contract wants
	Got      string // what was there, shortened; empty when the field is missing
}

// Error implements error.
func (e *FieldError) Error() string {
	if e.Got == "" {
		return fmt.Sprintf("field %s: expected %s", e.Field, e.Expected)
	}
	return fmt.Sprintf("field %s: expected %s, got %q", e.Field, e.Expected, e.Got)
}

func field(name, expected, got string) error {
	return &FieldError{Field: short(name), Expected: expected, Got: short(got)}
}

// short keeps a text of a stranger fit for an error: names and values can be as long as a message.
func short(s string) string {
	const most = 80
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// within prefixes the path of a FieldError with the name of the enclosing field.
func within(parent string, err error) error {
	var fe *FieldError
	if err == nil || !errors.As(err, &fe) {
		return err
	}
	return &FieldError{Field: parent + "." + fe.Field, Expected: fe.Expected, Got: fe.Got}
}

// jsonError turns an error of encoding/json into a FieldError where it names a field.
func jsonError(what string, err error) error {
	var te *json.UnmarshalTypeError
	if errors.As(err, &te) && te.Field != "" {
		return field(te.Field, "a "+te.Type.String(), te.Value)
	}
	if fe, ok := errors.AsType[*FieldError](err); ok {
		return fe
	}
	if pe, ok := errors.AsType[*time.ParseError](err); ok {
		const example = `a time such as "2026-11-23T08:15:00Z"`
		if what == "request" {
			return field("expires", example, pe.Value) // its only time
		}
		return fmt.Errorf("decode %s: expected %s, got %s", what, example, short(pe.Value))
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return field(strings.Trim(name, `"`), "nothing: there is no such field (is it misspelled?)", "")
	}
	return fmt.Errorf("decode %s: %w", what, err)
}
