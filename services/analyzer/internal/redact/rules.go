package redact

import (
	"regexp"
	"strings"
)

// rule finds one kind of secret: the group named secret is what is replaced.
type rule struct {
	kind    string
	pattern *regexp.Regexp
	hints   []string // in lower case; text with none of them cannot match, and is spared the expression
}

// name is the name of a setting whose value is a secret, and assign what stands between it and the value.
const (
	name = `[A-Za-z0-9._-]*(?:password|passwd|passphrase|secret|token|access[-_.]?key|account[-_.]?key|` +
		`private[-_.]?key|credential|api[-_.]?key|signature|authorization)[A-Za-z0-9._-]*`
	assign = `\\?["']?[ \t]*(?:=>|:=|[:=])[ \t]*`
)

// words are the hints of name.
var words = []string{
	"password", "passwd", "passphrase", "secret", "token", "access", "account", "private", "credential", "api",
	"signature", "authorization",
}

// rules are applied in this order: whole blocks and well-known shapes first, names of settings last.
var rules = []rule{
	{"pem", regexp.MustCompile(`(?P<secret>-----BEGIN [A-Z0-9 ]*-----[^-]*(?:-----END [A-Z0-9 ]*-----|\z)?)`), []string{"-----begin"}},
	{"jwt", regexp.MustCompile(`(?P<secret>\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)`), []string{"eyj"}},
	{"aws", regexp.MustCompile(`(?P<secret>\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,20}\b)`), []string{"akia", "asia", "abia", "acca"}},
	{"github", regexp.MustCompile(`(?P<secret>\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}))`), []string{"gh", "github_pat"}},
	{"gitlab", regexp.MustCompile(`(?P<secret>\bglpat-[A-Za-z0-9_-]{16,})`), []string{"glpat-"}},
	{"llm", regexp.MustCompile(`(?P<secret>\bsk-[A-Za-z0-9_-]{16,})`), []string{"sk-"}},
	{"google", regexp.MustCompile(`(?P<secret>\bAIza[A-Za-z0-9_-]{30,})`), []string{"aiza"}},
	{"slack", regexp.MustCompile(`(?P<secret>\bxox[abeoprs]-[A-Za-z0-9-]{10,})`), []string{"xox"}},
	{"slack", regexp.MustCompile(`hooks\.slack\.com/(?:services|workflows)/(?P<secret>[A-Za-z0-9/_-]+)`), []string{"hooks.slack.com"}},
	{"stripe", regexp.MustCompile(`(?P<secret>\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,})`), []string{"k_live", "k_test"}},
	{"url", regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://(?P<secret>[^\s/"'<>]+)@`), []string{"://"}},
	{"bearer", regexp.MustCompile(`(?i)\b(?:bearer|basic)[ \t]+(?P<secret>[A-Za-z0-9+/=._~-]{12,})`), []string{"bearer", "basic"}},
	{"setting", regexp.MustCompile(`(?i)sasl\.jaas[A-Za-z0-9._-]*` + assign + `(?P<secret>[^\r\n]+)`), []string{"sasl"}},
	{"setting", regexp.MustCompile(`(?im)^[ \t]*` + name + `[ \t]*[:=][ \t]*(?P<secret>[^\s"'][^\r\n]*)$`), words},
	{"setting", regexp.MustCompile(`(?i)` + name + assign + `\\?"(?P<secret>[^"\\\r\n]+)`), words},
	{"setting", regexp.MustCompile(`(?i)` + name + assign + `'(?P<secret>[^'\r\n]+)`), words},
	{"setting", regexp.MustCompile(`(?i)` + name + assign + `(?P<secret>[^\s"'\\,;&<>}\]]+)`), words},
	{"setting", regexp.MustCompile(`(?i)["']` + name + `["'][ \t]*,[ \t]*["'](?P<secret>[^"'\r\n]+)`), words},
	{"setting", regexp.MustCompile(`(?i)--` + name + `[ \t]+(?P<secret>[^\s-]\S*)`), words},
	{"setting", regexp.MustCompile(`(?i)<` + name + `>(?P<secret>[^<]+)</`), words},
	{"setting", regexp.MustCompile(`(?i)<name>\s*` + name + `\s*</name>\s*<value>(?P<secret>[^<]+)</value>`), words},
}

// telling is the key of a setting whose value is a secret.
var telling = regexp.MustCompile(`(?i)sasl\.jaas|` + name)

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
