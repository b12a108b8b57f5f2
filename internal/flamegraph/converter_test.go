//go:build converter

package flamegraph_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"squirrly.dev/internal/flamegraph"
)

// converterVersion is the release of async-profiler whose converter is measured.
const converterVersion = "4.5"

// BenchmarkConverter measures async-profiler's own converter on the page of
// BenchmarkParse_HTML3, in a JVM that is warm. It needs a JDK and Maven.
func BenchmarkConverter(b *testing.B) {
	dir := b.TempDir()
	fetch := exec.CommandContext(b.Context(), "mvn", "-q", "-B", "dependency:copy",
		"-Dartifact=tools.profiler:jfr-converter:"+converterVersion, "-DoutputDirectory="+dir)
	if out, err := fetch.CombinedOutput(); err != nil {
		b.Fatalf("fetch the converter: %v: %s", err, out)
	}
	page := bigPage(flamegraph.HTML3, 16<<20)
	file := filepath.Join(dir, "page.html")
	if err := os.WriteFile(file, page, 0o600); err != nil {
		b.Fatal(err)
	}
	parse := converter(b, filepath.Join(dir, "jfr-converter-"+converterVersion+".jar"), file)
	const warm = 8
	for range warm {
		parse()
	}
	b.SetBytes(int64(len(page)))
	for b.Loop() {
		parse()
	}
}

// converter starts the JVM and returns a function that lets it parse once.
func converter(b *testing.B, jar, page string) (parse func()) {
	b.Helper()
	java := exec.CommandContext(b.Context(), "java", "-cp", jar, "testdata/Converter.java", page)
	java.Stderr = os.Stderr
	in, err := java.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := java.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := java.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		_ = java.Wait()
	})
	lines := bufio.NewScanner(out)
	return func() {
		if _, err := io.WriteString(in, "\n"); err != nil {
			b.Fatal(err)
		}
		if !lines.Scan() || lines.Text() != "done" {
			b.Fatalf("the converter ended: %q, %v", lines.Text(), lines.Err())
		}
	}
}
