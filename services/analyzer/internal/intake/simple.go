package intake

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// classList is what tools/rules writes: a line for each package, with its classes.
//
//go:embed classes.txt
var classList string

// packagesOf maps the classes that a TaskManager runs to their packages.
var packagesOf = sync.OnceValue(func() map[string][]string {
	all := map[string][]string{}
	for line := range strings.Lines(classList) {
		words := strings.Fields(line)
		for _, class := range words[1:] {
			all[class] = append(all[class], words[0])
		}
	}
	return all
})

// hasSimpleRoot reports that the profile names classes without their packages, and among them what starts a task.
func hasSimpleRoot(g *flamegraph.Graph) bool {
	const most = 0.8 // of the names of Java methods
	found, simple, java := false, 0, 0
	for i := range g.NumNames() {
		name := flamegraph.Normalize(g.Name(flamegraph.NameID(i)))
		class, ok := classOf(name)
		if !ok {
			continue
		}
		java++
		if !strings.Contains(class, ".") {
			simple++
		}
		found = found || slices.ContainsFunc(taskRoots(), func(root string) bool {
			return strings.HasSuffix(root, "."+name)
		})
	}
	return found && float64(simple) >= most*float64(java)
}

// classOf is the class of Class.method. It fails for what does not look like Java.
func classOf(name string) (class string, ok bool) {
	at := strings.LastIndexByte(name, '.')
	if at <= 0 || strings.ContainsAny(name, "[( :/") {
		return "", false
	}
	return name[:at], true
}

// qualified returns a function that completes the names of a graph with their packages. Where several packages have
// such a class, the method decides if the rules know one of them by it; else the name stays.
func qualified() func(string) string {
	known := methodGlobs()
	return func(name string) string {
		short := flamegraph.Normalize(name)
		class, ok := classOf(short)
		if !ok || strings.Contains(class, ".") {
			return name
		}
		outer, _, _ := strings.Cut(class, "$")
		packages := packagesOf()[outer]
		if len(packages) > 1 {
			packages = slices.DeleteFunc(slices.Clone(packages), func(in string) bool {
				return !slices.ContainsFunc(known, func(glob string) bool { return mechanisms.Match(glob, in+"."+short) })
			})
		}
		if len(packages) != 1 {
			return name
		}
		return packages[0] + "." + short
	}
}

// methodGlobs are the globs of the catalogue that name a method of a package: they tell one class from its namesakes.
var methodGlobs = sync.OnceValue(func() []string {
	var all []string
	for _, n := range mechanisms.Default().Names() {
		if !strings.HasPrefix(n.Glob, "*") && !strings.HasSuffix(n.Glob, "*") && !n.Word {
			all = append(all, n.Glob)
		}
	}
	return all
})
