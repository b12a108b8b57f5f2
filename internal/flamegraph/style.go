package flamegraph

import "strings"

// plainName brings the name of a Java method from the styles of other tools, and
// of async-profiler's own options, into package.Class.method or
// package/Class.method. Other names stay.
//
//	com/acme/A.map_[j]                              a kind (-a)
//	com/acme/A.map:38, com.acme.A.map@12            a line (jfrconv --lines), a byte code (--bci)
//	com/acme/A.map(Ljava/lang/Object;)V             a signature (-g), of source text or of the JVM
//	java.lang.Thread.run(Thread.java:840)           a file, as in a thread dump
//	app//com.acme.A.map, java.base@17/java.lang.Thread.run   class loader and module
//	Lcom/acme/A;::map, com.acme.A::map              a perf map
//	void com.acme.A.map(java.lang.String)           a perf map that the JVM wrote
func plainName(name string) string {
	for {
		before := len(name)
		name = dropKind(name)
		if strings.IndexByte(name, '(') > 0 {
			name = dropSignature(name)
		}
		if strings.Contains(name, "::") {
			name = joinPerfMap(name)
		}
		if last := len(name) - 1; last > 0 && name[last]-'0' <= 9 {
			name = dropPosition(name)
		}
		if strings.Contains(name, "/") {
			name = dropModule(name)
		}
		if len(name) == before { // each step makes it shorter or leaves it
			return name
		}
	}
}

// dropKind cuts the suffixes of [splitKind], which some tools leave in names.
func dropKind(name string) string {
	for n := len(name) - 4; n > 0 && isKindSuffix(name[n:]); n -= 4 {
		name = name[:n]
	}
	return name
}

func isKindSuffix(s string) bool {
	return len(s) == 4 && s[:2] == "_[" && s[3] == ']' && strings.IndexByte("01ijk", s[2]) >= 0
}

// dropSignature cuts what stands in brackets behind a Java method, and the
// type of its result, behind it or in front.
func dropSignature(name string) string {
	head, rest, _ := strings.Cut(name, "(")
	_, result, closed := strings.Cut(rest, ")")
	if !closed || !isDescriptor(result) {
		return name
	}
	if _, method, typed := cutLast(head, " "); typed && isDotted(method) && !strings.Contains(method, "/") {
		head = method
	}
	if head = joinPerfMap(head); !isJavaMethod(head) {
		return name
	}
	return head
}

// isDescriptor reports that s is nothing, or a type as the JVM writes it.
func isDescriptor(s string) bool {
	s = strings.TrimLeft(s, "[")
	switch {
	case s == "":
		return true
	case s[0] == 'L':
		return strings.HasSuffix(s, ";") || strings.HasSuffix(s, "|") || strings.HasSuffix(s, ",")
	}
	return len(s) == 1 && strings.IndexByte("VZBCSIJFD", s[0]) >= 0
}

// joinPerfMap turns Class::method into Class.method, if the class is one of
// Java: those of C++ have neither slash nor dot.
func joinPerfMap(name string) string {
	class, method, _ := cutLast(name, "::")
	class = strings.TrimRight(class, ";:")
	if inner, ok := strings.CutPrefix(class, "L"); ok && strings.Contains(class, "/") {
		class = inner
	}
	if method == "" || !strings.ContainsAny(class, "./") || !isJavaMethod(class+"."+method) {
		return name
	}
	return class + "." + method
}

// dropPosition cuts the number of a line or of a byte code.
func dropPosition(name string) string {
	head := strings.TrimRight(name, "0123456789")
	mark := len(head) - 1
	if mark <= 0 || (head[mark] != ':' && head[mark] != '@') || !isJavaMethod(dropKind(plainModule(head[:mark]))) {
		return name
	}
	return head[:mark]
}

// dropModule cuts the names of class loader and module, as [plainModule] does,
// where a Java method remains.
func dropModule(name string) string {
	if method := plainModule(name); isJavaMethod(method) {
		return method
	}
	return name
}

// plainModule returns what follows loader/module@version/ in a name with dots.
// In a name with slashes they part packages, and one dot is in its last part.
func plainModule(name string) string {
	if i := strings.LastIndex(name, "//"); i > 0 {
		return name[i+2:]
	}
	module, method, found := cutLast(name, "/")
	if !found || module == "" {
		return name
	}
	if _, part, nested := cutLast(module, "/"); nested {
		module = part
	}
	if strings.Contains(module, "@") || isDotted(method) && strings.Count(method, ".") > 1 {
		return method
	}
	return name
}

// isDotted reports that a name begins with a package and a dot, as no symbol
// of native code does.
func isDotted(name string) bool {
	class, _, ok := cutLast(name, ".")
	return ok && isJavaMethod(name) && strings.Contains(class, ".")
}

// isJavaMethod reports that a name reads Class.method, with slashes or dots
// between packages. A class without a package begins with a capital letter:
// otherwise it is more likely a symbol such as memcpy.cold.
func isJavaMethod(name string) bool {
	class, method, ok := cutLast(name, ".")
	if !ok || class == "" || method == "" || method[0]-'0' <= 9 || !isMethodName(method) {
		return false
	}
	if strings.Contains(class, "/") {
		return class[0] != '/' && class[0] != '[' && isClassName(class)
	}
	if !strings.Contains(class, ".") {
		return class[0] >= 'A' && class[0] <= 'Z' && isClassName(class)
	}
	for part := range strings.SplitSeq(class, ".") {
		if part == "" || part == "so" || part[0]-'0' <= 9 {
			return false // a library, or a part of a function that the compiler split off
		}
	}
	return isClassName(class)
}

func isMethodName(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isIdent(c) && c != '$' && c != '<' && c != '>' && c != '-' && c != '*' {
			return false
		}
	}
	return true
}

func isClassName(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isIdent(c) && c != '$' && c != '.' && c != '/' && c != '-' && c != '*' && c != '+' {
			return false
		}
	}
	return true
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
