package input

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"time"

	"squirrly.dev/internal/userfile"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/page"
)

// ErrNoManifest says that a folder does not hold the artifacts of a run.
var ErrNoManifest = errors.New("no manifest of a run")

// What a manifest may name: every mode of every TaskManager, and what Flink says beside the files of a user.
const (
	maxCaptures = events.MaxTaskManagers * events.MaxModes
	maxContext  = 4 * events.MaxContextFiles
)

// Folder reads the artifacts of a run from the folder that `squirrly profile --out` wrote: captures, the context of
// the job and the user's files. Each file may also be there compressed, with .gz behind its name; one that is gone is
// lost. Only files in the folder are read, whatever the manifest says and wherever links lead.
func Folder(dir string) (Input, error) {
	var m struct {
		Run      string          `json:"run"`
		Identity events.Identity `json:"identity"`
		Created  time.Time       `json:"createdAt"`
		Plan     struct {
			Duration  events.Duration
			Requested time.Time `json:"requestedAt"`
		}
		Captures []events.CaptureRef `json:"captures"`
		Context  []events.ContextRef `json:"context"`
	}
	folder, err := userfile.OpenFolder(dir)
	if err != nil {
		return Input{}, fmt.Errorf("read the artifacts of a run: %w", err)
	}
	defer folder.Close()
	found, err := folder.Glob("manifest-*.json")
	if err != nil || len(found) != 1 {
		return Input{}, fmt.Errorf("%s: %w", dir, ErrNoManifest)
	}
	text, err := readPart(folder, found[0], MaxFile)
	if err != nil {
		return Input{}, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return Input{}, fmt.Errorf("manifest of %s: %w", dir, err)
	}
	if len(m.Captures) > maxCaptures || len(m.Context) > maxContext {
		return Input{}, fmt.Errorf("manifest of %s: %d captures and %d files of context are more than a run has", dir, len(m.Captures), len(m.Context))
	}
	in := Input{Run: m.Run, Identity: m.Identity, Captured: Began(m.Captures, m.Plan.Requested, m.Created)}
	for _, c := range m.Captures {
		p, err := folderPage(folder, c, time.Duration(m.Plan.Duration))
		if err != nil {
			return in, err
		}
		in.Miss(p.Lost())
		in.Pages = append(in.Pages, p)
	}
	for _, ref := range m.Context {
		if err := in.folderContext(folder, ref); err != nil {
			return in, err
		}
	}
	return in, nil
}

// Began is when the first profile began, by Flink's clock, else the first time that is known.
func Began(captures []events.CaptureRef, otherwise ...time.Time) time.Time {
	first := int64(0)
	for _, c := range captures {
		if c.TriggerTime > 0 && (first == 0 || c.TriggerTime < first) {
			first = c.TriggerTime
		}
	}
	if first > 0 {
		return time.UnixMilli(first)
	}
	for _, t := range otherwise {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

func folderPage(folder *userfile.Folder, c events.CaptureRef, d time.Duration) (p page.Page, err error) {
	p = page.Of(c, d)
	if c.Status == events.CaptureStored {
		name := path.Join("captures", path.Base(c.Key))
		p.File = folder.Path(name)
		p.Body, err = readPart(folder, name, MaxPage)
	}
	if p.Body == nil {
		p.Status = string(events.CaptureLost)
	}
	return p, err
}

func (in *Input) folderContext(folder *userfile.Folder, ref events.ContextRef) error {
	body, err := readPart(folder, path.Join("context", path.Base(ref.Key)), MaxPage)
	if err != nil {
		return err
	}
	if body == nil {
		in.Miss("The context file " + ref.Name + ": it is not in the folder.")
		return nil
	}
	if err := in.Attach(ref, body); err != nil {
		return fmt.Errorf("context of %s: %w", folder.Path("."), err)
	}
	return nil
}

// readPart reads a file or its compressed form, at most limit bytes. The result is nil when there is neither.
func readPart(folder *userfile.Folder, name string, limit int64) ([]byte, error) {
	file, err := folder.Open(name)
	packed := errors.Is(err, fs.ErrNotExist)
	if packed {
		file, err = folder.Open(name + ".gz")
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read artifact: %w", err)
	}
	defer func() { _ = file.Close() }()
	var r io.Reader = file
	if packed {
		if r, err = gzip.NewReader(file); err != nil {
			return nil, fmt.Errorf("unpack %s: %w", folder.Path(name), err)
		}
	}
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", folder.Path(name), err)
	case int64(len(b)) > limit:
		return nil, fmt.Errorf("read %s: larger than %d MiB", folder.Path(name), limit>>20)
	}
	return b, nil
}
