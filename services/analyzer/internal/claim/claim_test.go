package claim_test

import (
	order "cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/services/analyzer/internal/claim"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

var update = flag.Bool("update", false, "write the mechanisms of schema.json instead of comparing them")

// node is a part of a schema. Whatever else it has, such as anyOf or a pattern, fails to decode.
type node struct {
	Type        any             `json:"type"`
	Description string          `json:"description"`
	Properties  map[string]node `json:"properties"`
	Required    []string        `json:"required"`
	Additional  *bool           `json:"additionalProperties"`
	Items       *node           `json:"items"`
	MaxItems    int             `json:"maxItems"`
	MaxLength   int             `json:"maxLength"`
	Enum        []string        `json:"enum"`
}

// wanted are the mechanisms that a claim may name, sorted.
func wanted() []string {
	var out []string
	for i := range mechanisms.Default().Mechanisms {
		out = append(out, mechanisms.Default().Mechanisms[i].ID)
	}
	slices.SortFunc(out, func(a, b string) int { // A2 before A10
		return order.Or(order.Compare(a[:1], b[:1]), order.Compare(len(a), len(b)), order.Compare(a, b))
	})
	return append(out, claim.Other)
}

var listed = regexp.MustCompile(`(?s)("mechanism": \{\s*"type": "string",\s*"enum": \[)[^\]]*?(\n *\])`)

// TestSchema: the mechanisms are those of the catalogue, and the schema keeps to what the strict modes of all providers support.
func TestSchema(t *testing.T) {
	if *update {
		b, err := os.ReadFile("schema.json")
		if err != nil {
			t.Fatal(err)
		}
		const indent = "\n              "
		names := indent + `"` + strings.Join(wanted(), `",`+indent+`"`) + `"`
		if err := os.WriteFile("schema.json", listed.ReplaceAll(b, []byte("${1}"+names+"${2}")), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Log("schema.json is written; it is built in by the next run")
		return
	}
	var root node
	dec := json.NewDecoder(strings.NewReader(string(claim.Schema())))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&root); err != nil {
		t.Fatalf("the schema has what not every provider supports: %v", err)
	}
	claims := root.Properties["claims"].Items
	if diff := cmp.Diff(wanted(), claims.Properties["mechanism"].Enum); diff != "" {
		t.Errorf("the mechanisms are not those of the catalogue; run go test ./internal/claim -update\n%s", diff)
	}
	var kinds []string
	for _, k := range claim.Kinds() {
		kinds = append(kinds, string(k))
	}
	if diff := cmp.Diff(kinds, claims.Properties["because"].Items.Properties["kind"].Enum); diff != "" {
		t.Errorf("relations: %s", diff)
	}
	strict(t, "answer", &root)
	seen := root.Properties["observations"]
	for name, c := range map[string]struct{ got, want int }{
		"claims": {root.Properties["claims"].MaxItems, claim.MaxClaims}, "observations": {seen.MaxItems, claim.MaxObservations},
		"because": {claims.Properties["because"].MaxItems, claim.MaxItems}, "changes": {claims.Properties["changes"].MaxItems, claim.MaxItems},
		"because of an observation": {seen.Items.Properties["because"].MaxItems, claim.MaxItems},
	} {
		if c.got < 1 || c.got > c.want {
			t.Errorf("%s: at most %d items, and the decoder allows %d", name, c.got, c.want)
		}
	}
}

func strict(t *testing.T, name string, n *node) {
	t.Helper()
	if n.Items != nil {
		strict(t, name+"[]", n.Items)
	}
	if fmt.Sprint(n.Type) != "object" {
		free := len(n.Enum) == 0 && strings.Contains(fmt.Sprint(n.Type), "string")
		if free != (n.MaxLength > 0) || n.MaxLength > claim.MaxID {
			t.Errorf("%s: a text of at most %d characters", name, n.MaxLength)
		}
		return
	}
	if n.Additional == nil || *n.Additional || len(n.Required) != len(n.Properties) {
		t.Errorf("%s: every property is required, and no other one allowed", name)
	}
	for key, p := range n.Properties {
		if !slices.Contains(n.Required, key) {
			t.Errorf("%s.%s is not required", name, key)
		}
		strict(t, name+"."+key, &p)
	}
}

const good = `{"claims":[{"operator":"O1","mechanism":"A1","share":"T1","because":[{"kind":"part_of","a":"T1","b":"T2"}],` +
	`"changes":[{"kind":"raise","key":"k","value":null,"operator":null,"frame":null,"sketch":null}],"doubts":null,"reading":null}],"observations":[]}`

func TestDecode(t *testing.T) {
	if _, err := claim.Decode([]byte(good)); err != nil {
		t.Error(err)
	}
	many := strings.Repeat(`{"operator":"O1","mechanism":"A1","share":"T1"},`, 10_000)
	for name, raw := range map[string]string{
		"nothing":      ``,
		"no claim":     `{"claims":[],"observations":[]}`,
		"cut off":      good[:len(good)/2],
		"two objects":  good + good,
		"a list":       "[" + good + "]",
		"before":       `{"findings":[],"observations":[]}`,
		"unknown":      strings.Replace(good, `"operator":"O1"`, `"operator":"O1","why":"x"`, 1),
		"relation":     strings.Replace(good, "part_of", "causes", 1),
		"change":       strings.Replace(good, "raise", "delete", 1),
		"type":         strings.Replace(good, `"T1"`, `17`, 1),
		"long id":      strings.Replace(good, `"O1"`, `"`+strings.Repeat("O", claim.MaxID+1)+`"`, 1),
		"long reading": strings.Replace(good, `"reading":null`, `"reading":"`+strings.Repeat("x", claim.MaxText+1)+`"`, 1),
		"many claims":  `{"claims":[` + strings.TrimSuffix(many, ",") + `],"observations":[]}`,
		"a megabyte":   `{"claims":[],"observations":[{"because":[],"reading":"` + strings.Repeat("x", 1<<20) + `"}]}`,
		"no UTF-8":     strings.Replace(good, "O1", "\xff", 1),
		"deep":         strings.Repeat("[", 100_000),
	} {
		if _, err := claim.Decode([]byte(raw)); !errors.Is(err, claim.ErrForm) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDecode_Lists: each list is as long as the schema says, and no longer.
func TestDecode_Lists(t *testing.T) {
	const relation, change = `{"kind":"part_of","a":"T1","b":"T2"}`, `{"kind":"plan","key":null,"value":null,"operator":null,"frame":null,"sketch":null}`
	observation := `{"because":[],"reading":"x"}`
	list := func(item string, n int) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }
	for name, c := range map[string]struct {
		most int
		of   func(n int) string
	}{
		"claims": {claim.MaxClaims, func(n int) string {
			return `{"claims":[` + list(`{"operator":"O1","mechanism":"A1","share":"T1"}`, n) + `],"observations":[]}`
		}},
		"observations": {claim.MaxObservations, func(n int) string { return `{"claims":[],"observations":[` + list(observation, n) + `]}` }},
		"relations": {claim.MaxItems, func(n int) string {
			return strings.Replace(good, `"because":[`, `"because":[`+list(relation, n-1)+`,`, 1)
		}},
		"changes": {claim.MaxItems, func(n int) string {
			return strings.Replace(good, `"changes":[`, `"changes":[`+list(change, n-1)+`,`, 1)
		}},
		"relations of an observation": {claim.MaxItems, func(n int) string {
			return `{"claims":[],"observations":[{"because":[` + list(relation, n) + `],"reading":"x"}]}`
		}},
	} {
		if _, err := claim.Decode([]byte(c.of(c.most))); err != nil {
			t.Errorf("%d %s: %v", c.most, name, err)
		}
		for _, n := range []int{c.most + 1, 500} {
			if _, err := claim.Decode([]byte(c.of(n))); !errors.Is(err, claim.ErrForm) {
				t.Errorf("%d %s: %v", n, name, err)
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(`{"claims":null}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := claim.Decode(raw)
		if err != nil {
			if !errors.Is(err, claim.ErrForm) {
				t.Errorf("%v", err)
			}
			return
		}
		if len(a.Claims) > claim.MaxClaims || len(a.Claims)+len(a.Observations) == 0 {
			t.Errorf("%d claims of %q", len(a.Claims), raw)
		}
		again, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := claim.Decode(again); err != nil {
			t.Errorf("what was decoded once is not decoded again: %v", err)
		}
	})
}
