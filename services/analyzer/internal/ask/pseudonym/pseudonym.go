// Package pseudonym replaces the names of the user's code, jobs and vertices by meaningless ones, and puts them back.
//
// A frame com.shop.Cart$Item.map becomes u1.C3.m2: the same package, class or method has the same mask for as long as
// the Map lives. Names of Flink, the JDK and well-known libraries stay, since they are what a diagnosis is about. The
// package knows texts only: neither prompts nor providers.
package pseudonym

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"squirrly.dev/internal/wording"
)

// Map holds the names that were masked. It is not safe for concurrent use.
type Map struct {
	masks   map[string]string // real to masked
	real    map[string]string // masked to real
	numbers map[string]int    // last number by kind of mask, and the number of each name
	starts  map[byte][]string // real names by first byte, longest first; nil after a new one
	kept    map[string]bool   // simple names of classes that are none of the user's
}

// New returns an empty Map.
func New() *Map {
	return &Map{masks: map[string]string{}, real: map[string]string{}, numbers: map[string]int{}, kept: map[string]bool{}}
}

// Frame learns a frame and returns it masked. Frames of libraries, generated code of Flink and native frames stay.
func (m *Map) Frame(frame string) string {
	if strings.HasPrefix(frame, "Java_") {
		return m.native(frame)
	}
	dot := strings.LastIndexByte(frame, '.')
	if dot <= 0 || wording.Library(frame) || generated.MatchString(frame) {
		return frame
	}
	class := m.class(frame[:dot])
	masked := class + "." + m.number("m", frame[dot:])
	m.learn(frame, masked)
	short := frame[strings.LastIndexByte(frame[:dot], '.')+1:]
	m.alias(short, masked)
	if own := masked[strings.IndexByte(masked, '.')+1:]; m.real[own] == "" {
		m.real[own] = short
	}
	return masked
}

// native learns the function behind a native method and returns its mask.
func (m *Map) native(name string) string {
	if wording.Library(strings.ReplaceAll(strings.TrimPrefix(name, "Java_"), "_", ".")) {
		return name
	}
	return m.Name("native", name)
}

// generated are the classes that Flink generates for SQL: they have no package.
var generated = regexp.MustCompile(`^[A-Za-z]+\$\*\.`)

// class learns a class with its package, and returns its mask.
func (m *Map) class(class string) string {
	if known, ok := m.masks[class]; ok {
		return known
	}
	pkg, simple := "", class
	if i := strings.LastIndexByte(class, '.'); i >= 0 {
		pkg, simple = class[:i], class[i+1:]
	}
	if i := strings.IndexByte(simple, '$'); i > 0 {
		m.class(class[:len(class)-len(simple)+i])
	}
	masked := m.pkg(pkg) + "." + m.number("C", class)
	m.learn(class, masked)
	m.alias(simple, masked)
	if last := simple[strings.LastIndexByte(simple, '$')+1:]; len(last) > 2 {
		m.alias(last, masked)
	}
	return masked
}

// pkg learns a package and returns its mask.
func (m *Map) pkg(pkg string) string {
	if pkg == "" {
		return "u0"
	}
	masked := m.number("u", pkg)
	m.learn(pkg, masked)
	return masked
}

// Name learns a name of another kind, such as that of a job, and returns its mask, for example job1. Names that consist of
// Flink's own words stay.
func (m *Map) Name(kind, name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune(" ->:,/()[]{}0123456789", r) })
	if !slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(generic, w) }) {
		return name
	}
	if known, ok := m.masks[name]; ok {
		return known
	}
	masked := m.number(kind, name)
	m.learn(name, masked)
	return masked
}

// learn adds a name with its mask, both ways.
func (m *Map) learn(name, masked string) {
	m.alias(name, masked)
	if _, ok := m.real[masked]; !ok {
		m.real[masked] = name
	}
}

// alias adds another name for what a mask stands for.
func (m *Map) alias(name, masked string) {
	if _, ok := m.masks[name]; !ok && name != "" {
		m.masks[name] = masked
		m.starts = nil
	}
}

// number returns the mask of a name of one kind: the same for the same name, else the next one.
func (m *Map) number(kind, name string) string {
	key := kind + "\x00" + name
	n, ok := m.numbers[key]
	if !ok {
		m.numbers[kind]++
		n = m.numbers[kind]
		m.numbers[key] = n
	}
	return fmt.Sprintf("%s%d", kind, n)
}

// index orders the names for Text.
func (m *Map) index() {
	if m.starts != nil {
		return
	}
	m.starts = map[byte][]string{}
	for name := range m.masks {
		m.starts[name[0]] = append(m.starts[name[0]], name)
	}
	for _, names := range m.starts {
		slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	}
}
