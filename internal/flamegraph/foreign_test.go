package flamegraph_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/pprof/profile"

	"squirrly.dev/internal/flamegraph"
)

func gzipped(t testing.TB, content string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func inUTF16(text string, order binary.AppendByteOrder) string {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, unit)
	}
	return string(out)
}

// What people pack a profile into changes nothing.
func TestParse_Containers(t *testing.T) {
	t.Parallel()
	stacks := "java/lang/Thread.run;com/shop/Käse.add 3\njava/lang/Thread.run;com/shop/\U0001F9C0.add 4\n"
	want := dump(parseText(t, stacks))
	for name, text := range map[string]string{
		"gzip":                   gzipped(t, stacks),
		"gzip twice":             gzipped(t, gzipped(t, stacks)),
		"UTF-8 with its mark":    "\ufeff" + stacks,
		"UTF-16, little":         inUTF16("\ufeff"+stacks, binary.LittleEndian),
		"UTF-16, big":            inUTF16("\ufeff"+stacks, binary.BigEndian),
		"UTF-16, little, bare":   inUTF16(stacks, binary.LittleEndian),
		"UTF-16, big, bare":      inUTF16(stacks, binary.BigEndian),
		"UTF-16 in gzip":         gzipped(t, inUTF16("\ufeff"+stacks, binary.LittleEndian)),
		"lines of Windows":       strings.ReplaceAll(stacks, "\n", "\r\n"),
		"UTF-16 of Windows":      inUTF16("\ufeff"+strings.ReplaceAll(stacks, "\n", "\r\n"), binary.LittleEndian),
		"tabs before numbers":    strings.NewReplacer(" 3", "\t3", " 4", "\t4").Replace(stacks),
		"spaces behind a number": strings.ReplaceAll(stacks, "\n", "  \n"),
	} {
		if got := dump(parseText(t, text)); got != want {
			t.Errorf("%s:\n%s", name, got)
		}
	}
	for _, page := range []string{"worked-2.9.html", "worked-4.5.html"} {
		text := read(t, page)
		want := dump(parseText(t, text))
		for _, packed := range []string{gzipped(t, text), inUTF16("\ufeff"+text, binary.LittleEndian)} {
			if dump(parseText(t, packed)) != want {
				t.Errorf("%s differs when it is packed", page)
			}
		}
	}
}

func TestParse_PprofUncompressed(t *testing.T) {
	t.Parallel()
	count := []*profile.ValueType{{Type: "samples", Unit: "count"}}
	packed := pprofOf(t, count, map[string][]int64{"java.lang.Thread.run;com.shop.Cart.add": {4}})
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	var raw bytes.Buffer
	if _, err := raw.ReadFrom(r); err != nil {
		t.Fatal(err)
	}
	if got, want := dump(parseText(t, raw.String())), dump(parseText(t, string(packed))); got != want {
		t.Errorf("%s\n%s", got, want)
	}
}

// A file that cannot be read is called by its name, with what to give instead.
func TestParse_Foreign(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, says, instead string }{
		"JFR":             {"FLR\x00\x00\x02\x00\x01", "a JFR recording", "jfrconv -o collapsed"},
		"zip":             {"PK\x03\x04\x14\x00", "a zip archive", "unpack"},
		"tar":             {strings.Repeat("x", 257) + "ustar\x0000" + strings.Repeat("\x00", 300), "a tar archive", "unpack"},
		"tar.gz":          {gzipped(t, strings.Repeat("x", 257)+"ustar\x0000"+strings.Repeat("\x00", 300)), "a tar archive", "unpack"},
		"zstd":            {"\x28\xb5\x2f\xfd\x04\x00", "zstd", "unpack"},
		"xz":              {"\xfd7zXZ\x00\x00", "xz", "unpack"},
		"bzip2":           {"BZh91AY&SY", "bzip2", "unpack"},
		"perf.data":       {"PERFILE2\x68\x00", "a recording of perf", "stackcollapse-perf.pl"},
		"heap dump":       {"JAVA PROFILE 1.0.2\x00\x00", "a heap dump", "no profile"},
		"SVG":             {"<?xml version=\"1.0\" standalone=\"no\"?>\n<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\">\n<svg version=\"1.1\">\n<g/></svg>", "an SVG flame graph", "collapsed stacks"},
		"SVG alone":       {"<svg xmlns=\"http://www.w3.org/2000/svg\"><g/>", "an SVG flame graph", "collapsed stacks"},
		"heat map":        {"<!DOCTYPE html>\n<html lang='en'>\n<style>#heatmap-info {}</style></html>", "a heat map", "flame graph"},
		"traces":          {"--- Execution profile ---\nTotal samples       : 11\n\n--- 50 ns (45.45%), 5 samples\n  [ 0] a.b\n", "text output of async-profiler", "-o collapsed"},
		"traces only":     {"--- 5000000000 ns (45.45%), 500 samples\n  [ 0] java.lang.Thread.sleep\n", "text output of async-profiler", "-o collapsed"},
		"flat":            {"          ns  percent  samples  top\n  ----------  -------  -------  ---\n  1000  10.00%  10  a.b\n", "text output of async-profiler", "-o collapsed"},
		"perf script":     {"java 4711 [001] 12.345678:     10101010 cpu-clock:pppH: \n\t    7f001 Lcom/acme/X;::map+0x1 (/tmp/perf-1.map)\n\n", "perf script", "stackcollapse-perf.pl"},
		"thread dump":     {"2026-11-23 10:00:00\nFull thread dump OpenJDK 64-Bit Server VM (17.0.9+9 mixed mode):\n\n\"main\" #1 prio=5\n", "a thread dump", "one moment"},
		"thread of dump":  {"\"main\" #1 prio=5 os_prio=0 tid=0x00007f nid=0x1 runnable\n   java.lang.Thread.State: RUNNABLE\n", "a thread dump", "one moment"},
		"jfr print":       {"jdk.ExecutionSample {\n  startTime = 10:00\n}\n", "jfr print", "jfrconv"},
		"speedscope":      {`{"$schema":"https://www.speedscope.app/file-format-schema.json","profiles":[]}`, "speedscope", "asprof"},
		"Chrome":          {`{"traceEvents":[]}`, "Chrome", "asprof"},
		"cpuprofile":      {`{"nodes":[],"samples":[],"timeDeltas":[]}`, "Chrome or Node.js", "asprof"},
		"Firefox":         {`{"meta":{},"libs":[],"threads":[]}`, "Firefox", "asprof"},
		"our own":         {"{\n  \"schema\": \"dev.squirrly.analysis.v1\"\n}", "Squirrly itself", "folder"},
		"JSON":            {`{"a": 1}`, "JSON", "asprof"},
		"difference":      {"a;b 1 2\na;c 3 4\n", "difference of two profiles", "squirrly diff"},
		"binary":          {"\x01\x02\x03\x00\x00\x00", "binary data", "asprof"},
		"pprof that lies": {"\x0a\x04\x08\x01\x10\xff\xff\xff", "no pprof profile", "unsupported"},
		"page":            {"<html><body>hello</body></html>", "no flame graph of async-profiler", "asprof"},
		"text":            {"hello\n", "neither a flame graph page nor collapsed", "pprof"},
	} {
		_, err := flamegraph.Parse(strings.NewReader(test.text), flamegraph.Limits{})
		if !errors.Is(err, flamegraph.ErrUnsupported) || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), test.instead) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Stacks that look a little like something else are still stacks.
func TestParse_NotForeign(t *testing.T) {
	t.Parallel()
	for _, stacks := range []string{
		"[Worker 1];a/B.c 2\n", "a/B.c;heatmap 2\n", "svg/Writer.<svg 2\n", "[worker 7] 2\n[main 1];x 1\n",
		"java;[tid=1];a/B.c 2\n", "{lambda};a/B.c 2\n", "--- all ---;a 2\n",
	} {
		g, err := flamegraph.Parse(strings.NewReader(stacks), flamegraph.Limits{})
		if err != nil || g.Dialect != flamegraph.Collapsed || g.Empty() {
			t.Errorf("%q: %v", stacks, err)
		}
	}
}

// A small file does not become a large one.
func TestParse_Bomb(t *testing.T) {
	t.Parallel()
	bomb := gzipped(t, strings.Repeat("a;b 1\n", 4<<20))
	for name, text := range map[string]string{"once": bomb, "twice": gzipped(t, bomb)} {
		if _, err := flamegraph.Parse(strings.NewReader(text), flamegraph.Limits{Bytes: 1 << 20}); !errors.Is(err, flamegraph.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	deep := "a 1\n"
	for range 5 {
		deep = gzipped(t, deep)
	}
	if _, err := flamegraph.Parse(strings.NewReader(deep), flamegraph.Limits{}); !errors.Is(err, flamegraph.ErrUnsupported) {
		t.Errorf("gzip in gzip in gzip: %v", err)
	}
}
