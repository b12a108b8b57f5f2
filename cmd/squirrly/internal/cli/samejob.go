package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"

	"squirrly.dev/internal/userfile"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

// sameJob refuses to compare analyses of two jobs, unless somebody insists. One that is nil is of any job.
func sameJob(before, after *events.Analysis, force bool) error {
	if before == nil || after == nil || force {
		return nil
	}
	if why := analyzer.OtherJob(*before, *after); why != "" {
		return usage("%s; --force compares them all the same", why)
	}
	return nil
}

// oneJob refuses profiles of two jobs. Only folders of a run name theirs, also for captures that lie in one.
func oneJob(ctx context.Context, paths []string) error {
	known, from := "", ""
	for _, path := range paths {
		job := jobOf(ctx, path)
		switch {
		case job == "" || job == known:
		case known == "":
			known, from = job, path
		default:
			return usage("%s is of the job %q, and %s of %q: analyze each alone, or insist with --force", from, known, path, job)
		}
	}
	return nil
}

// jobOf returns the name of the job whose profiles lie in a folder or in the folder of a capture, "" when nothing tells.
func jobOf(ctx context.Context, path string) string {
	dir := path
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		dir = filepath.Dir(filepath.Dir(path))
	}
	folder, err := userfile.OpenFolder(dir)
	if err != nil {
		return "" // who reads the folder says why
	}
	defer folder.Close()
	found, err := folder.Glob("manifest-*.json")
	if err != nil || len(found) != 1 {
		return ""
	}
	text, err := folder.Read(ctx, found[0], maxAnalysis)
	if err != nil {
		return "" // as above
	}
	var m struct {
		Plan struct {
			JobID   string `json:"jobId"`
			JobName string `json:"jobName"`
		} `json:"plan"`
	}
	if json.Unmarshal(text, &m) != nil {
		return ""
	}
	return first(m.Plan.JobName, m.Plan.JobID)
}
