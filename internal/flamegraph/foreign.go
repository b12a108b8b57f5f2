package flamegraph

import (
	"bytes"
	"fmt"
	"regexp"
)

// foreign is a form that is known and not read, and how to get one that is.
type foreign struct {
	starts  []string       // the file starts with one of these, behind white space,
	holds   []string       // or its head holds all of these,
	form    *regexp.Regexp // or its head has this form
	name    string
	instead string // what to give
}

// foreigners are asked in order: what is more special comes first.
var foreigners = []foreign{
	{starts: []string{"FLR\x00"}, name: "a JFR recording", instead: "convert it: jfrconv -o collapsed x.jfr x.collapsed (with --wall, --alloc or --lock for these)"},
	{starts: []string{"PK\x03\x04", "PK\x05\x06"}, name: "a zip archive", instead: "unpack it first"},
	{starts: []string{"\x28\xb5\x2f\xfd"}, name: "data compressed with zstd", instead: "unpack it first: zstd -d"},
	{starts: []string{"\xfd7zXZ\x00"}, name: "data compressed with xz", instead: "unpack it first: xz -d"},
	{starts: []string{"BZh"}, name: "data compressed with bzip2", instead: "unpack it first: bzip2 -d"},
	{starts: []string{"\x04\x22\x4d\x18"}, name: "data compressed with lz4", instead: "unpack it first: lz4 -d"},
	{starts: []string{"PERFILE2"}, name: "a recording of perf", instead: "fold it: perf script | stackcollapse-perf.pl > x.collapsed"},
	{starts: []string{"JAVA PROFILE 1.0"}, name: "a heap dump", instead: "it holds objects and no profile; " + fresh},
	{starts: []string{"\xca\xfe\xba\xbe"}, name: "a Java class", instead: fresh},
	{form: regexp.MustCompile(`^\s*(<\?xml[^>]*>\s*)?(<!(DOCTYPE svg|--)[^>]*>\s*)*<svg\b`), name: "an SVG flame graph (async-profiler 1.x, flamegraph.pl)", instead: "give the collapsed stacks that it was made of; " + fresh},
	{holds: []string{"<title>Tree view</title>"}, name: "a call tree page (-o tree)", instead: "write a flame graph instead: -f x.html without tree, or -o collapsed"},
	{form: regexp.MustCompile(`(?i)<(!doctype html|html)[^>]*>(?s:.*)heatmap`), name: "a heat map page", instead: "write a flame graph instead: jfrconv x.jfr x.html"},
	{form: regexp.MustCompile(`^\s*\{\s*"schema":\s*"dev\.squirrly\.`), name: "an artifact of Squirrly itself", instead: "give the folder of the run, or its captures"},
	{holds: []string{"speedscope.app/file-format-schema"}, name: "a profile of speedscope", instead: fresh},
	{holds: []string{`"resourceProfiles"`}, name: "a profile of OpenTelemetry", instead: fresh},
	{holds: []string{`"flamebearer"`}, name: "a profile of Pyroscope in JSON", instead: "download it as pprof or collapsed"},
	{holds: []string{`"traceEvents"`}, name: "a trace of Chrome", instead: fresh},
	{holds: []string{`"nodes"`, `"timeDeltas"`}, name: "a CPU profile of Chrome or Node.js", instead: fresh},
	{holds: []string{`"meta"`, `"threads"`}, name: "a profile of Firefox", instead: fresh},
	{form: regexp.MustCompile(`^\s*[{[]\s*["{\]}]`), name: "JSON", instead: fresh},
	{form: regexp.MustCompile(`(?m)^Full thread dump|^"[^"\n]+" .*\btid=0x[0-9a-f]+ `), name: "a thread dump (jstack, jcmd Thread.print)", instead: "one moment is no profile; " + fresh},
	{form: regexp.MustCompile(`(?m)^jdk\.\w+ \{\r?$`), name: "the text of jfr print", instead: "convert the recording: jfrconv -o collapsed x.jfr x.collapsed"},
	{form: regexp.MustCompile(`(?m)^--- .* profile ---\r?$|^--- \d+ \w+ \(\d|^ +\w+ +percent +samples +top`), name: "the text output of async-profiler (-o traces, flat or summary)", instead: fresh},
	{form: regexp.MustCompile(`(?m)^\S.* \d+(/\d+)? +(\[\d+\] +)?\d+\.\d+: .*\n\s+[0-9a-f]+ `), name: "the text of perf script", instead: "fold it: stackcollapse-perf.pl x.txt > x.collapsed"},
	{form: regexp.MustCompile(`(?m)^# (Overhead|Samples|To display the perf\.data)`), name: "a report of perf", instead: "fold the recording: perf script | stackcollapse-perf.pl > x.collapsed"},
}

// fresh is how to get a profile that can be read.
const fresh = "profile again with asprof -o collapsed or -f x.html"

// is reports that a file with this head is of the form.
func (f *foreign) is(head []byte) bool {
	text := bytes.TrimLeft(head, " \t\r\n")
	for _, start := range f.starts {
		if bytes.HasPrefix(text, []byte(start)) {
			return true
		}
	}
	for _, part := range f.holds {
		if !bytes.Contains(head, []byte(part)) {
			return false
		}
	}
	return len(f.holds) > 0 || f.form != nil && f.form.Match(head)
}

// rejectForeign names the well-known files that are no flame graph.
func rejectForeign(head []byte, _ *lines, _ *names) (*Graph, error) {
	text := bytes.TrimLeft(head, " \t\r\n")
	const tarMark = 257
	switch {
	case len(text) == 0:
		return nil, fmt.Errorf("%w: the file is empty", ErrTruncated)
	case len(head) > tarMark && bytes.HasPrefix(head[tarMark:], []byte("ustar")):
		return nil, fmt.Errorf("%w: a tar archive: unpack it first", ErrUnsupported)
	}
	for i := range foreigners {
		if f := &foreigners[i]; f.is(head) {
			return nil, fmt.Errorf("%w: %s: %s", ErrUnsupported, f.name, f.instead)
		}
	}
	switch {
	case isBinary(head):
		return nil, fmt.Errorf("%w: binary data of no known form: %s", ErrUnsupported, fresh)
	case !bytes.HasPrefix(text, []byte("<")):
		return nil, errUnrecognized
	case len(head) < headLen && !bytes.Contains(head, endOfPage):
		return nil, fmt.Errorf("%w: the page ends before its first frame", ErrTruncated)
	}
	return nil, fmt.Errorf("%w: a page, but no flame graph of async-profiler: %s", ErrUnsupported, fresh)
}

// isBinary reports that the start of a file holds bytes that no text has.
func isBinary(head []byte) bool {
	const start = 512
	for _, c := range head[:min(len(head), start)] {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != '\x1b' {
			return true
		}
	}
	return false
}
