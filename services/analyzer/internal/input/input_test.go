package input_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/input"
	"squirrly.dev/services/analyzer/internal/page"
)

// A run and the one that it follows up are one input: a mode of a JVM counts once, and the later run knows better.
func TestJoin(t *testing.T) {
	first := input.Input{
		Pages:   []page.Page{{JVM: "tm-1", Mode: events.ModeWall, Key: "first"}, {JVM: "tm-1", Mode: events.ModeAlloc, Key: "first"}},
		Context: &jobcontext.Context{FlinkVersion: "1.20", Windows: []jobcontext.Window{{Mode: "WALL"}}, Missing: []string{"a", "b"}},
	}
	second := input.Input{
		Pages:   []page.Page{{JVM: "tm-1", Mode: events.ModeAlloc, Key: "second"}},
		Context: &jobcontext.Context{FlinkVersion: "2.3", Windows: []jobcontext.Window{{Mode: "ALLOC"}}, Missing: []string{"b"}},
	}
	alone := second
	alone.Context = nil
	second.Join(first)
	var pages []string
	for _, p := range second.Pages {
		pages = append(pages, p.Key+" "+string(p.Mode))
	}
	if want := []string{"second ALLOC", "first WALL"}; !slices.Equal(pages, want) {
		t.Errorf("pages %q, want %q", pages, want)
	}
	c := second.Context
	if c.FlinkVersion != "2.3" || len(c.Windows) != 2 || c.Windows[0].Mode != "WALL" || !slices.Equal(c.Missing, []string{"b", "a"}) {
		t.Errorf("context %+v", c)
	}
	if len(first.Context.Windows) != 1 || len(first.Context.Missing) != 2 {
		t.Errorf("the run that is followed up has changed: %+v", first.Context)
	}
	if alone.Join(first); alone.Context != first.Context {
		t.Error("the only context is lost")
	}
}

func TestBegan(t *testing.T) {
	requested := time.Unix(1_000, 0)
	captures := []events.CaptureRef{{TriggerTime: 0}, {TriggerTime: 9_000_000}, {TriggerTime: 8_000_000}}
	if got := input.Began(captures, requested); !got.Equal(time.UnixMilli(8_000_000)) {
		t.Errorf("began %s, want the first trigger", got)
	}
	if got := input.Began(captures[:1], time.Time{}, requested); !got.Equal(requested) {
		t.Errorf("began %s, want what else is known", got)
	}
	if got := input.Began(nil); !got.IsZero() {
		t.Errorf("began %s, want unknown", got)
	}
}

// folder writes a folder of a run with one capture and one file, and says where.
func folder(t *testing.T, manifest string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"manifest-1.json": manifest, "captures/wall.collapsed": "a;b 1\n", "context/notes.md": "text", "secret": "not of the run",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Only files in the folder are read, whatever the manifest says; what is not there is lost or missing.
func TestFolder(t *testing.T) {
	in, err := input.Folder(folder(t, `{"run": "r", "plan": {"duration": "8s"},
		"captures": [{"jvm": "tm-1", "mode": "WALL", "status": "stored", "key": "p/captures/wall.collapsed"},
			{"jvm": "tm-2", "mode": "WALL", "status": "stored", "key": "../../secret"}],
		"context": [{"name": "notes.md", "kind": "user", "key": "p/context/notes.md"}, {"name": "gone.md", "kind": "user", "key": "gone.md"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if in.Run != "r" || len(in.Pages) != 2 || string(in.Pages[0].Body) != "a;b 1\n" || in.Pages[0].Seconds != 8 {
		t.Errorf("run %q, pages %+v", in.Run, in.Pages)
	}
	if p := in.Pages[1]; p.Body != nil || p.Status != string(events.CaptureLost) {
		t.Errorf("what lies outside of the folder was read: %+v", p)
	}
	if len(in.Files) != 1 || in.Files[0].Text != "text" || len(in.Missing) != 1 || !strings.Contains(in.Missing[0], "gone.md") {
		t.Errorf("files %+v, missing %q", in.Files, in.Missing)
	}
	if _, err := input.Folder(t.TempDir()); !errors.Is(err, input.ErrNoManifest) {
		t.Errorf("error %v", err)
	}
	if _, err := input.Folder(folder(t, "{")); err == nil || errors.Is(err, input.ErrNoManifest) {
		t.Errorf("a manifest that cannot be read: %v", err)
	}
}

// A manifest that names more than a run has is refused, before anything of it is read.
func TestFolder_Endless(t *testing.T) {
	one := `{"jvm": "tm-1", "mode": "WALL", "status": "stored", "key": "p/captures/wall.collapsed"}`
	if _, err := input.Folder(folder(t, `{"captures": [`+strings.Repeat(one+",", 400)+one+`]}`)); err == nil || !strings.Contains(err.Error(), "401 captures") {
		t.Errorf("error %v", err)
	}
	if _, err := input.Folder(folder(t, `{"captures": [`+strings.Repeat(one+",", 399)+one+`]}`)); err != nil {
		t.Errorf("as many as a run may have: %v", err)
	}
}

// Links are followed while they stay in the folder: those of a mounted volume do.
func TestFolder_Links(t *testing.T) {
	const manifest = `{"captures": [{"jvm": "tm-1", "mode": "WALL", "status": "stored", "key": "p/captures/link.collapsed"}]}`
	for name, c := range map[string]struct{ target, says string }{
		"inside":   {"wall.collapsed", ""},
		"outside":  {filepath.Join("..", "..", "other"), "leads out of the folder"},
		"absolute": {"/etc/passwd", "leads out of the folder"},
	} {
		dir := folder(t, manifest)
		if err := os.Symlink(c.target, filepath.Join(dir, "captures", "link.collapsed")); err != nil {
			t.Fatal(err)
		}
		in, err := input.Folder(dir)
		switch {
		case c.says == "" && (err != nil || string(in.Pages[0].Body) != "a;b 1\n"):
			t.Errorf("%s: %v, %+v", name, err, in.Pages)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: %v", name, err)
		}
	}
}
