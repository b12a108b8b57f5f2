package access

import (
	"errors"
	"net/url"
	"slices"
	"strings"
)

// pattern is the URL of a cluster, or of several whose hosts end alike.
type pattern struct {
	any    bool   // every URL
	scheme string // http or https
	host   string // lower case, without a final dot; for a suffix it begins with a dot
	suffix bool
	port   string
	path   string // "" or begins with a slash and does not end in one
}

var errPattern = errors.New("expected patterns such as https://flink.example.com/orders, *.flink.svc:8443 or http://jobmanager:8081")

// parsePattern reads a pattern. As in a URL, a port that is left out is that of the scheme; a scheme that is left out is https.
func parsePattern(text string) (pattern, error) {
	if text == "*" {
		return pattern{any: true}, nil
	}
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || dotted(u.Path) {
		return pattern{}, errPattern
	}
	p := pattern{scheme: u.Scheme, host: hostOf(u), port: portOf(u), path: strings.TrimRight(u.Path, "/")}
	if p.suffix = strings.HasPrefix(p.host, "*."); p.suffix {
		p.host = p.host[1:]
	}
	if p.host == "" || p.host == "." || strings.ContainsAny(p.host, "*/@ ") || strings.Contains(p.path, "*") {
		return pattern{}, errPattern
	}
	return p, nil
}

func (p pattern) matches(u *url.URL) bool {
	switch {
	case p.any:
		return true
	case u.Scheme != p.scheme, portOf(u) != p.port, dotted(u.Path):
		return false
	}
	host := hostOf(u)
	named := host == p.host && !p.suffix || p.suffix && len(host) > len(p.host) && strings.HasSuffix(host, p.host)
	return named && under(u.Path, p.path)
}

// under reports whether a path is another one, or below it.
func under(path, of string) bool {
	rest, ok := strings.CutPrefix(path, of)
	return ok && (rest == "" || rest[0] == '/')
}

// dotted reports whether a path leaves the folder that it names: what is below a pattern then, servers see differently.
func dotted(path string) bool {
	parts := strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '\\' })
	return slices.Contains(parts, ".") || slices.Contains(parts, "..")
}

func hostOf(u *url.URL) string { return strings.TrimSuffix(strings.ToLower(u.Hostname()), ".") }

func portOf(u *url.URL) string {
	switch port := u.Port(); {
	case port != "":
		return port
	case u.Scheme == "http":
		return "80"
	}
	return "443"
}
