package claim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// File is what somebody wrote to be checked: claims, or relations that stand for themselves.
type File struct {
	Claims    []Claim
	Relations []Relation
}

// DecodeFile reads a file: a claim, a list of them, a whole [Answer], a [Relation], or {"relations": [...]}. Errors wrap
// [ErrForm] and say where it is wrong.
func DecodeFile(raw []byte) (File, error) {
	if err := wellFormed(raw); err != nil {
		return File{}, err
	}
	var f File
	var err error
	switch trimmed := bytes.TrimSpace(raw); {
	case trimmed[0] == '[':
		f.Claims, err = decodeList(trimmed)
	case has(trimmed, "claims"):
		var a Answer
		if a, err = Decode(trimmed); err == nil && len(a.Claims) == 0 {
			err = fmt.Errorf("%w: no claims", ErrForm)
		}
		f.Claims = a.Claims
	case has(trimmed, "relations"), has(trimmed, "kind"):
		f.Relations, err = decodeRelations(trimmed)
	default:
		f.Claims = make([]Claim, 1)
		f.Claims[0], err = DecodeClaim(raw)
	}
	if err != nil {
		return File{}, err
	}
	return f, nil
}

// decodeRelations reads one relation, or an object with a list of them.
func decodeRelations(raw []byte) ([]Relation, error) {
	var all struct {
		Relations []Relation `json:"relations"`
	}
	if has(raw, "relations") {
		if err := decode(raw, &all); err != nil {
			return nil, err
		}
	} else {
		all.Relations = make([]Relation, 1)
		if err := decode(raw, &all.Relations[0]); err != nil {
			return nil, err
		}
	}
	if n := len(all.Relations); n == 0 || n > MaxClaims {
		return nil, fmt.Errorf("%w: %d relations, expected 1 to %d", ErrForm, n, MaxClaims)
	}
	for i := range all.Relations {
		if err := checkRelations(all.Relations[i : i+1]); err != nil {
			return nil, fmt.Errorf("%w: relations[%d]: %w", ErrForm, i, err)
		}
	}
	return all.Relations, nil
}

func decodeList(raw []byte) ([]Claim, error) {
	var all []json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForm, err)
	}
	if len(all) == 0 || len(all) > MaxClaims {
		return nil, fmt.Errorf("%w: %d claims, expected 1 to %d", ErrForm, len(all), MaxClaims)
	}
	claims := make([]Claim, len(all))
	for i, one := range all {
		var err error
		if claims[i], err = DecodeClaim(one); err != nil {
			return nil, fmt.Errorf("claims[%d]: %w", i, err)
		}
	}
	return claims, nil
}

// has reports an object with a property that is not null.
func has(raw []byte, property string) bool {
	var object map[string]json.RawMessage
	return json.Unmarshal(raw, &object) == nil && object[property] != nil
}

// wellFormed says in which line a text is no JSON.
func wellFormed(raw []byte) error {
	if len(raw) > MaxBytes {
		return fmt.Errorf("%w: %d bytes, at most %d are allowed", ErrForm, len(raw), MaxBytes)
	}
	var whole json.RawMessage
	err := json.Unmarshal(raw, &whole)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		before := raw[:min(int(syntax.Offset), len(raw))]
		line := 1 + bytes.Count(before, []byte("\n"))
		return fmt.Errorf("%w: line %d, column %d: %w", ErrForm, line, len(before)-bytes.LastIndexByte(before, '\n')-1, err)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrForm, err)
	}
	return nil
}
