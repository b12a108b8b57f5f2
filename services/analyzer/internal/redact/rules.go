package redact

import (
	"math"
	"strings"

	"squirrly.dev/internal/lazyregexp"
)

// rule finds one kind of secret: the group named secret is what is replaced.
type rule struct {
	kind    string
	pattern *lazyregexp.Regexp
	hints   []string // in lower case, none for words: text that holds no hint cannot match, and is spared the expression
	inline  bool     // a match never reaches over the end of a line, so that lines without hints are spared too
}

// tail is the end of the name of a setting whose value is a secret, name the whole of it, lead what may stand before it
// in its line, and assign what stands between it and the value.
const (
	name = `[A-Za-z0-9._-]*` + tail
	tail = `(?:password|passwd|passphrase|pwd|secret|token|access[-_.]?key|account[-_.]?key|` +
		`private[-_.]?key|encryption[-_.]?key|signing[-_.]?key|master[-_.]?key|shared[-_.]?key|auth[-_.]?key|credential|` +
		`api[-_.]?key|signature|authorization|cookie|\bsig\b|\bpass\b)[A-Za-z0-9._-]*`
	lead   = `^(?:[^:=\r\n"']{0,80}[#;|/>-])?[ \t]*` // of a line, perhaps of a comment
	assign = `\\?["']?[ \t]*(?:=>|:=|[:=])[ \t]*`
)

// words are the hints of tail.
var words = []string{
	"pass", "pwd", "secret", "token", "access", "account", "private", "encryption", "signing", "master", "shared", "auth",
	"credential", "api", "sig", "cookie",
}

// find makes a rule.
func find(kind, pattern string, hints ...string) rule {
	return rule{kind, lazyregexp.New(pattern), hints, false}
}

// inline makes a rule for secrets within one line.
func inline(kind, pattern string, hints ...string) rule {
	r := find(kind, pattern, hints...)
	r.inline = true
	return r
}

// rules are applied in this order: whole blocks and well-known shapes first, names of settings last.
var rules = append([]rule{
	find("pem", `(?P<secret>-----BEGIN [A-Z0-9 ]*-----[^-]*(?:-----END [A-Z0-9 ]*-----|\z)?)`, "-----begin"),
	find("jwt", `(?P<secret>\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)`, "eyj"),
	find("aws", `(?P<secret>\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,20}\b)`, "akia", "asia", "abia", "acca"),
	find("github", `(?P<secret>\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}))`, "gh", "github_pat"),
	find("gitlab", `(?P<secret>\bgl(?:pat|dt|rt|cbt|ptt|ft|agent|oas|soat|imt|ffct)-[A-Za-z0-9_.-]{16,})`, "gl"),
	find("llm", `(?P<secret>\bsk-[A-Za-z0-9_-]{16,})`, "sk-"),
	find("llm", `(?P<secret>\b(?:hf_|gsk_|xai-|r8_|pplx-|nvapi-)[A-Za-z0-9_-]{20,})`, "hf_", "gsk_", "xai-", "r8_", "pplx-", "nvapi-"),
	find("google", `(?P<secret>\b(?:AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}))`, "aiza", "ya29.", "gocspx-"),
	find("azure", `(?P<secret>\b[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34})`, "q~"),
	find("slack", `(?P<secret>\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bxapp-[A-Za-z0-9-]{10,})`, "xox", "xapp-"),
	find("slack", `hooks\.slack\.com/(?:services|workflows|triggers)/(?P<secret>[A-Za-z0-9/_-]+)`, "hooks.slack.com"),
	find("hook", `(?i)(?:discord(?:app)?\.com/api/webhooks|[a-z0-9.-]+\.webhook\.office\.com)/(?P<secret>[A-Za-z0-9/@_-]+)`, "webhook"),
	find("stripe", `(?P<secret>\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,})`, "k_live", "k_test"),
	find("vault", `(?P<secret>\bhv[sbr]\.[A-Za-z0-9_-]{20,})`, "hvs.", "hvb.", "hvr."),
	find("grafana", `(?P<secret>\bgl(?:sa|c)_[A-Za-z0-9_=+/-]{20,})`, "glsa_", "glc_"),
	find("databricks", `(?P<secret>\bdapi[a-f0-9]{32}(?:-\d)?\b)`, "dapi"),
	find("package", `(?P<secret>\b(?:npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{40,}|dckr_pat_[A-Za-z0-9_-]{20,}|dop_v1_[a-f0-9]{40,}))`, "npm_", "pypi-", "dckr_pat_", "dop_v1_"),
	find("sendgrid", `(?P<secret>\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,})`, "sg."),
	find("telegram", `(?P<secret>\b\d{8,10}:AA[A-Za-z0-9_-]{30,})`, ":aa"),
	find("nats", `(?P<secret>\bS[UAONXC][A-Z2-7]{54,58}\b)`, "su", "sa", "so", "sn", "sx", "sc"),
	find("age", `(?P<secret>AGE-SECRET-KEY-1[A-Z0-9]{40,})`, "age-secret-key"),
	inline("url", `[A-Za-z][A-Za-z0-9+.-]*://(?P<secret>[^\s/"'<>]+)@`, "://"),
	inline("url", `(?i)jdbc:oracle:[a-z]+:(?P<secret>[^\s/@"']+/[^\s@"']+)@`, "jdbc:oracle"),
	inline("bearer", `(?i)\b(?:bearer|basic)[ \t]+(?P<secret>[A-Za-z0-9+/=._~-]{12,})`, "bearer", "basic"),
}, settings...)

// settings find the values of settings by the names of these, in the forms of YAML, properties, JSON, XML, command lines,
// SQL and source code.
var settings = []rule{
	inline("setting", `(?i)sasl\.jaas[A-Za-z0-9._-]*`+assign+`(?P<secret>[^\r\n]+)`, "sasl"),
	find("setting", `(?im)`+lead+`["']?`+name+`["']?[ \t]*:[ \t]*[|>][-+0-9]*[ \t]*\r?\n(?P<secret>(?:[ \t]+[^\r\n]*(?:\r?\n|\z))+)`),
	find("setting", `(?i)\bname["']?[ \t]*:[ \t]*["']?`+name+`["']?[ \t]*,?\s*["']?value["']?[ \t]*:[ \t]*["']?(?P<secret>[^"'\r\n,}]+)`),
	find("setting", `(?im)`+lead+name+`[ \t]*[:=][ \t]*(?P<secret>[^\s"'](?:[^\r\n]*\\\r?\n)*[^\r\n]*)\r?$`),
	inline("setting", `(?i)`+tail+assign+`\\"(?P<secret>[^"\\\r\n]+)`),
	inline("setting", `(?i)`+tail+assign+`"(?P<secret>(?:[^"\\\r\n]|\\.)+)`),
	inline("setting", `(?i)`+tail+assign+`'(?P<secret>(?:[^'\\\r\n]|\\.|'')+)`),
	inline("setting", `(?i)`+tail+assign+`(?P<secret>[^\s"'\\,;&<>}\]]+)`),
	find("setting", `(?i)["']`+name+`["'][ \t]*,\s*["'](?P<secret>[^"'\r\n]+)`),
	inline("setting", `(?i)`+tail+`\([ \t]*"(?P<secret>(?:[^"\\\r\n]|\\.)+)"[ \t]*\)`),
	inline("setting", `(?i)getConnection\([^;\r\n]*,\s*"(?P<secret>(?:[^"\\\r\n]|\\.)+)"\s*\)`, "getconnection"),
	inline("setting", `(?i)(?:PasswordAuthentication|basicAuth(?:entication)?|BasicCredentials)\([^;\r\n]*,\s*"(?P<secret>(?:[^"\\\r\n]|\\.)+)"`, "password", "basic"),
	inline("setting", `(?i)--?`+name+`[ \t]+(?P<secret>[^\s-]\S*)`),
	find("setting", `(?i)<`+name+`(?:\s[^<>]*)?>(?P<secret>[^<]+)</`),
	find("setting", `(?i)<name>\s*`+name+`\s*</name>\s*<value>(?P<secret>[^<]+)</value>`),
	find("setting", `(?i)\b(?:name|key)\s*=\s*["']`+name+`["']\s+value\s*=\s*["'](?P<secret>[^"'\r\n]+)`),
	inline(random, `(?i)(?:key|auth|cred|hmac|salt|cert|hash)[A-Za-z0-9._-]*`+assign+`["']?(?P<secret>[A-Za-z0-9+/_=-]{20,})`, "key", "auth", "cred", "hmac", "salt", "cert", "hash"),
}

// random is the kind of what is a secret only when it looks random.
const random = "random"

// telling is the key of a setting whose value is a secret.
var telling = lazyregexp.New(`(?i)sasl\.jaas|` + tail)

// variable is a reference to a value that is kept elsewhere.
var variable = lazyregexp.New(`^\$\{?[A-Za-z_][\w.]*\}?$`)

// harmless reports whether a matched value is no secret: a mask, a keyword, a reference, prose after "basic", or a word
// where only random text is a secret.
func harmless(kind, value string) bool {
	if strings.Trim(value, "*") == "" || variable.MatchString(value) {
		return true
	}
	switch strings.ToLower(value) {
	case "null", "nil", "none", "true", "false":
		return true
	}
	switch kind {
	case "bearer":
		return !strings.ContainsAny(value, "0123456789")
	case random:
		return !strings.ContainsAny(value, "0123456789") || entropy(value) < minEntropy
	}
	return false
}

// minEntropy in bits a character is more than that of words, and less than that of random hexadecimal digits.
const minEntropy = 3.2

// entropy returns the Shannon entropy of the characters of s in bits.
func entropy(s string) float64 {
	counts := map[rune]int{}
	n := 0
	for _, r := range s {
		counts[r]++
		n++
	}
	sum := 0.0
	for _, c := range counts {
		p := float64(c) / float64(n)
		sum -= p * math.Log2(p)
	}
	return sum
}
