package oracle

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Folder is a folder with captures, as `squirrly profile --out` leaves them.
type Folder struct {
	files map[string]string    // path of a capture, by its base name without ".gz"
	keys  map[[2]string]string // base name by JVM and mode, from the manifest
}

// OpenFolder finds the captures in a folder and in the folder captures below it.
func OpenFolder(dir string) (*Folder, error) {
	f := &Folder{files: map[string]string{}, keys: map[[2]string]string{}}
	for _, pattern := range []string{"*", "captures/*"} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", dir, err)
		}
		for _, file := range found {
			name := filepath.Base(file)
			f.files[strings.TrimSuffix(name, ".gz")] = file
			if strings.HasPrefix(name, "manifest") {
				if err := f.manifest(file); err != nil {
					return nil, err
				}
			}
		}
	}
	return f, nil
}

func (f *Folder) manifest(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read the manifest: %w", err)
	}
	var m struct {
		Captures []capture `json:"captures"`
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	for _, c := range m.Captures {
		f.keys[[2]string{c.JVM, c.Mode}] = filepath.Base(c.Key)
	}
	return nil
}

// Page is the page of a capture, and nil when the folder has none: it was lost.
func (f *Folder) Page(jvm, mode, key string) (*Page, error) {
	name := filepath.Base(key)
	if key == "" {
		name = f.keys[[2]string{jvm, mode}]
	}
	file, ok := f.files[name]
	if !ok {
		return nil, nil //nolint:nilnil // there is nothing, and it is no error
	}
	return ReadPage(file)
}
