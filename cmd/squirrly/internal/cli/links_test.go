package cli_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"squirrly.dev/internal/flink/flinktest"
)

const canary = "canary that no link may bring out"

// planted is a folder with one file of somebody else beside it, to which links lead.
func planted(t *testing.T) (dir, private string) {
	t.Helper()
	base := t.TempDir()
	dir, private = filepath.Join(base, "folder"), filepath.Join(base, "private")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(private, []byte(canary), 0o600)); err != nil {
		t.Fatal(err)
	}
	return dir, private
}

func put(t *testing.T, path, body string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(body), 0o600)); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, target, path string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.Symlink(target, path)); err != nil {
		t.Fatal(err)
	}
}

// A link in a folder of source code brings nothing from outside into a prompt; a file that is named may be a link, and links of a
// mounted ConfigMap are followed.
func TestUserFiles_ContextLinks(t *testing.T) {
	clean(t)
	dir, private := planted(t)
	put(t, filepath.Join(dir, "Slow.md"), "notes of the user")
	put(t, filepath.Join(dir, "..data", "notes.md"), "mounted notes")
	link(t, filepath.Join("..data", "notes.md"), filepath.Join(dir, "notes.md"))
	link(t, private, filepath.Join(dir, "Job.md"))
	link(t, filepath.Join("..", "..", "private"), filepath.Join(dir, "sub", "Deep.md"))
	link(t, filepath.Dir(private), filepath.Join(dir, "above"))
	_, url := replay(t, flinktest.Script{})
	for name, args := range map[string][]string{
		"analyze": {"analyze", page("WALL"), "--prompt", "--context", dir},
		"profile": {"profile", url, "-d", "1s", "--out", filepath.Join(t.TempDir(), "out"), "--context", dir},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errOut := runCLI(t, t.Context(), "", args...)
			if code != 0 {
				t.Fatalf("exit %d: %s", code, errOut)
			}
			for _, left := range []string{"Job.md", "Deep.md", "above"} {
				if !strings.Contains(errOut, "left out: ") || !strings.Contains(errOut, left+" is a symbolic link that leads out of the folder") {
					t.Errorf("it is not said that %s is left out: %s", left, errOut)
				}
			}
			if name == "profile" {
				out = everything(t, args[5])
			}
			if strings.Contains(out+errOut, canary) || !strings.Contains(out, "of the user") || !strings.Contains(out, "mounted notes") {
				t.Errorf("what was taken: %s", out)
			}
		})
	}
	if code, out, errOut := runCLI(t, t.Context(), "", "analyze", page("WALL"), "--prompt", "--context", filepath.Join(dir, "Job.md")); code != 0 || !strings.Contains(out, canary) {
		t.Errorf("a link that is named: exit %d: %s", code, errOut)
	}
}

// everything is the content of all files below a folder.
func everything(t *testing.T, dir string) string {
	t.Helper()
	all := ""
	for _, name := range files(t, dir) {
		body, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all += string(body)
	}
	return all
}

// No part of the folder of a run, or of a folder of flame graphs, may be a link that leads out of it.
func TestUserFiles_FolderLinks(t *testing.T) {
	clean(t)
	const manifest = `{"run":"r","plan":{"duration":"8s"},"captures":[{"jvm":"tm","mode":"WALL","status":"stored","key":"p/captures/wall.html"}],
		"context":[{"name":"notes.md","kind":"user","key":"p/context/notes.md"}]}`
	for name, c := range map[string]struct {
		link string
		args []string
	}{
		"page":     {"a-WALL.html", []string{"analyze"}},
		"packed":   {"a-WALL.html.gz", []string{"analyze"}},
		"manifest": {"manifest-1.json", []string{"analyze"}},
		"capture":  {"captures/wall.html", []string{"analyze"}},
		"captures": {"captures", []string{"analyze"}},
		"context":  {"context/notes.md", []string{"analyze"}},
		"analysis": {"analysis.json", []string{"report"}},
		"of diff":  {"analysis.json", []string{"diff", page("WALL")}},
		"baseline": {"analysis.json", []string{"analyze", page("WALL"), "--baseline"}},
		"explain":  {"manifest-1.json", []string{"explain"}},
		"check":    {"manifest-1.json", []string{"check"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir, private := planted(t)
			claims := filepath.Join(dir, "claims")
			put(t, claims, "[]")
			if name != "page" && name != "packed" && name != "manifest" && c.link != "analysis.json" && c.link != "manifest-1.json" {
				put(t, filepath.Join(dir, "manifest-1.json"), manifest)
				if name == "context" {
					body, err := os.ReadFile(page("WALL"))
					if err != nil {
						t.Fatal(err)
					}
					put(t, filepath.Join(dir, "captures", "wall.html"), string(body))
				}
			}
			if name == "captures" {
				private = filepath.Dir(private) // a folder
				put(t, filepath.Join(private, "wall.html"), canary)
			}
			link(t, private, filepath.Join(dir, c.link))
			args := append(c.args, dir)
			if name == "check" {
				args = append(args, claims)
			}
			code, out, errOut := runCLI(t, t.Context(), "", args...)
			if code != 2 || !strings.Contains(errOut, "leads out of the folder") || strings.Contains(out+errOut, canary) {
				t.Errorf("exit %d, stdout %q, stderr %q", code, out, errOut)
			}
		})
	}
}

// What is written stays in the folder that was named: links and pipes that somebody planted there are replaced or refused.
func TestUserFiles_OutLinks(t *testing.T) {
	clean(t)
	const id = "1b9d6bcd-0000-5000-8000-000000000001"
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := `{"runs":[{"run":"` + id + `"}],"matched":1}`
		switch {
		case strings.HasSuffix(r.URL.Path, "/analysis"):
			body = `{"schema":"dev.squirrly.analysis.v1","run":"` + id + `","verdict":{"limit":"not_limited","headline":"h"},"captures":[{"key":"a/x.html"}]}`
		case strings.Contains(r.URL.Path, "/captures/"):
			body = "page"
		}
		_, _ = w.Write([]byte(body))
	}))
	defer site.Close()
	for name, c := range map[string]struct {
		plant func(t *testing.T, dir, private string)
		code  int
	}{
		"nothing": {func(*testing.T, string, string) {}, 0},
		"report": {func(t *testing.T, dir, private string) {
			t.Helper()
			link(t, private, filepath.Join(dir, "report.html"))
		}, 0},
		"part": {func(t *testing.T, dir, private string) {
			t.Helper()
			link(t, private, filepath.Join(dir, "report.html.part"))
		}, 0},
		"pipe":          {func(t *testing.T, dir, _ string) { t.Helper(); pipeAt(t, dir, "report.md.part") }, 0},
		"analysis pipe": {func(t *testing.T, dir, _ string) { t.Helper(); pipeAt(t, dir, "analysis.json") }, 0},
		"captures": {func(t *testing.T, dir, private string) {
			t.Helper()
			link(t, filepath.Dir(private), filepath.Join(dir, "captures"))
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			dir, private := planted(t)
			c.plant(t, dir, private)
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			code, _, errOut := runCLI(t, ctx, "", "report", id, "--http", site.URL, "--out", dir)
			if code != c.code {
				t.Errorf("exit %d, want %d: %s", code, c.code, errOut)
			}
			if body, err := os.ReadFile(private); err != nil || string(body) != canary {
				t.Errorf("a file outside was written: %q, %v", body, err)
			}
			for _, f := range files(t, filepath.Dir(private)) {
				if f != "private" && !strings.HasPrefix(f, "folder/") {
					t.Errorf("wrote %s", f)
				}
			}
			report, err := os.Lstat(filepath.Join(dir, "report.html"))
			if name == "analysis pipe" { // which is no run's: the run gets a folder of its own
				report, err = os.Lstat(filepath.Join(dir, id, "report.html"))
			}
			if c.code == 0 && (err != nil || !report.Mode().IsRegular()) {
				t.Errorf("the report: %v, %v", report, err)
			}
		})
	}
}

// The lock of a data directory is not made where a link leads.
func TestUp_LockLink(t *testing.T) {
	clean(t)
	dir, private := planted(t)
	link(t, private+".made", filepath.Join(dir, "lock"))
	code, _, errOut := runCLI(t, t.Context(), "", "up", "--data", dir, "--port", "0", "--http", "")
	if _, err := os.Lstat(private + ".made"); code != 1 || !strings.Contains(errOut, syscall.ELOOP.Error()) || err == nil {
		t.Errorf("exit %d, %v: %s", code, err, errOut)
	}
}
