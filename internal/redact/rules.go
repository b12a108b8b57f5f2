package redact

import "squirrly.dev/internal/lazyregexp"

// rule finds one kind of secret: the group named secret is what is replaced. Where there is a group named key, it and what
// stands before it within the word are the name of a setting, which has the last word.
type rule struct {
	kind    string
	pattern *lazyregexp.Regexp
	hints   []string // in lower case; a text without them cannot match, and is spared the expression. None: a text that [speaks]
	inline  bool     // a match never reaches over the end of a line, so that lines without hints are spared too
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
	inline("url", `[A-Za-z][A-Za-z0-9+.-]*://(?P<secret>[^\s/:,@\["'<>]*:[^\s/,@"'<>]*[^\s0-9/,@"'<>][^\s/,@"'<>]*/[^\s@"'<>]*)@`, "://"),
	inline("url", `(?:[=:][ \t]*["']?|^[ \t]*["']?)(?P<secret>[\w.%+-]+:[^\s:/@"'<>]*[^\s0-9:/@"'<>][^\s:/@"'<>]*)@[A-Za-z0-9(\[]`, "@"),
	inline("url", `(?i)jdbc:oracle:[a-z]+:(?P<secret>[^\s/@"']+/[^\s@"']+)@`, "jdbc:oracle"),
	inline("bearer", `(?i)\b(?:bearer|basic)[ \t]+(?P<secret>[A-Za-z0-9+/=._~-]{12,})`, "bearer", "basic"),
}, settings...)
