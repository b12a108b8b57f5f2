package access

import (
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"squirrly.dev/internal/strictyaml"
)

// Entry says how the clusters are reached that one of its patterns matches. All files are read when they are used.
type Entry struct {
	Name   string   // for messages
	Match  []string // patterns: URLs, whose host may begin with "*."; without a scheme it is https
	Prefix string   // path put before those of the API, for targets whose URL has none

	CAFile     string // PEM: authorities that are trusted there, besides those of the system
	CertFile   string // PEM: the client certificate, with its chain
	KeyFile    string // PEM: its key
	ServerName string // the name to expect in the server's certificate; empty is the host of the URL

	TokenFile    string // shown as Authorization: Bearer
	User         string // with PasswordFile, shown as Authorization: Basic
	UserFile     string // instead of User
	PasswordFile string
	HeaderFile   string // lines of "Name: value", sent with each request

	Proxy             string // URL of an http or socks5 proxy; empty is none
	ProxyUser         string
	ProxyPasswordFile string

	patterns []pattern
	lines    map[string]int // of its fields in the file; nil without one
	field    string         // its path in the file, such as clusters[0]
}

// fields are the texts of an entry by their names in the file.
func (e *Entry) fields() map[string]*string {
	return map[string]*string{
		"name": &e.Name, "prefix": &e.Prefix,
		"caFile": &e.CAFile, "certFile": &e.CertFile, "keyFile": &e.KeyFile, "serverName": &e.ServerName,
		"tokenFile": &e.TokenFile, "user": &e.User, "userFile": &e.UserFile, "passwordFile": &e.PasswordFile,
		"headerFile": &e.HeaderFile,
		"proxy":      &e.Proxy, "proxyUser": &e.ProxyUser, "proxyPasswordFile": &e.ProxyPasswordFile,
	}
}

// problem is what is wrong with a field of the entry, or with a file that it names. Its text holds no value of a field and
// no content of a file: either may be a secret that went to the wrong place.
func (e *Entry) problem(field, format string, args ...any) error {
	p := strictyaml.Problem{Line: e.lines[field], Field: field, Text: fmt.Sprintf(format, args...)}
	if p.Line == 0 {
		p.Line = e.lines[""]
	}
	if e.field != "" {
		p.Field = e.field + "." + field
	}
	return p
}

// secret reports whether the entry shows anything to the server that only this server may see.
func (e *Entry) secret() bool {
	return e.TokenFile != "" || e.PasswordFile != "" || e.HeaderFile != "" || e.KeyFile != ""
}

// check finds what is wrong with the fields, without reading the files that they name.
func (e *Entry) check() error {
	for _, each := range []func() error{e.checkMatch, e.checkTLS, e.checkCredentials, e.checkProxy} {
		if err := each(); err != nil {
			return err
		}
	}
	if e.Prefix != "" {
		u, err := url.Parse(e.Prefix)
		if err != nil || !strings.HasPrefix(e.Prefix, "/") || u.Path != e.Prefix || u.Host != "" || dotted(e.Prefix) {
			return e.problem("prefix", "expected a path such as /flink/orders")
		}
	}
	return nil
}

func (e *Entry) checkMatch() error {
	if len(e.Match) == 0 {
		return e.problem("match", "expected at least one pattern, such as https://flink.example.com or *.flink.svc:8443")
	}
	e.patterns = nil
	for _, text := range e.Match {
		p, err := parsePattern(text)
		if err != nil {
			return e.problem("match", "%s", err)
		}
		switch {
		case p.any && (e.secret() || e.Proxy != ""):
			return e.problem("match", `"*" is every host that anybody asks for: name the hosts that may see credentials or be reached through a proxy`)
		case p.path != "" && e.Prefix != "":
			return e.problem("prefix", "a pattern has a path already")
		case p.scheme == "http" && (e.CAFile != "" || e.CertFile != "" || e.ServerName != ""):
			return e.problem("match", "a pattern is for http, where there are no certificates: expected https")
		}
		e.patterns = append(e.patterns, p)
	}
	return nil
}

func (e *Entry) checkTLS() error {
	if (e.CertFile == "") != (e.KeyFile == "") {
		return e.problem(oneOf(e.CertFile == "", "keyFile", "certFile"), "expected certFile and keyFile together")
	}
	return nil
}

func (e *Entry) checkCredentials() error {
	user := e.User != "" || e.UserFile != ""
	switch {
	case e.User != "" && e.UserFile != "":
		return e.problem("userFile", "expected user or userFile, not both")
	case user != (e.PasswordFile != ""):
		return e.problem(oneOf(!user, "passwordFile", oneOf(e.User != "", "user", "userFile")), "expected user and passwordFile together")
	case user && e.TokenFile != "":
		return e.problem("tokenFile", "expected a token, or user and password: a request shows one of them")
	case strings.Contains(e.User, ":") || !printable(e.User):
		return e.problem("user", "expected a name without colon and control characters")
	}
	return nil
}

func (e *Entry) checkProxy() error {
	if e.Proxy == "" {
		if e.ProxyUser != "" || e.ProxyPasswordFile != "" {
			return e.problem(oneOf(e.ProxyUser != "", "proxyUser", "proxyPasswordFile"), "expected proxy beside it")
		}
		return nil
	}
	u, err := url.Parse(e.Proxy)
	switch {
	case err == nil && u.User != nil:
		return e.problem("proxy", "expected a URL without user and password: they go into proxyUser and proxyPasswordFile")
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "socks5" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return e.problem("proxy", "expected a URL such as http://proxy:3128 or socks5://proxy:1080")
	case (e.ProxyUser == "") != (e.ProxyPasswordFile == ""):
		return e.problem(oneOf(e.ProxyUser != "", "proxyUser", "proxyPasswordFile"), "expected proxyUser and proxyPasswordFile together")
	}
	return nil
}

// matches reports whether the entry is for a cluster.
func (e *Entry) matches(base *url.URL) bool {
	return slices.ContainsFunc(e.patterns, func(p pattern) bool { return p.matches(base) })
}

// resolve makes the paths of files relative to the folder of the YAML file.
func (e *Entry) resolve(dir string) {
	for name, value := range e.fields() {
		if strings.HasSuffix(name, "File") && *value != "" && !filepath.IsAbs(*value) {
			*value = filepath.Join(dir, *value)
		}
	}
}

func oneOf[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

// printable reports whether a text has no control characters, which would end a header.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}
