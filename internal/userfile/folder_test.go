package userfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"squirrly.dev/internal/userfile"
)

// tree makes a folder as a hostile one may be, beside a file that belongs to somebody else: links out of it in every way, and
// the links of a mounted ConfigMap, which stay in it.
func tree(t *testing.T) string {
	t.Helper()
	base := t.TempDir()
	dir, foreign := filepath.Join(base, "folder"), filepath.Join(base, "private")
	link := func(target, name string) error { return os.Symlink(target, filepath.Join(dir, name)) }
	if err := errors.Join(
		os.MkdirAll(filepath.Join(dir, "sub"), 0o700),
		os.MkdirAll(filepath.Join(dir, "..data"), 0o700),
		os.MkdirAll(filepath.Join(foreign, "deep"), 0o700),
		os.WriteFile(filepath.Join(foreign, "secret"), []byte("canary"), 0o600),
		os.WriteFile(filepath.Join(foreign, "deep", "secret"), []byte("canary"), 0o600),
		os.WriteFile(filepath.Join(dir, "a.java"), []byte("own"), 0o600),
		os.WriteFile(filepath.Join(dir, "..data", "mounted.java"), []byte("own"), 0o600),
		link(filepath.Join("..data", "mounted.java"), "mounted.java"),
		link("a.java", "inside.java"),
		link(filepath.Join(foreign, "secret"), "absolute.java"),
		link(filepath.Join("..", "private", "secret"), "relative.java"),
		link(filepath.Join("..", "private", "deep"), "folder"),
		link("relative.java", "twice.java"),
		link(filepath.Join("..", "..", "folder", "a.java"), filepath.Join("sub", "around.java")),
		link("loop.java", "loop.java"),
		link("nowhere", "nowhere.java"),
		syscall.Mkfifo(filepath.Join(dir, "pipe.java"), 0o600),
		os.WriteFile(filepath.Join(dir, ".hidden"), nil, 0o600),
	); err != nil {
		t.Fatal(err)
	}
	return dir
}

// No link leads out of a folder, whatever it is made of, and those that stay in it are followed.
func TestFolder_Links(t *testing.T) {
	dir := tree(t)
	f, err := userfile.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, name := range []string{"a.java", "mounted.java", "inside.java"} {
		if b, err := f.Read(t.Context(), name, limit); err != nil || string(b) != "own" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	for _, name := range []string{"absolute.java", "relative.java", "twice.java", "folder/secret", "sub/around.java", "../private/secret"} {
		b, err := f.Read(t.Context(), name, limit)
		if !errors.Is(err, userfile.ErrOutside) || b != nil || !strings.Contains(err.Error(), filepath.Join(dir, name)) {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	for name, want := range map[string]string{
		"loop.java": "too many", "nowhere.java": "no such file", "none": "no such file",
		"pipe.java": "is a named pipe, not a file", "sub": "is a folder, not a file",
	} {
		if _, err := f.Read(t.Context(), name, limit); err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, userfile.ErrOutside) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if _, err := f.Read(t.Context(), "none", limit); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("none: %v", err)
	}
	if _, err := f.Read(t.Context(), "a.java", 2); err == nil || !strings.Contains(err.Error(), "a.java is larger than") {
		t.Errorf("a large file: %v", err)
	}
}

// A folder lists what can be read, and apart what leads outside.
func TestFolder_Files(t *testing.T) {
	dir := tree(t)
	link := filepath.Join(t.TempDir(), "link") // to the folder itself: that is what the user names
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, link} {
		f, err := userfile.OpenFolder(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		names, outside, err := f.Files(10)
		if want := []string{"a.java", "inside.java", "mounted.java"}; err != nil || !slices.Equal(names, want) {
			t.Errorf("%v, %v; want %v", names, err, want)
		}
		want := []string{"absolute.java", "folder", "relative.java", "sub/around.java", "twice.java"}
		if !slices.Equal(outside, want) {
			t.Errorf("outside: %v, want %v", outside, want)
		}
		if _, _, err := f.Files(2); err == nil || err.Error() != "more than 2 files; name the few that matter" {
			t.Errorf("many: %v", err)
		}
		found, err := f.Glob("inside*", "[a-b].java", "none")
		if want := []string{"a.java", "inside.java"}; err != nil || !slices.Equal(found, want) {
			t.Errorf("%v, %v; want %v", found, err, want)
		}
	}
}

func TestOpenFolder_Refuses(t *testing.T) {
	dir := tree(t)
	for name, want := range map[string]string{"pipe.java": "is a named pipe, not a folder", "a.java": "is a file, not a folder", "none": "no such file"} {
		if _, err := userfile.OpenFolder(filepath.Join(dir, name)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}
