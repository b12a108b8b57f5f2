package oracle

import (
	"regexp"
	"strings"
)

var (
	address   = regexp.MustCompile(`[/.+]0x[0-9a-f]+($|[^0-9A-Za-z_])`)
	lambda    = regexp.MustCompile(`(\$\$Lambda)(?:\$\d+(?:/\d+)?|/\d+)`)
	version   = regexp.MustCompile(`(?:@@|@GLIBC).*$`)
	threadID  = regexp.MustCompile(` tid=\d+\]`)
	hidden    = regexp.MustCompile(`/\d+(\.|$)`)
	numbered  = regexp.MustCompile(`(\$Proxy|jdk\.proxy|GeneratedMethodAccessor|GeneratedConstructorAccessor|GeneratedSerializationConstructorAccessor)\d+`)
	generated = regexp.MustCompile(`(\$\$SpringCGLIB\$\$|\$\$EnhancerBySpringCGLIB\$\$|\$\$FastClassBySpringCGLIB\$\$|\$\$EnhancerByCGLIB\$\$|` +
		`\$\$FastClassByCGLIB\$\$|\$ByteBuddy\$|\$HibernateProxy\$|_\$\$_jvst)[0-9A-Za-z_]+`)
	inClass = regexp.MustCompile(`\$\d+`)
)

// Canonical is the name of a frame as the counts write it, by the steps that Counting lists, in their order.
func Canonical(name string) string {
	for {
		next := address.ReplaceAllString(name, "$1")
		if next == name {
			break
		}
		name = next
	}
	name = lambda.ReplaceAllString(name, "$1")
	name = version.ReplaceAllString(name, "")
	if strings.HasPrefix(name, "[") {
		name = threadID.ReplaceAllString(name, "]")
	}
	if strings.Contains(name, "/") && name[0] != '/' && name[0] != '[' && !strings.Contains(name, "::") && !strings.Contains(name, "(") {
		name = hidden.ReplaceAllString(name, "$1")
		name = strings.ReplaceAll(name, "/", ".")
	}
	name = numbered.ReplaceAllString(name, "$1*")
	name = generated.ReplaceAllString(name, "$1*")
	if class, method, ok := strings.Cut(name, "."); ok && !strings.Contains(method, ".") {
		if bare := inClass.ReplaceAllString(class, "$*"); bare != class {
			return bare + "." + inClass.ReplaceAllString(method, "$*")
		}
	}
	return name
}
