package operators

import (
	"bytes"
	_ "embed" // the table
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"squirrly.dev/services/analyzer/internal/mechanisms"
)

//go:embed nodes.yaml
var nodesFile []byte

// kind is a row of the table.
type kind struct {
	Nodes     []string `yaml:"nodes"`     // names in a plan
	Operators []string `yaml:"operators"` // classes that are this and nothing else
	Functions []string `yaml:"functions"` // classes below an operator that serves many
	Inside    []string `yaml:"inside"`    // the operators that serve these functions
	Inputs    int      `yaml:"inputs"`    // 2: two or more; 0: one
	Named     bool     `yaml:"named"`     // the job's code can give another name
	Keyed     bool     `yaml:"keyed"`     // it needs a key
}

type table struct {
	kinds  []kind
	byName map[string][]int
}

var nodeTable = sync.OnceValue(func() *table {
	t, err := loadTable(nodesFile)
	if err != nil {
		panic(err) // the file is built in and tested
	}
	return t
})

func loadTable(b []byte) (*table, error) {
	t := &table{byName: map[string][]int{}}
	decoder := yaml.NewDecoder(bytes.NewReader(b))
	decoder.KnownFields(true)
	if err := decoder.Decode(&t.kinds); err != nil {
		return nil, err //nolint:wrapcheck // one file, one place
	}
	for i, k := range t.kinds {
		for _, name := range k.Nodes {
			t.byName[name] = append(t.byName[name], i)
		}
	}
	return t, nil
}

// named returns the rows for the name of a node; a sink is named after a table or by the job's code.
func (t *table) named(base string, sink bool) []int {
	if sink {
		return nil
	}
	return t.byName[base]
}

// ofOperator returns the rows that a class is the operator of, and those that it may be: it serves their functions.
func (t *table) ofOperator(class string) (sure, serves []int) {
	for i := range t.kinds {
		if hasClass(t.kinds[i].Operators, class) {
			sure = append(sure, i)
		}
		if hasClass(t.kinds[i].Inside, class) {
			serves = append(serves, i)
		}
	}
	return sure, serves
}

// needsKey reports that a class is the operator of rows that all need a key.
func (t *table) needsKey(class string) bool {
	sure, _ := t.ofOperator(class)
	return len(sure) > 0 && !slices.ContainsFunc(sure, func(row int) bool { return !t.kinds[row].Keyed })
}

// ofFunction returns the rows that a class is a function of.
func (t *table) ofFunction(class string) []int {
	var out []int
	for i := range t.kinds {
		if hasClass(t.kinds[i].Functions, class) {
			out = append(out, i)
		}
	}
	return out
}

// hasClass reports that a class ends with one of the patterns, at the beginning of a word.
func hasClass(patterns []string, class string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		return mechanisms.Match(pattern, class) || mechanisms.Match("*."+pattern, class)
	})
}

// generated is what the code generator puts behind a name; normalised names have a star for the number.
const generated = '$'

// classOf returns the class of a frame, of generated classes without their number.
func classOf(frame string) string {
	class := frame
	if i := strings.LastIndexByte(frame, '.'); i >= 0 {
		class = frame[:i]
	}
	if i := strings.IndexByte(class, generated); i > 0 && !strings.Contains(class, ".") {
		return class[:i]
	}
	return class
}
