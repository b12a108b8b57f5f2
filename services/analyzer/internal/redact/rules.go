package redact

import (
	"regexp"
	"strings"
)

// rule finds one kind of secret: the group named secret is what is replaced.
type rule struct {
	kind    string
	pattern *regexp.Regexp
}

// name is the name of a setting whose value is a secret, and assign what stands between it and the value.
const (
	name = `[A-Za-z0-9._-]*(?:password|passwd|passphrase|secret|token|access[-_.]?key|account[-_.]?key|` +
		`private[-_.]?key|credential|api[-_.]?key|signature|authorization)[A-Za-z0-9._-]*`
	assign = `\\?["']?[ \t]*(?:=>|:=|[:=])[ \t]*`
)

// rules are applied in this order: whole blocks and well-known shapes first, names of settings last.
var rules = []rule{
	{"pem", regexp.MustCompile(`(?P<secret>-----BEGIN [A-Z0-9 ]*-----[^-]*(?:-----END [A-Z0-9 ]*-----|\z)?)`)},
	{"jwt", regexp.MustCompile(`(?P<secret>\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)`)},
	{"aws", regexp.MustCompile(`(?P<secret>\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,20}\b)`)},
	{"github", regexp.MustCompile(`(?P<secret>\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}))`)},
	{"gitlab", regexp.MustCompile(`(?P<secret>\bglpat-[A-Za-z0-9_-]{16,})`)},
	{"llm", regexp.MustCompile(`(?P<secret>\bsk-[A-Za-z0-9_-]{16,})`)},
	{"google", regexp.MustCompile(`(?P<secret>\bAIza[A-Za-z0-9_-]{30,})`)},
	{"slack", regexp.MustCompile(`(?P<secret>\bxox[abeoprs]-[A-Za-z0-9-]{10,})`)},
	{"slack", regexp.MustCompile(`hooks\.slack\.com/(?:services|workflows)/(?P<secret>[A-Za-z0-9/_-]+)`)},
	{"stripe", regexp.MustCompile(`(?P<secret>\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,})`)},
	{"url", regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://(?P<secret>[^\s/"'<>]+)@`)},
	{"bearer", regexp.MustCompile(`(?i)\b(?:bearer|basic)[ \t]+(?P<secret>[A-Za-z0-9+/=._~-]{12,})`)},
	{"setting", regexp.MustCompile(`(?i)sasl\.jaas[A-Za-z0-9._-]*` + assign + `(?P<secret>[^\r\n]+)`)},
	{"setting", regexp.MustCompile(`(?i)` + name + assign + `\\?"(?P<secret>[^"\\\r\n]+)`)},
	{"setting", regexp.MustCompile(`(?i)` + name + assign + `'(?P<secret>[^'\r\n]+)`)},
	{"setting", regexp.MustCompile(`(?i)` + name + assign + `(?P<secret>[^\s"'\\,;&<>}\]]+)`)},
	{"setting", regexp.MustCompile(`(?i)["']` + name + `["'][ \t]*,[ \t]*["'](?P<secret>[^"'\r\n]+)`)},
	{"setting", regexp.MustCompile(`(?i)--` + name + `[ \t]+(?P<secret>[^\s-]\S*)`)},
	{"setting", regexp.MustCompile(`(?i)<` + name + `>(?P<secret>[^<]+)</`)},
	{"setting", regexp.MustCompile(`(?i)<name>\s*` + name + `\s*</name>\s*<value>(?P<secret>[^<]+)</value>`)},
}

// variable is a reference to a value that is kept elsewhere.
var variable = regexp.MustCompile(`^\$\{?[A-Za-z_][\w.]*\}?$`)

// harmless reports whether a matched value is no secret: a mask, a keyword, a reference, or prose after "basic".
func harmless(kind, value string) bool {
	if strings.Trim(value, "*") == "" || variable.MatchString(value) {
		return true
	}
	switch strings.ToLower(value) {
	case "null", "nil", "none", "true", "false":
		return true
	}
	return kind == "bearer" && !strings.ContainsAny(value, "0123456789")
}
