package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/run"
	"squirrly.dev/internal/userfile"
	"squirrly.dev/pkg/events"
)

// folderOf is where a run is written: the folder, or one in it when it holds another run.
func folderOf(ctx context.Context, dir, run string) string {
	there, err := userfile.OpenFolder(dir)
	if err != nil {
		return dir // who writes there makes it, or says why not
	}
	defer there.Close()
	held, err := there.Glob("manifest*.json")
	if err == nil && len(held) == 0 && !there.Has(analysisName) {
		return dir
	}
	body, _ := there.Read(ctx, analysisName, maxAnalysis) // what cannot be read is not of this run
	var an struct{ Run string }
	if json.Unmarshal(body, &an) == nil && an.Run == run {
		return dir // the same run once more
	}
	return filepath.Join(dir, run)
}

// folder takes the results of a run, below a directory and nowhere else: names come from a server.
type folder struct {
	app  *app
	root *os.Root
	bad  int // objects that are there and could not be read
}

// openFolder makes a directory, if it is not there.
func (a *app) openFolder(dir string) (*folder, error) {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return &folder{app: a, root: root}, nil
}

// close says whether all was written.
func (f *folder) close() error {
	if err := f.root.Close(); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	if f.bad > 0 {
		return fmt.Errorf("export: %d of the run's objects could not be read; the others are in %s", f.bad, f.root.Name())
	}
	return nil
}

// write replaces a file whole, or leaves it as it is. A link in its place is replaced, not followed.
func (f *folder) write(name string, body []byte) error {
	if err := f.root.MkdirAll(path.Dir(name), dirMode); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	part := name + ".part"
	if err := f.root.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) { // of an earlier try, or a pipe that waits
		return fmt.Errorf("export: %w", err)
	}
	file, err := f.root.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	_, err = file.Write(body)
	if err = errors.Join(err, file.Close()); err == nil {
		err = f.root.Rename(part, name)
	}
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

// take writes an object that read returns. One that cannot be read is told and left out; the error is of the disk, or of ctx.
func (f *folder) take(ctx context.Context, name string, read func() ([]byte, error)) error {
	body, err := read()
	switch {
	case err == nil:
		return f.write(name, body)
	case ctx.Err() != nil:
		return fmt.Errorf("export: %w", err)
	case errors.Is(err, artifact.ErrGone):
		err = errors.New("it is kept no more")
	default:
		f.bad++
	}
	fmt.Fprintf(f.app.err, "squirrly: left out: %s: %s\n", clean(name), clean(err.Error()))
	return nil
}

// reports writes an analysis and its report in all forms.
func (f *folder) reports(an events.Analysis) error {
	for name, format := range map[string]string{
		reportName: formatHTML, "report.md": formatMarkdown, analysisName: formatJSON, "report.txt": formatFull,
	} {
		var b bytes.Buffer
		if err := f.app.render(&b, format, an); err != nil {
			return fmt.Errorf("export %s: %w", name, err)
		}
		if err := f.write(name, b.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// reportName is the page for a browser.
const reportName = "report.html"

// export writes the objects of a run that is over below dir: captures, context, evidence and analysis as they were stored, and
// the report in all formats, if there is an analysis.
func (a *app) export(ctx context.Context, store *artifact.Store, rec run.Record, dir string) (err error) {
	f, err := a.openFolder(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	refs := objects(rec)
	var an events.Analysis
	if rec.Analysis != nil {
		if an, err = loadAnalysis(ctx, store, rec); err != nil {
			return err
		}
		refs = append(refs, graphs(an)...)
	}
	for _, ref := range refs {
		name, own := strings.CutPrefix(path.Clean(ref.Key), rec.Plan.Identity.Prefix(rec.Run))
		err := f.take(ctx, name, func() ([]byte, error) {
			if !own || !filepath.IsLocal(filepath.FromSlash(name)) {
				return nil, fmt.Errorf("it is not of run %s", rec.Run)
			}
			return store.Get(ctx, ref, maxPage)
		})
		if err != nil {
			return err
		}
	}
	wrote := dir
	if rec.Analysis != nil {
		wrote = filepath.Join(dir, reportName)
		err = f.reports(an)
	}
	if err == nil {
		a.wrote(wrote)
	}
	return err
}
