package cli_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"squirrly.dev/cmd/squirrly/internal/cli"
)

// pipeAt makes a named pipe that nobody writes to.
func pipeAt(t *testing.T, path ...string) string {
	t.Helper()
	name := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// A named pipe in the place of any file is refused by its name, and never waited for.
func TestUserFiles_NamedPipe(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	pipe := pipeAt(t, dir, "pages", "tm_WALL.html")
	pages, run, results := filepath.Join(dir, "pages"), filepath.Join(dir, "run"), filepath.Join(dir, "results")
	pipeAt(t, run, "manifest-1.json")
	pipeAt(t, results, "analysis.json")
	good := page("WALL")
	for name, args := range map[string][]string{
		"page":                {"analyze", pipe},
		"page beside another": {"analyze", good, pipe},
		"page in a folder":    {"analyze", pages},
		"manifest":            {"analyze", run},
		"prompt":              {"analyze", good, "--prompt-file", pipe},
		"context":             {"analyze", good, "--context", pipe},
		"metrics":             {"analyze", good, "--metrics", pipe},
		"baseline":            {"analyze", good, "--baseline", pipe},
		"analysis":            {"analyze", good, "--baseline", results},
		"diff":                {"diff", good, pipe, "--mode", "WALL"},
		"diff of folders":     {"diff", pages, pages},
		"explain":             {"explain", pages},
		"profile, prompt":     {"profile", "http://127.0.0.1:1", "--prompt-file", pipe},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			code, out, errOut := runCLI(t, ctx, "", args...)
			if code != 2 || !strings.Contains(errOut, "is a named pipe, not a file") || !strings.Contains(errOut, dir) || out != "" {
				t.Errorf("exit %d, stderr %q, stdout %q", code, errOut, out)
			}
		})
	}
	if code, _, errOut := runCLI(t, t.Context(), "", "analyze", good, "--context", pages); code != 2 || !strings.Contains(errOut, "no files there") {
		t.Errorf("context in a folder: exit %d, stderr %q", code, errOut)
	}
}

// A read from stdin or of what a shell hands over ends with an interrupt.
func TestUserFiles_Interrupted(t *testing.T) {
	clean(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	handed := "/dev/fd/" + strconv.Itoa(int(r.Fd()))
	for name, args := range map[string][]string{
		"stdin":      {"analyze", "-", "--mode", "WALL"},
		"page":       {"analyze", handed, "--mode", "WALL"},
		"prompt":     {"analyze", page("WALL"), "--prompt-file", handed},
		"of a diff":  {"diff", page("WALL"), handed, "--mode", "WALL"},
		"of profile": {"profile", "http://127.0.0.1:1", "--prompt-file", handed},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, interrupt := context.WithCancel(t.Context())
			time.AfterFunc(100*time.Millisecond, interrupt)
			var out, errOut bytes.Buffer
			if code := cli.Run(ctx, args, r, &out, &errOut); code != 130 {
				t.Errorf("exit %d, stderr %q", code, errOut.String())
			}
		})
	}
}

// What a shell hands over is analyzed as the file is.
func TestUserFiles_HandedOver(t *testing.T) {
	clean(t)
	body, err := os.ReadFile(page("WALL"))
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	go func() {
		_, _ = w.Write(body)
		_ = w.Close()
	}()
	an := analyzed(t, "/dev/fd/"+strconv.Itoa(int(r.Fd())), "--mode", "WALL")
	if want := analyzed(t, page("WALL")); an.Verdict.Headline != want.Verdict.Headline || len(an.Findings) != len(want.Findings) {
		t.Errorf("%q, want %q", an.Verdict.Headline, want.Verdict.Headline)
	}
}
