package claim_test

import (
	"errors"
	"strings"
	"testing"

	"squirrly.dev/services/analyzer/internal/claim"
)

const one = `{"operator":"O3","mechanism":"A1","share":"F1","because":[{"kind":"part_of","a":"F1","b":"F2"}],"changes":[],"doubts":null,"reading":null}`

func TestDecodeFile(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want int
	}{
		"one":       {one, 1},
		"a list":    {" [" + one + ",\n" + one + "]\n", 2},
		"an answer": {`{"claims":[` + one + `],"observations":[]}`, 1},
		"less":      {`{"operator":"O1","mechanism":"A1","share":"F1"}`, 1},
	} {
		f, err := claim.DecodeFile([]byte(c.text))
		if err != nil || len(f.Claims) != c.want || f.Claims[0].Mechanism != "A1" || len(f.Relations) > 0 {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
}

func TestDecodeFile_Relations(t *testing.T) {
	const relation = `{"kind":"part_of","a":"F1","b":"F2"}`
	for name, c := range map[string]struct {
		text string
		want int
	}{
		"one":             {relation, 1},
		"some":            {`{"relations":[` + relation + `,{"kind":"absent","a":"rule C1"}]}`, 2},
		"none":            {`{"relations":[]}`, 0},
		"many":            {`{"relations":[` + strings.Repeat(relation+",", claim.MaxClaims) + relation + `]}`, 0},
		"of no kind":      {`{"relations":[` + relation + `,{"kind":"causes","a":"F1"}]}`, 0},
		"with a claim":    {`{"relations":[` + relation + `],"operator":"O1"}`, 0},
		"one with more":   {`{"kind":"part_of","a":"F1","b":"F2","why":"x"}`, 0},
		"one of a number": {`{"kind":"part_of","a":1}`, 0},
	} {
		f, err := claim.DecodeFile([]byte(c.text))
		if (err == nil) != (c.want > 0) || err != nil && !errors.Is(err, claim.ErrForm) || len(f.Relations) != c.want || len(f.Claims) > 0 {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
}

func TestDecodeFile_SaysWhere(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing":          {"", "line 1"},
		"spaces":           {"  \n ", "line 2"},
		"no JSON":          {"{\n  \"operator\": O3\n}", "line 2, column 15: invalid character 'O'"},
		"cut off":          {one[:40], "unexpected end of JSON input"},
		"a text":           {`"O3"`, "cannot unmarshal string"},
		"null":             {`[null,` + one + `,{"operator":1}]`, "claims[2]"},
		"unknown field":    {`{"operator":"O3","mechanizm":"A1"}`, `unknown field "mechanizm"`},
		"unknown relation": {`[` + one + `,` + strings.Replace(one, "part_of", "partof", 1) + `]`, `claims[1]: answer is not in the required form: no relation is called "partof"`},
		"of a wrong type":  {strings.Replace(one, `"O3"`, `3`, 1), "operator"},
		"no claims":        {`[]`, "0 claims, expected 1 to 20"},
		"no claims at all": {`{"claims":[],"observations":[{"because":[],"reading":"x"}]}`, "no claims"},
		"many":             {"[" + strings.Repeat(one+",", 20) + one + "]", "21 claims"},
		"much":             {"[" + strings.Repeat(" ", claim.MaxBytes) + one + "]", "at most"},
		"text after":       {one + "x", "line 1"},
	} {
		_, err := claim.DecodeFile([]byte(c.text))
		if !errors.Is(err, claim.ErrForm) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func FuzzDecodeFile(f *testing.F) {
	f.Add([]byte(one))
	f.Add([]byte("[" + one + "]"))
	f.Add([]byte(`{"relations":[{"kind":"absent","a":"x"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		f, err := claim.DecodeFile(raw)
		if all := len(f.Claims) + len(f.Relations); (err == nil) != (all > 0) || err != nil && !errors.Is(err, claim.ErrForm) {
			t.Errorf("%d claims and relations, %v", all, err)
		}
	})
}
