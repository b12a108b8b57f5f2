package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// hostOnly are parts of a recording that say something about the machine alone.
var hostOnly = regexp.MustCompile(`/(?:tmp|root|home|var|work|usr|opt)/[^\s"',;:<>)\\]*`)

// record keeps the captures and the context of a run: the manifest as it is, the others compressed, without paths and
// the name of this machine.
func record(from, to string) error {
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("record: %w", err)
	}
	if err := os.RemoveAll(to); err != nil {
		return fmt.Errorf("record: %w", err)
	}
	for _, pattern := range []string{"manifest-*.json", "captures/*.html", "context/job-*.json"} {
		paths, err := filepath.Glob(filepath.Join(from, pattern))
		if err != nil {
			return fmt.Errorf("record: %w", err)
		}
		for _, path := range paths {
			if err := recordFile(path, from, to, host); err != nil {
				return fmt.Errorf("record: %w", err)
			}
		}
	}
	return nil
}

func recordFile(path, from, to, host string) error {
	body, err := os.ReadFile(path)
	if err != nil {
		return err //nolint:wrapcheck // the caller says what was done
	}
	rel, err := filepath.Rel(from, path)
	if err != nil {
		return err //nolint:wrapcheck // the caller says what was done
	}
	body = hostOnly.ReplaceAll(body, []byte("/flink"))
	if strings.HasSuffix(path, ".json") { // a page names threads and functions, and a host may be called like a part of one
		body = regexp.MustCompile(`\b`+regexp.QuoteMeta(host)+`\b`).ReplaceAll(body, []byte("host"))
	}
	return keep(filepath.Join(to, rel), body)
}

func keep(path string, body []byte) error {
	const dirMode, fileMode = 0o755, 0o644
	if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil {
		return err //nolint:wrapcheck // the caller says what was done
	}
	if strings.HasPrefix(filepath.Base(path), "manifest-") {
		return os.WriteFile(path, body, fileMode) //nolint:wrapcheck // the caller says what was done
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err //nolint:wrapcheck // the caller says what was done
	}
	if _, err := w.Write(body); err != nil {
		return err //nolint:wrapcheck // the caller says what was done
	}
	if err := w.Close(); err != nil {
		return err //nolint:wrapcheck // the caller says what was done
	}
	return os.WriteFile(path+".gz", packed.Bytes(), fileMode) //nolint:wrapcheck // the caller says what was done
}
