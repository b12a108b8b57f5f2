package claim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// DecodeFile reads the claims that somebody wrote into a file: one, a list of them, or a whole [Answer]. Errors wrap
// [ErrForm] and say where it is wrong.
func DecodeFile(raw []byte) ([]Claim, error) {
	if err := wellFormed(raw); err != nil {
		return nil, err
	}
	switch trimmed := bytes.TrimSpace(raw); {
	case trimmed[0] == '[':
		return decodeList(trimmed)
	case isAnswer(trimmed):
		a, err := Decode(trimmed)
		if err == nil && len(a.Claims) == 0 {
			err = fmt.Errorf("%w: no claims", ErrForm)
		}
		return a.Claims, err
	}
	c, err := DecodeClaim(raw)
	if err != nil {
		return nil, err
	}
	return []Claim{c}, nil
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

// isAnswer reports an object that has claims.
func isAnswer(raw []byte) bool {
	var object map[string]json.RawMessage
	return json.Unmarshal(raw, &object) == nil && object["claims"] != nil
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
