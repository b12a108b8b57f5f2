package access_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/flink/flinktest"
)

const canary = "hunter2-Canary"

// flinkServer is a recorded Flink behind a gateway.
func flinkServer(t *testing.T, g flinktest.Gateway) string {
	t.Helper()
	r, err := flinktest.NewReplay("2.3.0")
	if err != nil {
		t.Fatal(err)
	}
	srv, err := g.Start(r)
	if err != nil {
		t.Fatal(err)
	}
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	t.Cleanup(srv.Close)
	return srv.URL + g.Prefix
}

func newPKI(t *testing.T) *flinktest.PKI {
	t.Helper()
	p, err := flinktest.NewPKI(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// put writes a secret into a file of its own.
func put(t *testing.T, text string) string {
	t.Helper()
	return write(t, filepath.Join(t.TempDir(), "secret"), text)
}

// open opens a YAML file with one entry of these lines.
func open(t *testing.T, o access.Options, match string, lines ...string) *access.Access {
	t.Helper()
	text := fmt.Sprintf("clusters:\n  - name: test\n    match: %q\n", match)
	for _, l := range lines {
		text += "    " + l + "\n"
	}
	a, err := access.Open(access.Config{Local: true, File: put(t, text)}, o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// overview makes one call.
func overview(t *testing.T, a *access.Access, url string) error {
	t.Helper()
	client, done, err := a.Client(t.Context(), access.Target{URL: url, Timeout: 10 * time.Second})
	if err != nil {
		return err
	}
	defer done()
	_, err = client.Overview(t.Context())
	return err
}

// Each way in: with what the entry says Flink answers, and without it the error says what is missing; no error and no log
// repeats a secret.
func TestClient(t *testing.T) {
	pki := newPKI(t)
	ca := "caFile: " + pki.CAFile
	for name, c := range map[string]struct {
		gateway flinktest.Gateway
		lines   []string
		without error
		lacks   []string // lines that do not suffice
	}{
		"private CA": {flinktest.Gateway{PKI: pki}, []string{ca}, flink.ErrTLSUntrusted, nil},
		"client certificate": {
			flinktest.Gateway{PKI: pki, ClientCerts: true},
			[]string{ca, "certFile: " + pki.CertFile, "keyFile: " + pki.KeyFile},
			flink.ErrTLSClientCertificate,
			[]string{ca},
		},
		"client certificate, TLS 1.2": {
			flinktest.Gateway{PKI: pki, ClientCerts: true, MaxVersion: tls.VersionTLS12},
			[]string{ca, "certFile: " + pki.CertFile, "keyFile: " + pki.KeyFile},
			flink.ErrTLSClientCertificate,
			[]string{ca},
		},
		"token": {
			flinktest.Gateway{PKI: pki, Allow: flinktest.Bearer(func() string { return canary })},
			[]string{ca, "tokenFile: " + put(t, canary+"\n")},
			flink.ErrUnauthorized,
			[]string{ca, "tokenFile: " + put(t, canary+"-old")},
		},
		"user and password": {
			flinktest.Gateway{PKI: pki, Allow: flinktest.Basic("ops", canary)},
			[]string{ca, "user: ops", "passwordFile: " + put(t, canary)},
			flink.ErrUnauthorized,
			[]string{ca, "user: dev", "passwordFile: " + put(t, canary)},
		},
		"user in a file": {
			flinktest.Gateway{PKI: pki, Allow: flinktest.Basic("ops", canary)},
			[]string{ca, "userFile: " + put(t, "ops\n"), "passwordFile: " + put(t, canary)},
			flink.ErrUnauthorized,
			[]string{ca},
		},
		"headers": {
			flinktest.Gateway{PKI: pki, Allow: flinktest.Header("X-Api-Key", canary)},
			[]string{ca, "headerFile: " + put(t, "# for the gateway\n\nx-tenant: orders\nX-Api-Key:  "+canary+"\n")},
			flink.ErrUnauthorized,
			[]string{ca},
		},
		"another scheme": {
			flinktest.Gateway{PKI: pki, Allow: flinktest.Header("Authorization", "ApiKey "+canary)},
			[]string{ca, "headerFile: " + put(t, "Authorization: ApiKey "+canary)},
			flink.ErrUnauthorized,
			[]string{ca},
		},
		"prefix in the URL": {
			flinktest.Gateway{PKI: pki, Prefix: "/flink/orders", Allow: flinktest.Bearer(func() string { return canary })},
			[]string{ca, "tokenFile: " + put(t, canary)},
			flink.ErrUnauthorized,
			[]string{ca},
		},
		"clear text": {
			flinktest.Gateway{Allow: flinktest.Bearer(func() string { return canary })},
			[]string{"tokenFile: " + put(t, canary)},
			flink.ErrUnauthorized, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			o := access.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}
			url := flinkServer(t, c.gateway)
			if err := overview(t, open(t, o, url, c.lines...), url); err != nil {
				t.Errorf("with all: %v", err)
			}
			a := open(t, o, "https://elsewhere.example")
			if len(c.lacks) > 0 {
				a = open(t, o, url, c.lacks...)
			}
			err := overview(t, a, url)
			if !errors.Is(err, c.without) {
				t.Errorf("without: %v, want %v", err, c.without)
			}
			if shown := fmt.Sprint(err, log.String()); strings.Contains(shown, canary) || strings.Contains(shown, "b3BzOmh1") {
				t.Errorf("a secret is told: %s", shown)
			}
		})
	}
}

// A prefix of the entry is for URLs without a path.
func TestClient_Prefix(t *testing.T) {
	url := flinkServer(t, flinktest.Gateway{Prefix: "/flink/orders"})
	host := strings.TrimSuffix(url, "/flink/orders")
	a := open(t, access.Options{}, host, "prefix: /flink/orders")
	for _, target := range []string{host, host + "/", url} {
		if err := overview(t, a, target); err != nil {
			t.Errorf("%s: %v", target, err)
		}
	}
}

// A token that rotates is followed by the next request, of the same client, and so is the YAML file; while it is wrong, what it
// said before counts.
func TestClient_Rotates(t *testing.T) {
	token := atomic.Pointer[string]{}
	set := func(s string) { token.Store(&s) }
	set("first-" + canary)
	url := flinkServer(t, flinktest.Gateway{Allow: flinktest.Bearer(func() string { return *token.Load() })})
	dir := t.TempDir()
	secret, other := write(t, filepath.Join(dir, "token"), *token.Load()), filepath.Join(dir, "other")
	file := write(t, filepath.Join(dir, "access.yaml"), "clusters:\n  - match: "+url+"\n    tokenFile: token\n")
	var log bytes.Buffer
	a, err := access.Open(access.Config{Local: true, File: file}, access.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	client, done, err := a.Client(t.Context(), access.Target{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	call := func(what string, want error) {
		t.Helper()
		if _, err := client.Overview(t.Context()); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	call("at first", nil)
	set("second-" + canary)
	call("the server has another token", flink.ErrUnauthorized)
	write(t, secret, *token.Load())
	call("the file has it too", nil)
	write(t, secret, "")
	call("the file is being written", flink.ErrAccess)
	if err := os.Remove(secret); err != nil {
		t.Fatal(err)
	}
	call("the file is gone", flink.ErrAccess)

	write(t, other, *token.Load())
	write(t, file, "clusters:\n  - match: "+url+"\n    tokenFile: other\n")
	call("the entry names another file", nil)
	write(t, file, "clusters:\n  - match: "+url+"\n    tokn: "+canary+"\n")
	call("the YAML file is wrong", nil)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	call("the YAML file is gone", nil)
	write(t, file, "clusters: []\n")
	call("no entry is left", flink.ErrUnauthorized)
	if s := log.String(); strings.Contains(s, canary) || !strings.Contains(s, "line 3: clusters[0].tokn") {
		t.Errorf("logged:\n%s", s)
	}
}

// A certificate that is renewed is used by the next connection.
func TestClient_RotatesCertificates(t *testing.T) {
	right, wrong := newPKI(t), newPKI(t)
	url := flinkServer(t, flinktest.Gateway{PKI: right})
	ca := put(t, "")
	copyFile := func(from string) {
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		write(t, ca, string(b))
	}
	copyFile(wrong.CAFile)
	client, done, err := open(t, access.Options{}, url, "caFile: "+ca).Client(t.Context(), access.Target{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	if _, err := client.Overview(t.Context()); !errors.Is(err, flink.ErrTLSUntrusted) {
		t.Errorf("the wrong authority: %v", err)
	}
	copyFile(right.CAFile)
	if _, err := client.Overview(t.Context()); err != nil {
		t.Errorf("the right authority: %v", err)
	}
}

// A file that is wrong at the start is said with its name, line and field; one that names a file which is not there is not wrong.
func TestOpen(t *testing.T) {
	wrong := put(t, "clusters:\n  - match: a\n    password: "+canary+"\n")
	for name, c := range map[string]struct {
		cfg  access.Config
		says string
	}{
		"wrong":      {access.Config{File: wrong}, "SQUIRRLY_FLINK_ACCESS: " + wrong + ": line 3: clusters[0].password"},
		"not there":  {access.Config{File: "/nowhere"}, "SQUIRRLY_FLINK_ACCESS: /nowhere: no such file"},
		"a folder":   {access.Config{File: t.TempDir()}, "is a folder, not a file"},
		"content":    {access.Config{File: "clusters:\n- match: a\n"}, "expected the path of a YAML file"},
		"allow-list": {access.Config{Allow: []string{"http://x"}}, "SQUIRRLY_FLINK_ALLOW"},
	} {
		if _, err := access.Open(c.cfg, access.Options{}); err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var log bytes.Buffer
	open(t, access.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}, "https://a", "tokenFile: /nowhere/"+canary)
	if s := log.String(); !strings.Contains(s, "line 4: clusters[0].tokenFile: no such file") || strings.Contains(s, canary) {
		t.Errorf("logged: %s", s)
	}
	if _, err := access.ForAll(access.Entry{TokenFile: put(t, canary+"\nmore")}); err == nil || err.Error() != "tokenFile: expected a file with one line" {
		t.Errorf("two lines: %v", err)
	}
	for _, e := range []access.Entry{{TokenFile: put(t, "replace-me\n")}, {HeaderFile: put(t, "X-Key: <your key>\n")}, {User: "u", PasswordFile: put(t, "changeme")}} {
		if _, err := access.ForAll(e); err == nil || !strings.Contains(err.Error(), "it holds a placeholder") {
			t.Errorf("a placeholder: %v", err)
		}
	}
}

// Credentials go to the cluster and to nobody else, wherever it redirects to.
func TestClient_Redirects(t *testing.T) {
	var stolen atomic.Int64
	thief := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		stolen.Add(1)
		t.Errorf("%s %s came with %v", r.Method, r.URL, r.Header)
	}))
	defer thief.Close()
	pki := newPKI(t)
	var home string
	var leaked atomic.Int64
	for name, c := range map[string]struct {
		to   func() string
		want error
	}{
		"another host":        {func() string { return thief.URL + "/overview" }, flink.ErrRedirects},
		"another host, login": {func() string { return thief.URL + "/login?token=" + canary }, flink.ErrRedirects},
		"clear text":          {func() string { return strings.Replace(home, "https", "http", 1) + "/overview" }, flink.ErrRedirects},
		"login at home":       {func() string { return strings.TrimSuffix(home, "/flink") + "/oauth2/sign_in" }, flink.ErrLoginPage},
		"round and round":     {func() string { return home + "/overview" }, flink.ErrRedirects},
	} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			mux := http.NewServeMux()
			mux.HandleFunc("/oauth2/sign_in", func(w http.ResponseWriter, r *http.Request) {
				leaked.Add(int64(len(r.Header.Values("Authorization"))))
				_, _ = w.Write([]byte("<html><body>Please sign in"))
			})
			mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, c.to(), status) })
			srv, err := flinktest.Gateway{PKI: pki}.Start(mux)
			if err != nil {
				t.Fatal(err)
			}
			home = srv.URL + "/flink"
			a := open(t, access.Options{}, home, "caFile: "+pki.CAFile, "tokenFile: "+put(t, canary))
			err = overview(t, a, home)
			if !errors.Is(err, c.want) || strings.Contains(err.Error(), canary) {
				t.Errorf("%s, %d: %v", name, status, err)
			}
			if errors.Is(c.want, flink.ErrLoginPage) && !strings.Contains(err.Error(), "it redirected to /oauth2/sign_in") {
				t.Errorf("%s, %d: it is not said where it went: %v", name, status, err)
			}
			client, done, err := a.Client(t.Context(), access.Target{URL: home})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := client.StartProfile(t.Context(), "tm", flink.ModeITIMER, time.Second); !errors.Is(err, flink.ErrRedirects) {
				t.Errorf("%s, %d, POST: %v", name, status, err)
			}
			done()
			srv.Close()
		}
	}
	if stolen.Load()+leaked.Load() > 0 {
		t.Errorf("%d requests went to another host, %d credentials to another path", stolen.Load(), leaked.Load())
	}
}

// A gateway that repeats what it got does not bring it into an error.
func TestClient_Masks(t *testing.T) {
	url := flinkServer(t, flinktest.Gateway{Answer: func(w http.ResponseWriter, r *http.Request) bool {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = fmt.Fprintf(w, `{"errors":["who is %s?"]}`, r.Header.Get("Authorization"))
		return true
	}})
	err := overview(t, open(t, access.Options{}, url, "tokenFile: "+put(t, canary)), url)
	if err == nil || strings.Contains(err.Error(), canary) || !strings.Contains(err.Error(), "who is Bearer ***?") {
		t.Errorf("got %v", err)
	}
}
