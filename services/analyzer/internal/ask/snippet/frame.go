package snippet

import "strings"

// Named reports whether a frame of a profile, as package.Class$Inner.method, names the method. Lambdas count as the
// method that holds them. Overloads cannot be told apart: the frame names all of them. Where the file names no package,
// the class alone decides.
func (m Method) Named(frame string) bool {
	class, method := split(frame)
	if method == "" || method != m.Name {
		return false
	}
	pkg := ""
	if i := strings.LastIndexByte(class, '.'); i >= 0 {
		pkg, class = class[:i], class[i+1:]
	}
	if m.Package != "" && pkg != m.Package {
		return false
	}
	if m.Class == "" { // functions of a file of Kotlin are in a class of its name
		return class == m.file+"Kt"
	}
	return named(class) == m.Class
}

// named drops from a class what the compiler made up: the numbers of classes without a name, and the $ of objects.
func named(class string) string {
	var parts []string
	for part := range strings.SplitSeq(class, "$") {
		if part == "Lambda" || part == "anon" || part == "anonfun" || part == "*" || strings.Trim(part, "0123456789") == "" {
			continue
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "$")
}

// split returns class and method of a frame; a frame that names no method of a source file has none.
func split(frame string) (class, method string) {
	dot := strings.LastIndexByte(frame, '.')
	if dot <= 0 || strings.ContainsAny(frame, ":( ") || strings.Contains(frame, "$$Lambda") {
		return "", ""
	}
	class, method = frame[:dot], frame[dot+1:]
	for _, prefix := range []string{"lambda$", "$anonfun$"} {
		if rest, ok := strings.CutPrefix(method, prefix); ok {
			method = rest
		}
	}
	if i := strings.IndexByte(method, '$'); i > 0 {
		method = method[:i]
	}
	if method == "new" {
		method = "<init>"
	}
	return class, method
}
