package chain_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/pkg/events"
)

// What must be found nowhere. The names tell which one was found.
const (
	token         = "canary-token-7Hq2"
	oldToken      = "canary-old-token-9Zx1"
	wrongToken    = "canary-wrong-token-5Rw8"
	password      = "canary password-3Kp6"
	apiKey        = "canary-api-key-4Tm0"
	proxyPassword = "canary-proxy-8Vb5"
)

// way is one way of getting in.
type way struct {
	name    string
	gateway flinktest.Gateway
	lines   []string // of its entry in the file
	flags   []string // that say the same
	url     string
}

// entrance is a Flink behind gateways of every kind.
type entrance struct {
	dir    string
	pki    *flinktest.PKI
	token  atomic.Pointer[string]
	proxy  *flinktest.ForwardProxy
	ways   []way
	file   string // YAML
	denied []way  // that are not let in
}

// newEntrance starts the gateways before a Flink and writes the file for all of them.
func newEntrance(t *testing.T, flinkURL string) *entrance {
	t.Helper()
	e := &entrance{dir: t.TempDir(), proxy: &flinktest.ForwardProxy{User: "squirrly", Password: proxyPassword}}
	var err error
	if e.pki, err = flinktest.NewPKI(e.dir); err != nil {
		t.Fatal(err)
	}
	e.setToken(oldToken)
	proxy := httptest.NewServer(e.proxy)
	t.Cleanup(proxy.Close)
	e.put(t, "token", oldToken)
	e.put(t, "wrong", wrongToken)
	e.put(t, "password", password+"\n")
	e.put(t, "headers", "X-Tenant: orders\nX-Api-Key: "+apiKey+"\n")
	e.put(t, "proxy-password", proxyPassword)
	bearer := flinktest.Bearer(func() string { return *e.token.Load() })
	e.ways = []way{
		{name: "private CA", gateway: flinktest.Gateway{}},
		{name: "client certificate", gateway: flinktest.Gateway{ClientCerts: true}, lines: []string{"certFile: client.crt", "keyFile: client.key"}},
		{name: "token", gateway: flinktest.Gateway{Allow: bearer}, lines: []string{"tokenFile: token"}},
		{name: "user and password", gateway: flinktest.Gateway{Allow: flinktest.Basic("ops", password)}, lines: []string{"user: ops", "passwordFile: password"}},
		{name: "header", gateway: flinktest.Gateway{Allow: flinktest.Header("X-Api-Key", apiKey)}, lines: []string{"headerFile: headers"}},
		{name: "prefix", gateway: flinktest.Gateway{Prefix: "/flink/orders", Allow: bearer}, lines: []string{"tokenFile: token"}},
		{name: "proxy", lines: []string{"proxy: " + proxy.URL, "proxyUser: squirrly", "proxyPasswordFile: proxy-password"}},
	}
	e.denied = []way{
		{name: "wrong token", gateway: flinktest.Gateway{Allow: bearer}, lines: []string{"tokenFile: wrong"}},
		{name: "token for a password", gateway: flinktest.Gateway{Allow: flinktest.Basic("ops", password)}, lines: []string{"tokenFile: wrong"}},
	}
	upstream, err := flinktest.Upstream(flinkURL)
	if err != nil {
		t.Fatal(err)
	}
	yaml := "clusters:\n"
	for _, w := range e.all() {
		w.gateway.PKI = e.pki
		srv, err := w.gateway.Start(upstream)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(srv.Close)
		w.url = srv.URL + w.gateway.Prefix
		w.lines = append([]string{"caFile: ca.crt"}, w.lines...)
		yaml += fmt.Sprintf("  - name: %s\n    match: %s\n    %s\n", w.name, w.url, strings.Join(w.lines, "\n    "))
		w.flags = e.flags(w.lines)
	}
	e.file = e.put(t, "access.yaml", yaml)
	return e
}

// all are the ways by reference.
func (e *entrance) all() []*way {
	var all []*way
	for _, of := range [][]way{e.ways, e.denied} {
		for i := range of {
			all = append(all, &of[i])
		}
	}
	return all
}

func (e *entrance) setToken(s string) { e.token.Store(&s) }

func (e *entrance) put(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(e.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// flags are the flags of the command line for the lines of an entry.
func (e *entrance) flags(lines []string) []string {
	var flags []string
	for _, l := range lines {
		field, value, _ := strings.Cut(l, ": ")
		flag := "--flink-"
		for _, r := range field {
			if r >= 'A' && r <= 'Z' {
				flag += "-"
			}
			flag += strings.ToLower(string(r))
		}
		if strings.HasSuffix(field, "File") {
			value = filepath.Join(e.dir, value)
		}
		flags = append(flags, flag, value)
	}
	return flags
}

// secrets are all forms in which a secret could get out.
func (e *entrance) secrets(t *testing.T) []string {
	t.Helper()
	key, err := os.ReadFile(e.pki.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	return []string{
		token, oldToken, wrongToken, password, apiKey, proxyPassword, encode("ops:" + password), encode("squirrly:" + proxyPassword),
		strings.ReplaceAll(password, " ", "%20"), strings.ReplaceAll(password, " ", "+"), strings.Split(string(key), "\n")[1],
	}
}

// look reports each secret in a text.
func (e *entrance) look(t *testing.T, where string, text []byte) int {
	t.Helper()
	for _, s := range e.secrets(t) {
		if bytes.Contains(text, []byte(s)) {
			t.Errorf("%s holds %q", where, s)
		}
	}
	return 1
}

// lookBelow looks into each file of a folder.
func (e *entrance) lookBelow(t *testing.T, dir string) int {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := os.ReadFile(path)
		n += e.look(t, path, body)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return n
}

// holds reports whether a file below a folder holds a text.
func holds(t *testing.T, dir, text string) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := os.ReadFile(path)
		found = found || bytes.Contains(body, []byte(text))
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return found
}

// lookAtMessages looks into each message of each stream, which is also each record and each key.
func (e *entrance) lookAtMessages(t *testing.T, s *stack) int {
	t.Helper()
	n := 0
	js := bustest.JetStream(s.bus)
	names := js.StreamNames(t.Context())
	for name := range names.Name() {
		stream, err := js.Stream(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		state := stream.CachedInfo().State
		for seq := state.FirstSeq; seq <= state.LastSeq; seq++ {
			m, err := stream.GetMsg(t.Context(), seq)
			if err != nil {
				continue // it is gone
			}
			n += e.look(t, "stream "+name+", "+m.Subject, append([]byte(fmt.Sprint(m.Subject, m.Header)), m.Data...))
		}
	}
	if err := names.Err(); err != nil {
		t.Error(err)
	}
	return n
}

// Flink behind a gateway of every kind is profiled by the services and by the command line, and what it took to get in is found
// nowhere: not in messages, records, objects, logs, reports and errors.
func TestAccess(t *testing.T) {
	for _, version := range versions() {
		t.Run(version, func(t *testing.T) {
			c := startFlink(t, flinktest.Options{
				Version: version, Profiling: true, Config: map[string]string{"metrics.fetcher.update-interval": "1 s"},
			})
			runSample(t, c)
			e := newEntrance(t, c.URL)
			began := time.Now()
			if version == newest {
				accessByServices(t, e)
			} else {
				accessByFlags(t, e)
			}
			if e.proxy.Connects.Load() == 0 {
				t.Error("nothing went through the proxy")
			}
			t.Logf("%d ways in %s", len(e.ways), time.Since(began).Round(time.Second))
		})
	}
}

// accessByServices sends requests for each way to the services, which have one file for all.
func accessByServices(t *testing.T, e *entrance) {
	s := newStack(t, "SQUIRRLY_FLINK_ACCESS="+e.file, "SQUIRRLY_LOG_LEVEL=debug", "SQUIRRLY_TARGET_PATIENCE=2s")
	// The token rotates while the services run: the server takes the new one, then it is in the file.
	e.setToken(token)
	e.put(t, "token", token)
	for _, w := range e.ways {
		rec := s.ask(t, fmt.Sprintf(`{"target":{"url":%q},"duration":"1s","modes":["ITIMER"]}`, w.url))
		if rec.State != events.StateAnalyzed || len(rec.Captures) == 0 {
			t.Errorf("%s: %s, %+v", w.name, rec.State, rec.Outcome)
		}
	}
	for _, w := range e.denied {
		rec := s.ask(t, fmt.Sprintf(`{"target":{"url":%q}}`, w.url))
		if rec.Outcome == nil || rec.Outcome.Code != events.CodeUnauthorized {
			t.Errorf("%s: %s, %+v", w.name, rec.State, rec.Outcome)
		}
	}
	for _, target := range []string{
		fmt.Sprintf(`{"url":"https://ops:%s@127.0.0.1:1/"}`, wrongToken), fmt.Sprintf(`{"deployment":"ops:%s@127.0.0.1:1"}`, wrongToken),
		fmt.Sprintf(`{"url":"https://127.0.0.1:1/?token=%s"}`, wrongToken), fmt.Sprintf(`{"url":"ops:%s@127.0.0.1:1"}`, wrongToken),
	} {
		rec := s.ask(t, `{"target":`+target+`}`)
		if rec.Outcome == nil || rec.Outcome.Code != events.CodeInvalidRequest {
			t.Errorf("credentials in the target: %s, %+v", rec.State, rec.Outcome)
		}
	}
	messages := e.lookAtMessages(t, s)
	var logs int
	for _, name := range serviceNames {
		body, err := os.ReadFile(filepath.Join(s.dir, name+".log"))
		if err != nil {
			t.Fatal(err)
		}
		logs += e.look(t, name+".log", body)
	}
	objects := e.lookBelow(t, s.objects)
	t.Logf("looked into %d messages, %d logs, %d objects", messages, logs, objects)
	if !holds(t, s.objects, "arbitrary-stall") {
		t.Error("what is stored cannot be looked into: the name of a vertex is not found either")
	}
	if messages < len(e.ways)*5 || objects < len(e.ways)*4 {
		t.Errorf("only %d messages and %d objects were looked into", messages, objects)
	}
}

// accessByFlags profiles each way by the command line alone.
func accessByFlags(t *testing.T, e *entrance) {
	e.setToken(token)
	e.put(t, "token", token)
	run := func(url string, args ...string) (string, error) {
		c := exec.CommandContext(t.Context(), filepath.Join(bin, "squirrly"), append([]string{"profile", url, "-d", "1s", "-m", "ITIMER", "-v"}, args...)...)
		var all bytes.Buffer
		c.Stdout, c.Stderr = &all, &all
		err := c.Run()
		e.look(t, "what squirrly profile prints for "+url, all.Bytes())
		return all.String(), err
	}
	for _, w := range e.ways {
		dir := filepath.Join(t.TempDir(), "out")
		if out, err := run(w.url, append(w.flags, "--out", dir)...); err != nil {
			t.Errorf("%s: %v\n%s", w.name, err, out)
		}
		if n := e.lookBelow(t, dir); n < 4 {
			t.Errorf("%s: only %d files in %s", w.name, n, dir)
		}
	}
	for _, w := range e.denied {
		if out, err := run(w.url, w.flags...); err == nil || !strings.Contains(out, string(events.CodeUnauthorized)) {
			t.Errorf("%s: %v\n%s", w.name, err, out)
		}
	}
	if out, err := run("https://ops:" + wrongToken + "@127.0.0.1:1"); err == nil || !strings.Contains(out, "--flink-password-file") {
		t.Errorf("credentials in the URL: %v\n%s", err, out)
	}
}
