package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
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

// readContext reads the files and folders given with --context. What is left out of a folder, since it leads out of it, is told.
func (a *app) readContext(ctx context.Context, roots []string) ([]contextFile, error) {
	var all []contextFile
	for _, root := range roots {
		files, err := a.contextOf(ctx, root)
		if err != nil {
			return nil, refused(ctx, "--context %s: %w", root, err)
		}
		all = append(all, files...)
	}
	return all, nil
}

// contextOf reads a file, which may be a link, or the files below a folder without hidden ones. Links to files of that folder
// are followed, since mounted ConfigMaps and Secrets consist of them.
func (a *app) contextOf(ctx context.Context, root string) ([]contextFile, error) {
	if info, err := os.Stat(root); err != nil || !info.IsDir() {
		body, err := userfile.Read(ctx, root, maxContextFile) // to read it tells what is wrong
		if err == nil {
			err = text(root, body)
		}
		return []contextFile{{filepath.Base(root), body}}, err
	}
	folder, err := userfile.OpenFolder(root)
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	names, outside, err := folder.Files(events.MaxContextFiles)
	if err != nil {
		return nil, err
	}
	for _, name := range outside {
		fmt.Fprintf(a.err, "squirrly: left out: %s %s; name the file itself\n", clean(folder.Path(name)), userfile.ErrOutside)
	}
	if len(names) == 0 {
		return nil, errors.New("no files there")
	}
	var files []contextFile
	for _, name := range names {
		body, err := folder.Read(ctx, name, maxContextFile)
		if err == nil {
			err = text(folder.Path(name), body)
		}
		if err != nil {
			return nil, err
		}
		files = append(files, contextFile{path.Join(filepath.Base(filepath.Clean(root)), name), body})
	}
	return files, nil
}

// text refuses what is no text, or none at all.
func text(name string, body []byte) error {
	switch {
	case len(body) == 0:
		return fmt.Errorf("%s is empty", name)
	case !utf8.Valid(body):
		return fmt.Errorf("%s is not a text file", name)
	}
	return nil
}
