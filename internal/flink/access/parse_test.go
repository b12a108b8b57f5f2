package access

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"squirrly.dev/internal/strictyaml"
)

// right is a file with every field.
const right = `clusters:
  - name: orders
    match: [https://flink.example.com/orders, "*.flink.svc:8443"]
    caFile: ca.crt
    certFile: /tls/tls.crt
    keyFile: /tls/tls.key
    serverName: flink.internal
    tokenFile: token
    headerFile: headers
    proxy: http://proxy:3128
    proxyUser: squirrly
    proxyPasswordFile: proxy-password
  - match: http://jobmanager:8081
    user: ops
    passwordFile: password
    prefix: /flink/billing
  - match: https://[fd00::1]:8443
    userFile: user
    passwordFile: password
  - match: "*"
    caFile: /etc/ssl/corporate.pem
`

func TestParse(t *testing.T) {
	entries, err := Parse([]byte(right), "/etc/squirrly")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 4 {
		t.Fatalf("%d entries", len(entries))
	}
	a, b := entries[0], entries[1]
	if a.Name != "orders" || a.CAFile != "/etc/squirrly/ca.crt" || a.CertFile != "/tls/tls.crt" || a.ProxyPasswordFile != "/etc/squirrly/proxy-password" {
		t.Errorf("the first: %+v", a)
	}
	if b.Name != "http://jobmanager:8081" || b.User != "ops" || b.Prefix != "/flink/billing" {
		t.Errorf("the second: %+v", b)
	}
}

// canary stands where a secret could have gone by mistake: no error repeats it.
const canary = "hunter2-Canary"

func TestParse_Refuses(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		says string
	}{
		"empty":           {"", "line 1: the document is empty"},
		"only a comment":  {"# nothing\n", "line 1: the document is empty"},
		"null":            {"clusters:\n", "line 1: clusters: expected a list, got nothing"},
		"no mapping":      {"- a\n", "line 1: expected fields (clusters), got a list"},
		"another root":    {"targets: []\n", "line 1: targets: there is no such field; expected clusters"},
		"not YAML":        {"clusters:\n  - match: [" + canary + "\n", "line 1: not YAML:"},
		"quote left open": {"clusters:\n  - user: \"" + canary + "\n", "not YAML:"},
		"unknown anchor":  {"clusters:\n  - user: *" + canary + "\n", "not YAML:"},
		"a tab":           {"clusters:\n\t- match: a\n", "line 2: not YAML: found character that cannot start any token"},
		"two documents":   {"clusters: []\n---\nclusters: []\n", "line 2: expected one document, and there is a second one"},
		"a scalar for an entry": {
			"clusters:\n  - " + canary + "\n", "line 2: clusters[0]: expected fields (caFile, certFile",
		},
		"unknown field": {"clusters:\n  - match: a\n    verify: no\n", "line 3: clusters[0].verify: there is no such field; expected caFile"},
		"misspelt":      {"clusters:\n  - match: a\n    cafile: x\n", "line 3: clusters[0].cafile: there is no such field: did you mean caFile?"},
		"flag":          {"clusters:\n  - match: a\n    ca-file: x\n", "did you mean caFile?"},
		"inline token":  {"clusters:\n  - match: a\n    token: " + canary + "\n", "line 3: clusters[0].token: there is no such field: write it into a file, and name that in tokenFile"},
		"inline password": {
			"clusters:\n  - match: a\n    user: ops\n    password: " + canary + "\n",
			"line 4: clusters[0].password: there is no such field: write it into a file, and name that in passwordFile",
		},
		"a secret for a key":  {"clusters:\n  - match: a\n    " + canary + ": x\n", "line 3: clusters[0].this one: there is no such field"},
		"twice":               {"clusters:\n  - match: a\n    name: x\n    name: y\n", "line 4: clusters[0].name: it is there twice"},
		"a list for a text":   {"clusters:\n  - match: a\n    tokenFile: [" + canary + "]\n", "line 3: clusters[0].tokenFile: expected a text"},
		"an empty text":       {"clusters:\n  - match: a\n    tokenFile:\n", "line 3: clusters[0].tokenFile: expected a text, got nothing"},
		"two lines":           {"clusters:\n  - match: a\n    tokenFile: |\n      x\n      y\n", "line 3: clusters[0].tokenFile: expected one line"},
		"no pattern":          {"clusters:\n  - name: a\n", "line 2: clusters[0].match: expected at least one pattern"},
		"bad pattern":         {"clusters:\n  - match: ftp://" + canary + "\n", "line 2: clusters[0].match: expected patterns such as"},
		"pattern with a user": {"clusters:\n  - match: https://u:" + canary + "@host\n", "clusters[0].match: expected patterns"},
		"wild in the middle":  {"clusters:\n  - match: a.*.b\n", "clusters[0].match: expected patterns"},
		"secret for all":      {"clusters:\n  - match: \"*\"\n    tokenFile: x\n", `clusters[0].match: "*" is every host`},
		"proxy for all":       {"clusters:\n  - match: \"*\"\n    proxy: http://p:1\n", `clusters[0].match: "*" is every host`},
		"CA for http":         {"clusters:\n  - match: http://a\n    caFile: x\n", "clusters[0].match: a pattern is for http"},
		"half a pair":         {"clusters:\n  - match: a\n    certFile: x\n", "line 3: clusters[0].certFile: expected certFile and keyFile together"},
		"no password":         {"clusters:\n  - match: a\n    user: x\n", "line 3: clusters[0].user: expected user and passwordFile together"},
		"no user":             {"clusters:\n  - match: a\n    passwordFile: x\n", "line 3: clusters[0].passwordFile: expected user and passwordFile together"},
		"two users":           {"clusters:\n  - match: a\n    user: x\n    userFile: y\n    passwordFile: z\n", "line 4: clusters[0].userFile: expected user or userFile"},
		"token and password":  {"clusters:\n  - match: a\n    user: x\n    passwordFile: z\n    tokenFile: y\n", "line 5: clusters[0].tokenFile: expected a token, or user and password"},
		"a colon in the user": {"clusters:\n  - match: a\n    user: \"x:" + canary + "\"\n    passwordFile: z\n", "clusters[0].user: expected a name without colon"},
		"password in proxy":   {"clusters:\n  - match: a\n    proxy: http://u:" + canary + "@p:1\n", "line 3: clusters[0].proxy: expected a URL without user and password"},
		"no proxy":            {"clusters:\n  - match: a\n    proxy: " + canary + "\n", "clusters[0].proxy: expected a URL such as http://proxy:3128"},
		"proxy user alone":    {"clusters:\n  - match: a\n    proxy: http://p:1\n    proxyUser: x\n", "clusters[0].proxyUser: expected proxyUser and proxyPasswordFile together"},
		"proxy is missing":    {"clusters:\n  - match: a\n    proxyUser: x\n", "clusters[0].proxyUser: expected proxy beside it"},
		"prefix leaves":       {"clusters:\n  - match: a\n    prefix: /x/../y\n", "clusters[0].prefix: expected a path"},
		"prefix is relative":  {"clusters:\n  - match: a\n    prefix: x\n", "clusters[0].prefix: expected a path"},
		"prefix twice":        {"clusters:\n  - match: a/orders\n    prefix: /x\n", "clusters[0].prefix: a pattern has a path already"},
		"the second entry":    {"clusters:\n  - match: a\n  - match: b\n    user: x\n", "line 4: clusters[1].user:"},
	} {
		_, err := Parse([]byte(c.text), "")
		p, ok := errors.AsType[strictyaml.Problems](err)
		if !ok || p[0].Line < 1 || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want …%s…", name, err, c.says)
		}
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("%s: the secret is told: %v", name, err)
		}
	}
}

// All mistakes of all entries are told at once, and an entry with a wrong field is not judged as a whole.
func TestParse_TellsAll(t *testing.T) {
	_, err := Parse([]byte("clusters:\n- match: a\n  certFil: x\n  keyFile: y\n- match: b\n  user: ops\n- match: [c]\n  tokens: "+canary+"\n"), "")
	const want = `line 3: clusters[0].certFil: there is no such field; expected `
	got := strings.Split(err.Error(), "\n")
	if len(got) != 3 || !strings.HasPrefix(got[0], want) || got[1] != "line 6: clusters[1].user: expected user and passwordFile together" ||
		!strings.HasPrefix(got[2], "line 8: clusters[2].tokens: ") || strings.Contains(err.Error(), canary) {
		t.Errorf("%v", err)
	}
}

// FuzzParse: whatever the file is, there is an answer; an error has a line and repeats no value; what is taken holds together.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		right, "", "clusters:", "clusters: []", "clusters:\n- match: a\n  user: &x y\n  passwordFile: *x\n", "clusters: &a [*a]",
		"<<: {clusters: []}", "clusters:\n- ? [a]\n  : b\n", "clusters:\n- match: [\"*.\", \"*.a\", \"[::1]:1\"]\n  tokenFile: !!int 3\n",
		"%YAML 1.2\n---\nclusters: []\n...\n", "\xff\xfe", "clusters:\n- match: a\n  token: " + canary,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		entries, err := Parse(text, "/dir")
		if err != nil {
			p, ok := errors.AsType[strictyaml.Problems](err)
			if !ok || slices.ContainsFunc(p, func(p strictyaml.Problem) bool { return p.Line < 1 }) || strings.Contains(err.Error(), canary) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		for _, e := range entries {
			if len(e.patterns) == 0 || e.patterns[0].any && (e.secret() || e.Proxy != "") || (e.CertFile == "") != (e.KeyFile == "") {
				t.Fatalf("%q gives %+v", text, e)
			}
		}
	})
}
