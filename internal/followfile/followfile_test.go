package followfile_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/followfile"
	"squirrly.dev/internal/logbuffer"
)

// number is what the file says; an odd one is refused while the process runs.
func open(path string, log *slog.Logger) (*followfile.File[int], error) {
	return followfile.Open(followfile.Options[int]{
		Path: path, What: "numbers", Limit: 100, Log: log,
		Read: func(b []byte) (int, error) { return strconv.Atoi(strings.TrimSpace(string(b))) },
		Accept: func(_, next int) error {
			if next%2 != 0 {
				return errors.New("an odd one needs another start")
			}
			return nil
		},
	})
}

// A change holds at once. A mistake, a change that is refused, and a file that is gone or too large are told once each, and
// what held before still does. In the end the file is back, with the same content.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "number")
	version := 0
	write := func(body string) {
		t.Helper()
		version++
		file := filepath.Join(dir, strconv.Itoa(version))
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(file, path+".new"); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil { // as a ConfigMap is changed: another file behind the link
			t.Fatal(err)
		}
	}
	write("2")
	var log logbuffer.Buffer
	f, err := open(path, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	go f.Follow(t.Context(), time.Millisecond)
	for _, step := range []struct {
		name    string
		do      func()
		value   int
		changes uint64
		problem string
	}{
		{"changed", func() { write("4") }, 4, 1, ""},
		{"a mistake", func() { write("four") }, 4, 1, "invalid syntax"},
		{"another one", func() { write("five") }, 4, 1, `"five"`},
		{"refused", func() { write("5") }, 4, 1, "an odd one needs another start"},
		{"mended", func() { write("6") }, 6, 2, ""},
		{"too large", func() { write(strings.Repeat(" ", 200)) }, 6, 2, "is larger than"},
		{"gone", func() { _ = os.Remove(path) }, 6, 2, "no such file"},
		{"back", func() { write("6") }, 6, 3, ""},
	} {
		step.do()
		fits := func() bool {
			problem := f.Problem()
			return f.Value() == step.value && f.Changes() == step.changes && (problem == nil) == (step.problem == "") &&
				(problem == nil || strings.Contains(problem.Error(), step.problem))
		}
		for end := time.Now().Add(10 * time.Second); !fits(); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal(step.name, f.Value(), f.Changes(), f.Problem())
			}
		}
		time.Sleep(20 * time.Millisecond) // it is looked at again, which changes nothing
		if !fits() {
			t.Error(step.name, f.Value(), f.Changes(), f.Problem())
		}
	}
	told := func(text string) int { return strings.Count(log.String(), text) }
	if mistakes, unread, changed := told("a file has mistakes"), told("a file cannot be read"), told("a file has changed"); mistakes != 3 || unread != 2 || changed != 3 {
		t.Errorf("%d mistakes, %d times unreadable, %d changes are told", mistakes, unread, changed)
	}
}

func TestOpen_Refuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "number")
	if _, err := open(path, nil); err == nil || !strings.Contains(err.Error(), "read the numbers") {
		t.Error("a file that is not there:", err)
	}
	if err := os.WriteFile(path, []byte("two"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open(path, nil); err == nil || !strings.Contains(err.Error(), "numbers of "+path) {
		t.Error("a mistake:", err)
	}
}

// What is fixed never changes.
func TestFixed(t *testing.T) {
	f := followfile.Fixed(7)
	if f.Value() != 7 || f.Changes() != 0 || f.Problem() != nil {
		t.Error(f.Value(), f.Changes(), f.Problem())
	}
}
