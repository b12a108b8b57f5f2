package strictyaml_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/strictyaml"
)

type (
	value  = strictyaml.Value
	fields = map[string]func(value)
)

// shape is a document with a field of each kind.
type shape struct {
	name   string
	items  []string
	texts  map[string]string
	number int
	wait   time.Duration
}

func (s *shape) read(v value) {
	v.Fields(fields{
		"name":      func(v value) { s.name = v.Text() },
		"tokenFile": func(v value) { v.Text() },
		"items": func(v value) {
			for _, item := range v.Items() {
				s.items = append(s.items, item.Text())
			}
		},
		"texts":  func(v value) { s.texts = v.Texts(2) },
		"number": func(v value) { s.number = v.Int(1, 9) },
		"wait":   func(v value) { s.wait = v.Duration(time.Second, time.Hour) },
	}, "name")
}

func TestRead(t *testing.T) {
	var s shape
	err := strictyaml.Read([]byte("name: 7\nitems: [a, b]\ntexts: {x.y/z: 1}\nnumber: 3\nwait: 1m30s\n"), s.read)
	if got := fmt.Sprint(s); err != nil || got != "{7 [a b] map[x.y/z:1] 3 90000000000}" {
		t.Errorf("%s, %v", got, err)
	}
}

// canary is a secret that stands in the wrong place.
const canary = "hunter2-Canary"

// mistakes are documents with what is told of them; %s is what an ordinary document is quoted with, and a secret one not.
var mistakes = map[string]struct{ text, plain, secret string }{
	"empty":          {"", "line 1: the document is empty", ""},
	"a comment":      {"# " + canary + "\n", "line 1: the document is empty", ""},
	"two documents":  {"name: a\n---\nname: b\n", "line 2: expected one document, and there is a second one", ""},
	"no YAML":        {"name: a\n\tb: " + canary, "line 2: not YAML: found a tab character that violates indentation", ""},
	"unknown anchor": {"name: *" + canary, "line 1: not YAML: unknown anchor '" + canary + "' referenced", "line 1: not YAML: unknown anchor … referenced"},
	"an alias":       {"name: &" + canary + " x\n", "line 1: anchors and aliases (& and *) are not supported", ""},
	"a list":         {"- " + canary, "line 1: expected fields (items, name, number, texts, tokenFile, wait), got a list", ""},
	"a text": {
		canary, `line 1: expected fields (items, name, number, texts, tokenFile, wait), got "` + canary + `"`,
		"line 1: expected fields (items, name, number, texts, tokenFile, wait), got something else",
	},
	"nothing":        {"name:\n", "line 1: name: expected a text, got nothing", ""},
	"a merge key":    {"<<: {name: x}\nname: y\n", "line 1: <<: there is no such field; expected ", "line 1: this one: there is no such field; expected "},
	"missing":        {"number: 1\n", "line 1: the field name is missing", ""},
	"twice":          {"name: a\nname: b\n", "line 2: name: it is there twice", ""},
	"misspelt":       {"name: a\nItem: []\n", "line 2: Item: there is no such field: did you mean items?", ""},
	"many for one":   {"names: [a]\nname: b\n", "line 1: names: there is no such field: did you mean name?", ""},
	"another case":   {"name: a\ntoken-file: x\n", "line 2: token-file: there is no such field: did you mean tokenFile?", ""},
	"a secret":       {"name: a\ntoken: " + canary, "line 2: token: there is no such field: write it into a file, and name that in tokenFile", ""},
	"a secret key":   {"name: a\n" + canary + ": x", "line 2: " + canary + ": there is no such field; expected ", "line 2: this one: there is no such field; expected "},
	"a list for key": {"name: a\n? [" + canary + "]\n: x", "line 2: this one: there is no such field; expected ", ""},
	"no list":        {"name: a\nitems: " + canary, `line 2: items: expected a list, got "` + canary + `"`, "line 2: items: expected a list, got something else"},
	"no number":      {"name: a\nnumber: 10", `line 2: number: expected a number from 1 to 9, got "10"`, "line 2: number: expected a number from 1 to 9, got something else"},
	"no duration": {
		"name: a\nwait: 1d", `line 2: wait: expected a duration from 1s to 1h, such as 90s or 1h30m, got "1d"`,
		"line 2: wait: expected a duration from 1s to 1h, such as 90s or 1h30m, got something else",
	},
	"an item":        {"name: a\nitems:\n- x\n- {y: " + canary + "}\n", "line 4: items[1]: expected a text, got fields", ""},
	"too many texts": {"name: a\ntexts: {a: b, c: d, e: f}", "line 2: texts: expected at most 2, got 3", ""},
}

// Every mistake has a line; a document with secrets is not repeated.
func TestRead_Mistakes(t *testing.T) {
	for name, c := range mistakes {
		err := strictyaml.Read([]byte(c.text), new(shape).read)
		if err == nil || !strings.HasPrefix(err.Error(), c.plain) {
			t.Errorf("%s: %v, want %s", name, err, c.plain)
		}
		want := c.secret
		if want == "" {
			want = c.plain
		}
		err = strictyaml.ReadSecret([]byte(c.text), new(shape).read)
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), canary) {
			t.Errorf("%s with secrets: %v, want %s", name, err, want)
		}
	}
}

// All mistakes are told in the order of their lines, a bounded number of them.
func TestRead_TellsAll(t *testing.T) {
	err := strictyaml.Read([]byte("nam: a\nnumber: x\nwait: y\n"), new(shape).read)
	got, ok := errors.AsType[strictyaml.Problems](err)
	if !ok || len(got) != 4 || got[0].Line != 1 || got[2].Field != "number" || got[3].Line != 3 {
		t.Errorf("%v", err)
	}
	err = strictyaml.Read([]byte("name: a\n"+strings.Repeat("items: x\n", 1000)), new(shape).read)
	if got, _ = errors.AsType[strictyaml.Problems](err); len(got) != 51 || got[50].Error() != "line 52: and 950 more from here on" {
		t.Errorf("%d: %s", len(got), got[len(got)-1])
	}
	long := strings.Repeat("x", 10_000)
	if err = strictyaml.Read([]byte("name: a\nitems: "+long+"\n"+long+": 1\n"), new(shape).read); len(err.Error()) > 400 {
		t.Errorf("%d characters", len(err.Error()))
	}
}
