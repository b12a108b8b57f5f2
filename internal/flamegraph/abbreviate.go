package flamegraph

import "strings"

// AbbreviatePackages abbreviates the packages of a Java name for display:
// "org.apache.flink.api.Foo.map" becomes "o.a.f.a.Foo.map". Other names stay.
func AbbreviatePackages(name string) string {
	if strings.ContainsAny(name, ":( ") {
		return name
	}
	var out strings.Builder
	rest := name
	for {
		i := strings.IndexAny(rest, "./")
		if i <= 0 || rest[0] < 'a' || rest[0] > 'z' {
			break
		}
		out.WriteString(rest[:1])
		out.WriteByte('.')
		rest = rest[i+1:]
	}
	if rest == "" || rest[0] < 'A' || rest[0] > 'Z' {
		return name // no class: not a Java name
	}
	return out.String() + rest
}
