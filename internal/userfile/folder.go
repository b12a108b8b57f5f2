package userfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// ErrOutside says that something is a symbolic link, or lies behind one, that leads out of its folder.
var ErrOutside = errors.New("is a symbolic link that leads out of the folder")

// Folder is a folder that a user names. The folder itself may be a link. Links below it are followed while they stay in it, as
// those of mounted ConfigMaps and Secrets do; one that leads out, and an absolute one, is an [ErrOutside]. Names are relative,
// with slashes. Errors name folder and file.
type Folder struct {
	path string
	root *os.Root
}

// OpenFolder opens a folder. The caller closes it.
func OpenFolder(path string) (*Folder, error) {
	info, err := os.Stat(path) // to open a named pipe waits for its writer
	if err != nil {
		return nil, err //nolint:wrapcheck // it names the path.
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is %s, not a folder", path, kind(info.Mode()))
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err //nolint:wrapcheck // it names the path.
	}
	return &Folder{path: path, root: root}, nil
}

// Close releases the folder. Files that are open stay so.
func (f *Folder) Close() { _ = f.root.Close() } // nothing was written

// Path is a file of the folder, for people.
func (f *Folder) Path(name string) string { return filepath.Join(f.path, filepath.FromSlash(name)) }

// Has reports whether there is something of that name, which may be a link to nowhere.
func (f *Folder) Has(name string) bool {
	_, err := f.root.Lstat(name)
	return err == nil
}

// Open opens a regular file.
func (f *Folder) Open(name string) (*os.File, error) {
	file, err := f.root.OpenFile(filepath.FromSlash(name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, f.named(name, err)
	}
	return regular(file, f.Path(name), false)
}

// Read reads a regular file, at most limit bytes; more is an error. It returns when ctx ends.
func (f *Folder) Read(ctx context.Context, name string, limit int64) ([]byte, error) {
	file, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // read only
	return Stream(ctx, file, f.Path(name), limit)
}

// ReadSoon is [Folder.Read] for the start of a process: a regular file does not wait.
func (f *Folder) ReadSoon(name string, limit int64) ([]byte, error) {
	file, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // read only
	return readAll(file, f.Path(name), limit)
}

// Glob lists what lies in the folder itself, in order, and fits one of the patterns (see [filepath.Match]).
func (f *Folder) Glob(patterns ...string) ([]string, error) {
	entries, err := fs.ReadDir(f.root.FS(), ".")
	if err != nil {
		return nil, f.named(".", err)
	}
	var names []string
	for _, e := range entries {
		for _, p := range patterns {
			if fits, err := filepath.Match(p, e.Name()); err != nil {
				return nil, fmt.Errorf("pattern %s: %w", p, err)
			} else if fits {
				names = append(names, e.Name())
				break
			}
		}
	}
	return names, nil
}

// Files lists the regular files below the folder, in order and without hidden ones, at most most of them: more is an error.
// Links to folders are not entered. What leads outside is listed apart.
func (f *Folder) Files(most int) (names, outside []string, err error) {
	err = fs.WalkDir(f.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch hidden := name != "." && strings.HasPrefix(d.Name(), "."); {
		case err != nil:
			return f.named(name, err)
		case hidden && d.IsDir():
			return fs.SkipDir
		case hidden:
			return nil
		}
		switch file, out := f.isFile(name, d); {
		case out:
			outside = append(outside, name)
		case file:
			names = append(names, name)
		}
		if len(names) > most {
			return fmt.Errorf("more than %d files; name the few that matter", most)
		}
		return nil
	})
	return names, outside, err //nolint:wrapcheck // made above
}

// isFile reports whether a part of the folder is a regular file, or a link to one, and whether it leads outside.
func (f *Folder) isFile(name string, d fs.DirEntry) (file, outside bool) {
	if d.Type()&fs.ModeSymlink == 0 {
		return d.Type().IsRegular(), false
	}
	info, err := f.root.Stat(name)
	return err == nil && info.Mode().IsRegular(), leadsOut(err) // a link to nowhere is nothing to read
}

// named puts the whole path into an error, and says [ErrOutside] where that is why.
func (f *Folder) named(name string, err error) error {
	if leadsOut(err) {
		return fmt.Errorf("%s %w", f.Path(name), ErrOutside)
	}
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: "open", Path: f.Path(name), Err: pe.Err}
	}
	return err
}

// leadsOut knows the error of [os.Root] by its text, since it has no name.
func leadsOut(err error) bool {
	pe, ok := errors.AsType[*fs.PathError](err)
	return ok && pe.Err.Error() == "path escapes from parent"
}
