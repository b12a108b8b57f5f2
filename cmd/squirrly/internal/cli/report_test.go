package cli_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"squirrly.dev/cmd/squirrly/internal/local"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// profiled runs all services with their HTTP API, and one run to its end.
func profiled(t *testing.T) (s *local.Stack, nats, api string, rec run.Record) {
	t.Helper()
	clean(t)
	nats, api = freePort(t), freePort(t)
	_, port, _ := strings.Cut(nats, ":")
	number := 0
	if _, err := fmt.Sscan(port, &number); err != nil {
		t.Fatal(err)
	}
	s, err := local.Start(context.WithoutCancel(t.Context()), local.Options{
		Dir: t.TempDir(), Port: number, HTTPAddr: api, Version: "test", Logger: slog.New(slog.DiscardHandler), Log: io.Discard,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	nats, api = "nats://"+nats, "http://"+api
	_, url := replay(t, flinktest.Script{})
	id := asked(t, nats, url)
	return s, nats, api, until(t, s, id, func(r run.Record) bool { return r.State == events.StateAnalyzed })
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// files are the names below a folder, sorted.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

var captureLink = regexp.MustCompile(`href="(captures/[^"]+)"`)

// wholePage checks that a folder has the page of a report, and each flame graph that it links to.
func wholePage(t *testing.T, dir string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(dir, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	found := captureLink.FindAllStringSubmatch(string(page), -1)
	if len(found) == 0 {
		t.Errorf("the report links to no flame graph")
	}
	for _, m := range found {
		if info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(m[1]))); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", m[1], err)
		}
	}
}

// What a run left is downloaded from the store of a server; the same run once more is put in its place, another beside it.
func TestRunsGet_Out(t *testing.T) {
	s, nats, _, rec := profiled(t)
	dir := filepath.Join(t.TempDir(), "made", "on the way")
	get := func(id string) (int, string) {
		code, out, errOut := runCLI(t, t.Context(), "", "--nats", nats, "runs", "get", id, "--out", dir)
		if code == 0 && !strings.Contains(out, "squirrly-sample") {
			t.Errorf("the report is not printed: %s", out)
		}
		return code, errOut
	}
	if code, errOut := get(rec.Run[:8]); code != 0 || !strings.Contains(errOut, filepath.Join(dir, "report.html")) {
		t.Fatalf("exit %d: %s", code, errOut)
	}
	wholePage(t, dir)
	first := files(t, dir)
	for _, want := range []string{"analysis.json", "report.md", "report.txt"} {
		if !slices.Contains(first, want) {
			t.Errorf("no %s in %v", want, first)
		}
	}
	for _, c := range rec.Artifact.Captures {
		name := strings.TrimPrefix(c.Key, rec.Plan.Identity.Prefix(rec.Run))
		body, err := os.ReadFile(filepath.Join(dir, name))
		stored, getErr := s.Store.Get(t.Context(), c.ObjectRef, 64<<20)
		if err != nil || getErr != nil || string(body) != string(stored) {
			t.Errorf("%s is not what is stored: %v, %v", name, err, getErr)
		}
	}
	if code, errOut := get(rec.Run); code != 0 || !slices.Equal(files(t, dir), first) {
		t.Errorf("once more: exit %d, %s: %v", code, errOut, files(t, dir))
	}
	other := rec
	other.Run = "00000000-0000-5000-8000-00000000000a"
	if _, err := run.New(s.Bus).Create(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if code, _ := get(other.Run); code != 1 { // its objects are of the first
		t.Errorf("a record that names objects of another run: exit %d", code)
	}
	if got := files(t, filepath.Join(dir, other.Run)); slices.Contains(got, "captures") || !slices.Contains(got, "report.html") {
		t.Errorf("beside the first: %v", got)
	}
}

// Objects that are gone, changed, too large or of somebody else are left out and told; the others are written.
func TestRunsGet_OutWithBrokenObjects(t *testing.T) {
	s, nats, _, rec := profiled(t)
	captures := rec.Artifact.Captures
	if len(captures) < 2 {
		t.Fatalf("%d captures", len(captures))
	}
	for name, c := range map[string]struct {
		damage func(*events.ObjectRef)
		says   string
		code   int
	}{
		"gone":        {func(r *events.ObjectRef) { r.Key += "x.html" }, "kept no more", 0},
		"changed":     {func(r *events.ObjectRef) { r.SHA256 = strings.Repeat("0", 64) }, "not what its reference says", 1},
		"partial":     {func(r *events.ObjectRef) { r.Size++ }, "not what its reference says", 1},
		"too large":   {func(r *events.ObjectRef) { r.Size = 65 << 20 }, "too large", 1},
		"elsewhere":   {func(r *events.ObjectRef) { r.Key = "local/other/job/run/captures/x.html" }, "not of run", 1},
		"out of here": {func(r *events.ObjectRef) { r.Key = rec.Plan.Identity.Prefix(rec.Run) + "../../../x.html" }, "not of run", 1},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run.New(s.Bus).Update(t.Context(), rec.Run, func(r *run.Record) error {
				r.Artifact.Captures = slices.Clone(captures)
				c.damage(&r.Artifact.Captures[0].ObjectRef)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			code, out, errOut := runCLI(t, t.Context(), "", "--nats", nats, "runs", "get", rec.Run, "--out", dir)
			if code != c.code || !strings.Contains(errOut, "left out") || !strings.Contains(errOut, c.says) || out == "" {
				t.Errorf("exit %d, want %d: %s", code, c.code, errOut)
			}
			got := files(t, dir)
			second := strings.TrimPrefix(captures[1].Key, rec.Plan.Identity.Prefix(rec.Run))
			if !slices.Contains(got, second) || !slices.Contains(got, "report.html") {
				t.Errorf("the others are not there: %v", got)
			}
			if slices.ContainsFunc(got, func(f string) bool { return strings.HasSuffix(f, ".part") || strings.HasSuffix(f, "x.html") }) {
				t.Errorf("what is broken is there: %v", got)
			}
		})
	}
}

// desktop has a browser that writes what it is to open into a file; the function returns that.
func desktop(t *testing.T) func() string {
	t.Helper()
	dir := t.TempDir()
	opened := filepath.Join(dir, "opened")
	script := "#!/bin/sh\nprintf %s \"$1\" > '" + opened + "'\n"
	if err := os.WriteFile(filepath.Join(dir, "xdg-open"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	t.Setenv("DISPLAY", ":99")
	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
	return func() string {
		body, _ := os.ReadFile(opened)
		return string(body)
	}
}

// The page is opened with the flame graphs beside it: of a run on a server, by NATS or by HTTP alone, and of a folder.
func TestReport_Open(t *testing.T) {
	s, nats, api, rec := profiled(t)
	folder := t.TempDir()
	if code, _, errOut := runCLI(t, t.Context(), "", "--nats", nats, "runs", "get", rec.Run, "--out", folder); code != 0 {
		t.Fatal(errOut)
	}
	for name, line := range map[string][]string{
		"NATS":   {"--nats", nats, "report", rec.Run[:8], "--open"},
		"runs":   {"--nats", nats, "runs", "report", rec.Run[:8], "--open"},
		"HTTP":   {"report", rec.Run[:8], "--http", api, "--open"},
		"folder": {"report", folder, "--open"},
	} {
		t.Run(name, func(t *testing.T) {
			opened := desktop(t)
			code, out, errOut := runCLI(t, t.Context(), "", line...)
			page := strings.TrimSpace(out)
			if code != 0 || opened() != "file://"+page {
				t.Fatalf("exit %d, opened %q, printed %q: %s", code, opened(), page, errOut)
			}
			wholePage(t, filepath.Dir(page))
		})
		t.Run(name+" without a browser", func(t *testing.T) {
			opened := desktop(t)
			t.Setenv("DISPLAY", "")
			t.Setenv("WAYLAND_DISPLAY", "")
			code, out, errOut := runCLI(t, t.Context(), "", line...)
			if code != 0 || opened() != "" || !strings.HasSuffix(strings.TrimSpace(out), "report.html") || !strings.Contains(errOut, "no browser") {
				t.Errorf("exit %d, opened %q, printed %q: %s", code, opened(), out, errOut)
			}
			t.Setenv("DISPLAY", ":99")
			t.Setenv("PATH", t.TempDir())
			if code, _, errOut := runCLI(t, t.Context(), "", line...); code != 0 || !strings.Contains(errOut, "no browser") {
				t.Errorf("no program: exit %d: %s", code, errOut)
			}
		})
	}
	for _, line := range [][]string{{"--nats", nats, "report", rec.Run}, {"report", rec.Run, "--http", api}, {"report", folder}} {
		code, out, errOut := runCLI(t, t.Context(), "", append(line, "-o", "markdown")...)
		if code != 0 || !strings.Contains(out, "# ") || !strings.Contains(out, "squirrly-sample") {
			t.Errorf("%v: exit %d, %q: %s", line, code, out, errOut)
		}
	}
	other := rec
	other.Run = rec.Run[:8] + "-0000-5000-8000-00000000000a"
	if _, err := run.New(s.Bus).Create(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		line []string
		code int
		says string
	}{
		"two begin so":  {[]string{"report", rec.Run[:8], "--http", api}, 2, other.Run},
		"whole id":      {[]string{"report", rec.Run, "--http", api}, 0, ""},
		"none by HTTP":  {[]string{"report", "ffffffff-0000", "--http", api}, 5, "no record"},
		"none by NATS":  {[]string{"--nats", nats, "report", "ffffffff-0000"}, 5, "no record"},
		"no run's name": {[]string{"report", "../x", "--http", api}, 5, "no record"},
		"no address":    {[]string{"report", rec.Run, "--http", "squirrly.example"}, 2, "--http"},
		"nobody there":  {[]string{"report", rec.Run, "--http", "http://" + freePort(t)}, 1, "HTTP API"},
	} {
		code, _, errOut := runCLI(t, t.Context(), "", c.line...)
		if code != c.code || !strings.Contains(errOut, c.says) {
			t.Errorf("%s: exit %d, want %d: %s", name, code, c.code, errOut)
		}
	}
}

// A server that is not what it seems steers neither files nor terminal, and gets no token that is not its own.
func TestReport_HostileSite(t *testing.T) {
	clean(t)
	const id = "1b9d6bcd-0000-5000-8000-000000000001"
	t.Setenv("SQUIRRLY_HTTP_TOKEN", "the-token")
	var stolen string
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { stolen = r.Header.Get("Authorization") }))
	defer thief.Close()
	for name, c := range map[string]struct {
		runs, analysis string
		status         int
		code           int
	}{
		"other runs":     {`{"runs":[{"run":"../../x","state":"analyzed"}],"matched":1}`, "", 200, 1},
		"no list":        {`<html>`, "", 200, 1},
		"an escape":      {`{"message":"\u001b[31mred","hint":"\u001b]0;x"}`, "", 401, 4},
		"no analysis":    {`{"runs":[{"run":"` + id + `"}],"matched":1}`, `{"schema":"other"}`, 200, 1},
		"elsewhere":      {"", "", http.StatusFound, 1},
		"far too large":  {`{"runs":[],"x":"` + strings.Repeat("x", 17<<20) + `"}`, "", 200, 1},
		"key of a level": {`{"runs":[{"run":"` + id + `"}],"matched":1}`, `{"schema":"dev.squirrly.analysis.v1","verdict":{"limit":"not_limited","headline":"h"},"captures":[{"key":"a/.."}]}`, 200, 0},
	} {
		t.Run(name, func(t *testing.T) {
			site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", thief.URL)
				w.WriteHeader(c.status)
				body := c.runs
				if strings.HasSuffix(r.URL.Path, "/analysis") {
					body = c.analysis
				}
				_, _ = w.Write([]byte(body))
			}))
			defer site.Close()
			dir := t.TempDir()
			code, out, errOut := runCLI(t, t.Context(), "", "report", id[:8], "--http", site.URL, "--out", filepath.Join(dir, "in"))
			if code != c.code || strings.ContainsRune(out+errOut, '\x1b') || strings.Contains(out+errOut, "the-token") {
				t.Errorf("exit %d, want %d: %q %q", code, c.code, out, errOut)
			}
			for _, f := range files(t, dir) {
				if !strings.HasPrefix(f, "in/") {
					t.Errorf("wrote %s", f)
				}
			}
		})
	}
	if stolen != "" {
		t.Errorf("another server gets the token: %s", stolen)
	}
}
