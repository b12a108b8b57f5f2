package claim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// Limits of an answer. One that is larger is refused whole: a model that claims everything has chosen nothing.
const (
	MaxBytes        = 256 << 10 // of the JSON text
	MaxClaims       = 20
	MaxObservations = 10
	MaxItems        = 10   // of each list in a claim
	MaxID           = 300  // bytes of an id, a name of a frame, a key or a value
	MaxText         = 4000 // bytes of one reading or sketch, before it is cut for people
)

// ErrForm is what every error of Decode wraps: the answer is not in the required form.
var ErrForm = errors.New("answer is not in the required form")

// Decode reads an answer strictly: unknown fields, wrong types, unknown kinds, trailing text and breached limits are errors
// that wrap [ErrForm]. Missing fields count as empty, since servers without structured output leave them out.
func Decode(raw []byte) (Answer, error) {
	var a Answer
	if err := decode(raw, &a); err != nil {
		return Answer{}, err
	}
	if err := a.check(); err != nil {
		return Answer{}, fmt.Errorf("%w: %w", ErrForm, err)
	}
	return a, nil
}

// DecodeClaim reads one claim, as strictly.
func DecodeClaim(raw []byte) (Claim, error) {
	var c Claim
	if err := decode(raw, &c); err != nil {
		return Claim{}, err
	}
	if err := c.check(); err != nil {
		return Claim{}, fmt.Errorf("%w: %w", ErrForm, err)
	}
	return c, nil
}

func decode(raw []byte, into any) error {
	switch {
	case len(raw) > MaxBytes:
		return fmt.Errorf("%w: %d bytes, at most %d are allowed", ErrForm, len(raw), MaxBytes)
	case !utf8.Valid(raw):
		return fmt.Errorf("%w: not valid UTF-8", ErrForm)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("%w: %w", ErrForm, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: text after the JSON object", ErrForm)
	}
	return nil
}

func (a *Answer) check() error {
	switch {
	case len(a.Claims) == 0 && len(a.Observations) == 0:
		return errors.New("neither claims nor observations")
	case len(a.Claims) > MaxClaims:
		return fmt.Errorf("%d claims, at most %d are allowed", len(a.Claims), MaxClaims)
	case len(a.Observations) > MaxObservations:
		return fmt.Errorf("%d observations, at most %d are allowed", len(a.Observations), MaxObservations)
	}
	for i := range a.Claims {
		if err := a.Claims[i].check(); err != nil {
			return fmt.Errorf("claims[%d]: %w", i, err)
		}
	}
	for i := range a.Observations {
		o := &a.Observations[i]
		if err := errors.Join(checkRelations(o.Because), short(MaxText, o.Reading)); err != nil {
			return fmt.Errorf("observations[%d]: %w", i, err)
		}
	}
	return nil
}

func (c *Claim) check() error {
	if len(c.Because) > MaxItems || len(c.Changes) > MaxItems {
		return fmt.Errorf("a list has more than %d items", MaxItems)
	}
	err := errors.Join(short(MaxID, c.Operator, c.Mechanism, c.Share, text(c.Doubts)), short(MaxText, text(c.Reading)), checkRelations(c.Because))
	for i := range c.Changes {
		ch := &c.Changes[i]
		if !slices.Contains(ChangeKinds(), ch.Kind) {
			return fmt.Errorf("no change is called %.40q", string(ch.Kind))
		}
		err = errors.Join(err, short(MaxID, text(ch.Key), text(ch.Value), text(ch.Operator), text(ch.Frame)), short(MaxText, text(ch.Sketch)))
	}
	return err
}

func checkRelations(all []Relation) error {
	if len(all) > MaxItems {
		return fmt.Errorf("a list has more than %d items", MaxItems)
	}
	for _, r := range all {
		if !slices.Contains(Kinds(), r.Kind) {
			return fmt.Errorf("no relation is called %.40q", string(r.Kind))
		}
		if err := short(MaxID, r.A, text(r.B)); err != nil {
			return err
		}
	}
	return nil
}

func short(most int, all ...string) error {
	for _, s := range all {
		if len(s) > most {
			return fmt.Errorf("a text has %d bytes, at most %d are allowed", len(s), most)
		}
	}
	return nil
}

// text is what an optional text says; empty for none.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
