package events

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
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
	const most = 80
	if len(got) > most {
		got = strings.ToValidUTF8(got[:most], "") + "…"
	}
	return &FieldError{Field: name, Expected: expected, Got: got}
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
	var fe *FieldError
	if errors.As(err, &fe) {
		return fe
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return field(strings.Trim(name, `"`), "no such field (is it misspelt?)", "")
	}
	return fmt.Errorf("decode %s: %w", what, err)
}
