package events_test

import (
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// constants are the exported string constants that pkg/events declares, by the name of their type, in the order of the
// source. Reflection cannot see them.
var constants = sync.OnceValues(func() (map[string][]declared, error) {
	files, err := filepath.Glob(filepath.Join(contract, "*.go"))
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	var parsed []*ast.File
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, f, nil, 0)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, file)
	}
	checker := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	pkg, err := checker.Check("squirrly.dev/pkg/events", fset, parsed, nil)
	if err != nil {
		return nil, err
	}
	return collect(pkg.Scope()), nil
})

// declared is a constant with its name and value.
type declared struct {
	name, value string
	at          token.Pos
}

func collect(scope *types.Scope) map[string][]declared {
	all := map[string][]declared{}
	for _, name := range scope.Names() {
		c, ok := scope.Lookup(name).(*types.Const)
		if !ok || !c.Exported() || c.Val().Kind() != constant.String {
			continue
		}
		typ := "string"
		if n, ok := c.Type().(*types.Named); ok {
			typ = n.Obj().Name()
		}
		all[typ] = append(all[typ], declared{name, constant.StringVal(c.Val()), c.Pos()})
	}
	for _, list := range all {
		slices.SortFunc(list, func(a, b declared) int { return int(a.at - b.at) })
	}
	return all
}

// values are the constants of one named type.
func values(t testing.TB, typ string) []string {
	t.Helper()
	all, err := constants()
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, c := range all[typ] {
		list = append(list, c.value)
	}
	return list
}

// prefixed are the untyped string constants whose names begin in the same way, such as Subject.
func prefixed(t testing.TB, prefix string) map[string]string {
	t.Helper()
	all, err := constants()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, c := range all["string"] {
		if strings.HasPrefix(c.name, prefix) {
			found[c.name] = c.value
		}
	}
	return found
}
