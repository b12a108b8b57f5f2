package scan

import (
	"slices"
	"strings"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// nameFlags is what a name alone tells about a frame.
type nameFlags uint16

const (
	isTaskRoot nameFlags = 1 << iota
	isSourceRoot
	isEntry  // the name of an operator's
	isExcept // but of Flink's machinery
	isGate
	isSource
	isOutput
	isUser // if the frame is Java
	isWait
	isUnresolved
	isGenerated // around a function of the user's
	isCompiled  // by Flink's code generator
	isJDK
	isFlink
	isLanguage // of the JDK or of a language's own library
	isFetcher  // of a source, which reads ahead of the task
)

// Prefixes of what languages bring along.
var languages = []string{"java.", "javax.", "jdk.", "sun.", "com.sun.", "scala.", "kotlin.", "kotlinx.", "groovy."}

// Prefixes of the threads in which sources read ahead.
const fetchers = "org.apache.flink.connector."

// nameInfo is everything that the passes need to know of a name, looked up once for each name of a graph.
type nameInfo struct {
	flags    nameFlags
	category int8 // -1: that of the caller
	stage    mechanisms.Stage
	steps    []step // globs of the paths that match
	moves    moves  // of the paths that have one of them
}

// globSet finds the globs that match a name without trying all of them: most end in a literal method, and most of the
// others begin with letters.
type globSet struct {
	ids      map[string]int32
	globs    []string
	byMethod map[string][]int32
	byHead   map[string][]int32
	others   []int32
}

const headLen = 4 // bytes

func newGlobSet() *globSet {
	return &globSet{ids: map[string]int32{}, byMethod: map[string][]int32{}, byHead: map[string][]int32{}}
}

func (s *globSet) add(glob string) int32 {
	if id, ok := s.ids[glob]; ok {
		return id
	}
	id := int32(len(s.globs)) //nolint:gosec // a few hundred globs
	s.ids[glob] = id
	s.globs = append(s.globs, glob)
	head, _, _ := strings.Cut(glob, "*")
	switch method := glob[strings.LastIndexByte(glob, '.')+1:]; {
	case !strings.Contains(method, "*"):
		s.byMethod[method] = append(s.byMethod[method], id)
	case len(head) >= headLen:
		s.byHead[head[:headLen]] = append(s.byHead[head[:headLen]], id)
	default:
		s.others = append(s.others, id)
	}
	return id
}

// match calls found for each glob that matches the name.
func (s *globSet) match(name string, found func(int32)) {
	for _, id := range s.byMethod[name[strings.LastIndexByte(name, '.')+1:]] {
		if mechanisms.Match(s.globs[id], name) {
			found(id)
		}
	}
	for _, id := range s.byHead[name[:min(len(name), headLen)]] {
		if mechanisms.Match(s.globs[id], name) {
			found(id)
		}
	}
	for _, id := range s.others {
		if mechanisms.Match(s.globs[id], name) {
			found(id)
		}
	}
}

// describe returns the info of every name of a graph.
func (s *Scanner) describe(g *flamegraph.Graph, p *program) []nameInfo {
	infos := make([]nameInfo, g.NumNames())
	for i := range infos {
		infos[i] = s.describeName(g.Name(flamegraph.NameID(i)))
		if len(infos[i].steps) > 0 {
			infos[i].moves = p.movesOf(p.ofGlobs(infos[i].steps))
		}
	}
	return infos
}

func (s *Scanner) describeName(name string) nameInfo {
	info := nameInfo{category: -1, flags: originOf(name)}
	if s.IsUser(name) {
		info.flags = info.flags&^isFlink | isUser
		info.category = s.userCategory
	}
	best := int16(1 << 14)
	s.globs.match(name, func(id int32) {
		info.flags |= s.flagsOf[id]
		if stage, ok := s.stageOf[id]; ok && (stage != mechanisms.StageReads && stage != mechanisms.StageWrites || isSerializer(name)) {
			info.stage = stage
		}
		if order, ok := s.categoryOf[id]; ok && order < best && info.flags&isUser == 0 {
			best = order
			info.category = int8(order) //nolint:gosec // a dozen categories
		}
		if s.isStep[id] {
			info.steps = append(info.steps, step(id))
		}
	})
	return info
}

// originOf tells whose code a name is, as far as its package says so.
func originOf(name string) nameFlags {
	var of nameFlags
	if strings.HasPrefix(name, "org.apache.flink.") {
		of |= isFlink
	}
	if isCompiledName(name) {
		of |= isCompiled
	}
	if slices.ContainsFunc(languages, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
		of |= isLanguage
	}
	if strings.HasPrefix(name, "java.") || strings.HasPrefix(name, "jdk.") || strings.HasPrefix(name, "sun.") {
		of |= isJDK
	}
	if strings.HasPrefix(name, fetchers) {
		of |= isFetcher
	}
	return of
}

// Category names the share of the work at position i of [Scan].Categories: those of the catalogue, then the kernel and
// the rest.
func (s *Scanner) Category(i int) string {
	all := s.catalogue.Frames.Categories
	switch {
	case i < len(all):
		return all[i].Name
	case i == len(all):
		return "kernel"
	}
	return "other"
}

// IsUser reports whether a normalised Java name is the user's code: not of the JDK, of Flink or of a known library, and
// not of a class that Flink generates, which is called Name$* and is in no package. Of all prefixes that fit, the longest
// decides.
func (s *Scanner) IsUser(name string) bool {
	dot := strings.IndexByte(name, '.')
	if dot <= 0 || strings.ContainsAny(name, ":(/[ ") || strings.HasPrefix(name, "lib") {
		return false
	}
	if isCompiledName(name) {
		return false
	}
	f := &s.catalogue.Frames
	if library, user := longest(f.Libraries, name), longest(f.NotLibraries, name); library > 0 || user > 0 {
		return user > library
	}
	return !slices.ContainsFunc(f.Shaded, func(part string) bool { return strings.Contains(name, part) })
}

// isCompiledName tells the classes of Flink's code generator, which are called Name$* and are in no package.
func isCompiledName(name string) bool {
	class, method, ok := strings.Cut(name, ".")
	return ok && strings.Contains(class, "$*") && !strings.ContainsAny(method, "./") && !strings.ContainsAny(class, ":(/[ ")
}

// longest returns the length of the longest prefix of a name.
func longest(prefixes []string, name string) int {
	n := 0
	for _, prefix := range prefixes {
		if len(prefix) > n && strings.HasPrefix(name, prefix) {
			n = len(prefix)
		}
	}
	return n
}
