package wording

import "strings"

// Simple drops the package of a Java name: "com.shop.Cart.add" becomes "Cart.add", and the class "com.shop.Cart", in
// which allocations and locks end, "Cart". A native function loses its parameters: they fill lines and tell nothing. Other
// names, and those of libraries in brackets, stay as they are.
func Simple(name string) string {
	if i := parameters(name); i > 0 && strings.Contains(name[:i], "::") {
		return name[:i]
	}
	if strings.ContainsAny(name, ":( /[") { // "[libc.so.6]" is a library
		return name
	}
	method := strings.LastIndexByte(name, '.')
	if method < 0 {
		return name
	}
	if isClass(name[method+1:]) {
		return name[method+1:]
	}
	return name[strings.LastIndexByte(name[:method], '.')+1:]
}

// parameters returns where the parameters of a native function begin, outside the arguments of a template, or -1.
func parameters(name string) int {
	depth := 0
	for i, r := range name {
		switch {
		case r == '<':
			depth++
		case r == '>' && depth > 0:
			depth--
		case r == '(' && depth == 0 && i > 0 && !strings.HasPrefix(name[i:], "(anonymous") && !strings.HasSuffix(name[:i], "operator"):
			return i
		}
	}
	return -1
}

// isClass reports that the last part of a name is a class and not a method.
func isClass(part string) bool { return part != "" && part[0] >= 'A' && part[0] <= 'Z' }

// Simples is [Simple] of each name.
func Simples(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = Simple(name)
	}
	return out
}

// Place names a function and, if that is another one, what was found below it: "Cart.add → Thread.sleep".
func Place(anchor, frame string) string {
	switch {
	case anchor == "":
		return Simple(frame)
	case frame == "" || frame == anchor:
		return Simple(anchor)
	}
	return Simple(anchor) + " → " + Simple(frame)
}

// ClassMethod returns Class.method of a frame that carries a package; native frames and classes stay as they are, so that two
// short names are alike only where the classes are.
func ClassMethod(frame string) string {
	if strings.Contains(frame, "::") || strings.Contains(frame, "(") {
		return frame
	}
	frame = strings.ReplaceAll(frame, "/", ".")
	dot := strings.LastIndexByte(frame, '.')
	if dot <= 0 || isClass(frame[dot+1:]) {
		return frame
	}
	return frame[strings.LastIndexByte(frame[:dot], '.')+1:]
}

// Class returns the class of a Java frame: everything before the method.
func Class(frame string) string {
	i := strings.LastIndexByte(frame, '.')
	if i < 0 {
		return ""
	}
	return frame[:i]
}

// Package returns the package of a Java frame; what generated code has none is told by its class.
func Package(frame string) string {
	class := Class(frame)
	if i := strings.LastIndexByte(class, '.'); i >= 0 {
		return class[:i]
	}
	return class
}

// libraries are the packages that are not the user's own code.
var libraries = []string{
	"java.", "javax.", "jdk.", "sun.", "com.sun.", "scala.", "kotlin.", "org.apache.", "com.esotericsoftware.",
	"io.netty.", "org.rocksdb.", "com.fasterxml.", "org.slf4j.", "ch.qos.logback.",
}

// Library reports whether a frame belongs to the JDK, to Flink or to a well-known library, so that its name gives nothing
// of the user's away.
func Library(frame string) bool {
	for _, p := range libraries {
		if strings.HasPrefix(frame, p) {
			return true
		}
	}
	return !strings.Contains(frame, ".") || strings.Contains(frame, "::")
}

// List joins names as "a", "a and b", "a, b and c".
func List(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// Frame is a frame as a call tree for readers shows it: Class.method of a Java library, a native function without its type, its
// parameters and those of templates, and a native library without its folder. The user's own names stay as they are.
func Frame(name string) string {
	if strings.HasPrefix(name, "/") || strings.HasPrefix(name, "[/") {
		return strings.TrimSuffix(name[strings.LastIndexByte(name, '/')+1:], "]")
	}
	if !strings.Contains(name, "::") {
		if Library(name) {
			return ClassMethod(name)
		}
		return name
	}
	if i := parameters(name); i > 0 {
		name = name[:i]
	}
	var out strings.Builder
	depth := 0
	for _, r := range name {
		switch {
		case r == '<' && !strings.HasSuffix(out.String(), "operator"):
			depth++
		case r == '>' && depth > 0:
			depth--
		case depth > 0:
		case r == ' ' && !strings.HasSuffix(out.String(), "operator") && !strings.HasSuffix(out.String(), "(anonymous"):
			out.Reset() // before it was a type
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}
