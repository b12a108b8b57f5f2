package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/pkg/events"
)

// requestFlags describe a profile to ask for.
type requestFlags struct {
	namespace string
	cluster   string
	job       string
	duration  time.Duration
	modes     []string
	context   []string
	prompt    string
	reason    string
	labels    map[string]string
	managers  []string
	most      int
}

func (r *requestFlags) add(c *cobra.Command) {
	f := c.Flags()
	f.StringVarP(&r.namespace, "namespace", "n", "", "namespace of the FlinkDeployment (env NAMESPACE)")
	f.StringVar(&r.cluster, "kube-context", "", "kube context of the FlinkDeployment")
	f.StringVar(&r.job, "job", "", "id or name of the job, when several run")
	f.DurationVarP(&r.duration, "duration", "d", 0, "duration of each profile (default 30s; env PROFILER_DURATION)")
	f.StringSliceVarP(&r.modes, "mode", "m", nil, "profiler `MODES`: ITIMER, WALL, CPU, ALLOC, LOCK (default ITIMER,WALL; env PROFILER_TYPE)")
	f.StringArrayVar(&r.context, "context", nil, "`FILE|DIR` that helps the analysis: source, configuration, notes; repeatable")
	f.StringVar(&r.prompt, "prompt", "", "Markdown `FILE` that replaces the default prompt (env ANALYSIS_PROMPT_FILE)")
	f.StringVar(&r.reason, "reason", "", "why, for people")
	f.StringToStringVarP(&r.labels, "label", "l", nil, "`KEY=VALUE` labels of the run")
	f.StringSliceVar(&r.managers, "task-manager", nil, "`ID` of a TaskManager to profile (default: all that run the job)")
	f.IntVar(&r.most, "max-task-managers", 0, "profile at most this many TaskManagers (0: all)")
}

// build makes the request. Context files are read whole; those that do not fit into an event are returned apart, to be
// stored first.
func (r *requestFlags) build(target string) (events.ProfileRequested, []upload, error) {
	req := events.ProfileRequested{
		Target: r.target(target), Reason: r.reason, Labels: r.labels,
		Scope: events.Scope{TaskManagers: r.managers, MaxTaskManagers: r.most},
	}
	if err := r.profile(&req); err != nil {
		return req, nil, err
	}
	if path := first(r.prompt, env("SQUIRRLY_PROMPT_FILE", "ANALYSIS_PROMPT_FILE")); path != "" {
		b, err := os.ReadFile(path)
		if err != nil {
			return req, nil, usage("--prompt: %w", err)
		}
		req.Prompt = string(b)
	}
	uploads, err := r.attach(&req)
	if err != nil {
		return req, nil, err
	}
	if err := req.Validate(); err != nil {
		return req, nil, usage("%w", err)
	}
	return req, uploads, nil
}

// target reads a URL or [namespace/]deployment.
func (r *requestFlags) target(s string) events.Target {
	if strings.Contains(s, "://") {
		return events.Target{URL: strings.TrimRight(s, "/"), Job: r.job}
	}
	ns := first(r.namespace, env("SQUIRRLY_NAMESPACE", "NAMESPACE"))
	if before, after, ok := strings.Cut(s, "/"); ok {
		ns, s = before, after
	}
	return events.Target{Cluster: r.cluster, Namespace: first(ns, "default"), Deployment: s, Job: r.job}
}

func (r *requestFlags) profile(req *events.ProfileRequested) error {
	modes := r.modes
	if v := env("SQUIRRLY_MODES", "PROFILER_TYPE"); len(modes) == 0 && v != "" {
		modes = strings.Split(v, ",")
	}
	for _, m := range modes {
		mode := events.Mode(strings.ToUpper(strings.TrimSpace(m)))
		if !mode.Valid() {
			return usage("mode %q: choose CPU, ITIMER, WALL, ALLOC or LOCK", m)
		}
		req.Modes = append(req.Modes, mode)
	}
	d := r.duration
	if v := env("SQUIRRLY_DURATION", "PROFILER_DURATION"); d == 0 && v != "" {
		if !strings.ContainsAny(v, "hms") {
			v += "s" // the proof of concept took plain seconds
		}
		var err error
		if d, err = time.ParseDuration(v); err != nil {
			return usage("PROFILER_DURATION: %w", err)
		}
	}
	req.Duration = events.Duration(d)
	return nil
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// upload is a context file that is stored before the request.
type upload struct {
	key  string
	body []byte
}

const maxContextFile = 1 << 20

// attach reads the context files into the request, inline while they fit and as uploads else.
func (r *requestFlags) attach(req *events.ProfileRequested) ([]upload, error) {
	var uploads []upload
	inline := 0
	for _, root := range r.context {
		files, err := contextFiles(root)
		if err != nil {
			return nil, usage("--context %s: %w", root, err)
		}
		for _, path := range files {
			body, err := readText(path)
			if err != nil {
				return nil, usage("--context %s: %w", path, err)
			}
			f := events.ContextFile{Name: contextName(root, path)}
			if inline+len(body) <= events.MaxInlineContext/2 {
				inline += len(body)
				f.Text = string(body)
			} else {
				f.SHA256, f.Size = artifact.Sum(body), int64(len(body))
				f.Key = artifact.UploadKey(f.SHA256)
				uploads = append(uploads, upload{key: f.Key, body: body})
			}
			req.Context = append(req.Context, f)
		}
	}
	return uploads, nil
}

// contextFiles lists a file, or the files below a folder without hidden ones. Links to files are followed, since mounted
// ConfigMaps and Secrets consist of them.
func contextFiles(root string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := path != root && strings.HasPrefix(d.Name(), ".")
		switch {
		case hidden && d.IsDir():
			return filepath.SkipDir
		case hidden, !isFile(path, d):
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

func readText(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err //nolint:wrapcheck // names the path.
	}
	if info.Size() == 0 || info.Size() > maxContextFile {
		return nil, fmt.Errorf("has %d bytes; 1 byte to 1 MiB are taken", info.Size())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err //nolint:wrapcheck // names the path.
	}
	if !utf8.Valid(b) {
		return nil, errors.New("is not a text file")
	}
	return b, nil
}
