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
		all, err := claim.DecodeFile([]byte(c.text))
		if err != nil || len(all) != c.want || all[0].Mechanism != "A1" {
			t.Errorf("%s: %+v, %v", name, all, err)
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
	f.Fuzz(func(t *testing.T, raw []byte) {
		all, err := claim.DecodeFile(raw)
		if (err == nil) != (len(all) > 0) || err != nil && !errors.Is(err, claim.ErrForm) {
			t.Errorf("%d claims, %v", len(all), err)
		}
	})
}
