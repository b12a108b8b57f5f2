package artifact

import (
	"path"
	"strings"

	"squirrly.dev/pkg/events"
)

// The names of documents of a run.
const (
	Manifest = "manifest"
	Evidence = "evidence"
	Prompt   = "prompt"
	Answer   = "answer"
	Analysis = "analysis"
	Report   = "report"
	Diff     = "diff" // differential flame graph, with its mode
)

// shortSum is how many hex digits of the hash a key ends in.
const shortSum = 12

// contentTypes maps the extensions that keys keep to their content types.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".json": "application/json",
	".md":   "text/markdown; charset=utf-8",
	".txt":  "text/plain; charset=utf-8",
	".yaml": "application/yaml",
}

// CaptureKey is the key of a capture: <prefix>captures/<jvm>-<mode>-<sha12>.html. prefix is that of the run
// ([events.Identity.Prefix]); sha is the SHA-256 of the object in hex ([Sum]), here and below.
func CaptureKey(prefix, jvm string, mode events.Mode, sha string) string {
	return prefix + capturesFolder + events.Token(jvm) + "-" + events.Token(string(mode)) + "-" + short(sha) + ".html"
}

const capturesFolder = "captures/"

// ContextKey is the key of a piece of context: <prefix>context/<name>-<sha12>, with the extension of the name if it
// is a known one.
func ContextKey(prefix, name, sha string) string {
	ext := path.Ext(name)
	if contentTypes[ext] == "" {
		ext = ""
	}
	return prefix + "context/" + events.Token(strings.TrimSuffix(name, ext)) + "-" + short(sha) + ext
}

// DocumentKey is the key of a document of a run: <prefix><name>-<sha12><ext>, for example name Report and ext ".html".
func DocumentKey(prefix, name, ext, sha string) string {
	return prefix + events.Token(name) + "-" + short(sha) + ext
}

// UploadKey is the key of a file that a user stored before the request that refers to it.
func UploadKey(sha string) string { return events.UploadPrefix + sha }

func short(sha string) string { return sha[:min(len(sha), shortSum)] }

func contentType(key string) string {
	if t := contentTypes[path.Ext(key)]; t != "" {
		return t
	}
	return "application/octet-stream"
}

// isForeign reports whether a browser must not render the object: pages that the profiler wrote, and uploads.
func isForeign(key string) bool {
	return strings.Contains(key, "/"+capturesFolder) || strings.HasPrefix(key, events.UploadPrefix)
}
