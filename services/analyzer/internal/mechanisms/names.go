package mechanisms

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// The lists of real names are written anew when the catalogue speaks of a name that they do not hold: by
// `make names`, which lets Maven fetch the jars first (tools/rules), or by go generate when they are there.
//
//go:generate sh -c "go run squirrly.dev/services/analyzer/tools/rulenames -names testdata/names-1.20.5.txt $CACHE/flink/1.20.5/lib/*.jar $CACHE/flink/1.20.5/names/*.jar"
//go:generate sh -c "go run squirrly.dev/services/analyzer/tools/rulenames -names testdata/names-2.3.0.txt $CACHE/flink/2.3.0/lib/*.jar $CACHE/flink/2.3.0/names/*.jar"
//go:generate sh -c "go run squirrly.dev/services/analyzer/tools/rulenames -names testdata/names-libraries.txt $CACHE/libraries/*.jar"
//go:generate sh -c "go run squirrly.dev/services/analyzer/tools/rulenames -names testdata/names-java-17.txt $JAVA_HOME/jmods/*.jmod"
//go:generate sh -c "go run squirrly.dev/services/analyzer/tools/rulenames -classes ../intake/classes.txt $JAVA_HOME/jmods/java.base.jmod $CACHE/flink/*/lib/*.jar $CACHE/flink/*/names/*.jar $CACHE/libraries/*.jar"

// Name is a glob of the catalogue that speaks of Java names.
type Name struct {
	Glob  string
	Class bool   // it may be the name of a class too: LOCK and ALLOC end in the class of the object
	Word  bool   // it is the name of a class without its package, in a text
	Of    string // what speaks of it: a rule, an idle path, or a list of frames.yaml
}

// Names returns what the catalogue says of the names of Java classes and methods, each glob once, sorted.
func (c *Catalogue) Names() []Name {
	all := naming{}
	for _, r := range c.Mechanisms {
		all.add("rule "+r.ID, slices.Concat(r.Frames, r.LockFrames, r.AllocFrames, r.NotBelow, r.Until, r.Beside, r.asked()))
		all.addWords("text of rule "+r.ID, r.Texts())
	}
	for _, i := range c.Idle {
		all.add("idle path "+i.ID, slices.Concat(i.Frames, i.NotBelow))
	}
	f := c.Frames
	all.add("frames.yaml", slices.Concat(f.Roots.Task, f.Roots.Source, f.Operators.Entries, f.Operators.Except,
		f.Operators.Gates, f.Sources, f.Outputs, f.Waits))
	for _, globs := range f.Stages {
		all.add("frames.yaml", globs)
	}
	for _, category := range f.Categories {
		all.add("category "+category.Name, category.Frames)
	}
	return slices.SortedFunc(maps.Values(all), func(a, b Name) int { return strings.Compare(a.Glob, b.Glob) })
}

// naming holds names by their globs.
type naming map[string]Name

func (n naming) add(of string, paths []string) {
	for _, text := range paths {
		path, err := ParsePath(text)
		if err != nil {
			continue // the catalogue was checked when it was loaded
		}
		for _, s := range path {
			if !s.Class() && isJava(s.Glob) {
				n[s.Glob] = Name{Glob: s.Glob, Class: s.Leaf || n[s.Glob].Class, Of: of}
			}
		}
	}
}

// wordForm is a word that reads like the name of a class.
var wordForm = regexp.MustCompile(`\b[A-Z][a-z0-9]+(?:[A-Z][A-Za-z0-9]*)+\b`)

// jvmOption is an option of the JVM.
var jvmOption = regexp.MustCompile(`-XX:\S+`)

// products are words that only look so.
var products = map[string]bool{"RocksDB": true, "ForSt": true, "TaskManager": true, "JobManager": true}

func (n naming) addWords(of string, texts []string) {
	for _, text := range texts {
		for _, word := range wordForm.FindAllString(jvmOption.ReplaceAllString(text, ""), -1) {
			if !products[strings.TrimSuffix(word, "s")] {
				n[word] = Name{Glob: word, Word: true, Of: of}
			}
		}
	}
}

// Texts returns what a mechanism says to the reader: templates, as [Render] reads them.
func (r *Mechanism) Texts() []string {
	out := []string{r.Title, r.Cause}
	for i := range r.Changes {
		c := &r.Changes[i]
		out = append(out, c.Do, c.Why, c.TradeOffs, c.When)
	}
	return out
}

// isJava tells names of Java from those of native functions and of the profiler.
func isJava(glob string) bool {
	return strings.Contains(glob, ".") && !strings.Contains(glob, "::") && !strings.HasPrefix(glob, "[")
}

// ClassMark stands before the name of a class, where names of methods are the rule.
const ClassMark = "class "

// Fits reports whether a real name is what the glob speaks of.
func (n Name) Fits(real string) bool {
	class, ok := strings.CutPrefix(real, ClassMark)
	if n.Word {
		return ok && n.Glob == class[strings.LastIndexAny(class, ".$")+1:]
	}
	return ok && n.Class && Match(n.Glob, class) || !ok && Match(n.Glob, real)
}
