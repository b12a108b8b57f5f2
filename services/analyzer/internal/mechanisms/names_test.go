package mechanisms

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// proofs are the lists of real names that the command rulenames writes, by what they were read from.
var proofs = []string{"1.20.5", "2.3.0", "java-17", "libraries"}

// elsewhere is what the lists cannot prove.
type elsewhere struct {
	Only   map[string][]string // major version of Flink → globs that only that version has
	Others []struct {
		Globs  []string
		Source string // public repository and path, or documentation, where the names stand
	}
}

func readNames(t *testing.T, of string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "names-"+of+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}

func readElsewhere(t *testing.T) elsewhere {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "elsewhere.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var e elsewhere
	decoder := yaml.NewDecoder(bytes.NewReader(b))
	decoder.KnownFields(true)
	if err := decoder.Decode(&e); err != nil {
		t.Fatal(err)
	}
	return e
}

// TestNames holds every name that the catalogue speaks of against the names of real jars.
func TestNames(t *testing.T) {
	e := readElsewhere(t)
	other := map[string]bool{}
	for _, o := range e.Others {
		if !strings.Contains(o.Source, "/") {
			t.Errorf("elsewhere.yaml: %v: where do these names stand?", o.Globs)
		}
		for _, glob := range o.Globs {
			other[glob] = true
		}
	}
	real := map[string][]string{}
	for _, of := range proofs {
		real[of] = readNames(t, of)
	}
	used := map[string]bool{}
	for _, n := range Default().Names() {
		var in []string
		for _, of := range proofs {
			if slices.ContainsFunc(real[of], n.Fits) {
				in = append(in, of)
			}
		}
		used[n.Glob] = true
		switch got := strings.Join(in, " "); {
		case len(in) == 0 && !other[n.Glob]:
			t.Errorf("%s: nothing real is called %s; run go generate ./internal/mechanisms, or name its source in elsewhere.yaml", n.Of, n.Glob)
		case len(in) > 0 && other[n.Glob]:
			t.Errorf("elsewhere.yaml: %s is in %s after all", n.Glob, got)
		case got == "1.20.5" && !slices.Contains(e.Only["1"], n.Glob):
			t.Errorf("%s: only Flink 1 has %s; say how Flink 2 spells it, and list it in elsewhere.yaml", n.Of, n.Glob)
		case got == "2.3.0" && !slices.Contains(e.Only["2"], n.Glob):
			t.Errorf("%s: only Flink 2 has %s; say how Flink 1 spells it, and list it in elsewhere.yaml", n.Of, n.Glob)
		case got != "1.20.5" && slices.Contains(e.Only["1"], n.Glob), got != "2.3.0" && slices.Contains(e.Only["2"], n.Glob):
			t.Errorf("elsewhere.yaml: %s is in %s", n.Glob, got)
		}
	}
	for _, glob := range slices.Concat(e.Only["1"], e.Only["2"], slices.Collect(maps.Keys(other))) {
		if !used[glob] {
			t.Errorf("elsewhere.yaml: the catalogue does not speak of %s", glob)
		}
	}
}
