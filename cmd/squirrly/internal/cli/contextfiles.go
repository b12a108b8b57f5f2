package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"squirrly.dev/internal/userfile"
	"squirrly.dev/pkg/events"
)

const maxContextFile = 1 << 20

// contextFile is a file of the user's that helps the analysis.
type contextFile struct {
	name string // as the analysis shows it
	body []byte
}

// readContext reads the files and folders given with --context.
func readContext(ctx context.Context, roots []string) ([]contextFile, error) {
	var all []contextFile
	for _, root := range roots {
		paths, err := contextPaths(root)
		if err != nil {
			return nil, usage("--context %s: %w", root, err)
		}
		for _, path := range paths {
			body, err := readText(ctx, path)
			if err != nil {
				return nil, refused(ctx, "--context %s: %w", path, err)
			}
			all = append(all, contextFile{contextName(root, path), body})
		}
	}
	return all, nil
}

// contextPaths lists a file, or the files below a folder without hidden ones. Links to files are followed, since mounted
// ConfigMaps and Secrets consist of them.
func contextPaths(root string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := path != root && strings.HasPrefix(d.Name(), ".")
		switch {
		case hidden && d.IsDir():
			return filepath.SkipDir
		case hidden, !isFile(path, d) && (path != root || d.IsDir()): // what is named is read, or refused for what it is
			return nil
		}
		files = append(files, path)
		if len(files) > events.MaxContextFiles {
			return fmt.Errorf("more than %d files; name the few that matter", events.MaxContextFiles)
		}
		return nil
	})
	if err == nil && len(files) == 0 {
		err = errors.New("no files there")
	}
	return files, err
}

func isFile(path string, d fs.DirEntry) bool {
	if d.Type()&fs.ModeSymlink == 0 {
		return d.Type().IsRegular()
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func contextName(root, path string) string {
	if rel, err := filepath.Rel(filepath.Dir(filepath.Clean(root)), path); err == nil {
		return filepath.ToSlash(rel)
	}
	return filepath.Base(path)
}

func readText(ctx context.Context, path string) ([]byte, error) {
	b, err := userfile.Read(ctx, path, maxContextFile)
	switch {
	case err != nil:
		return nil, err
	case len(b) == 0:
		return nil, errors.New("is empty")
	case !utf8.Valid(b):
		return nil, errors.New("is not a text file")
	}
	return b, nil
}
