package cli_test

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The files of a recorded run, given one by one and compressed as they are, say the same as its folder.
func TestAnalyze_LooseFilesWithMetrics(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "..", "test", "diagnosis", "recorded", "blocked-sink", "bad")
	headline := func(args ...string) string {
		code, out, errs := runCLI(t, t.Context(), "", append([]string{"analyze", "-o", "json"}, args...)...)
		if code != 0 {
			t.Fatalf("%v: %d, %s", args, code, errs)
		}
		_, after, _ := strings.Cut(out, `"headline": "`)
		text, _, _ := strings.Cut(after, `"`)
		return text
	}
	captures, _ := filepath.Glob(filepath.Join(dir, "captures", "*"))
	metrics, _ := filepath.Glob(filepath.Join(dir, "context", "job-*"))
	if len(captures) != 2 || len(metrics) != 1 {
		t.Fatal(captures, metrics)
	}
	want := headline(dir)
	if got := headline(append(captures, "--metrics", metrics[0])...); got != want || !strings.Contains(got, "limits the job") {
		t.Errorf("loose files: %s\nfolder: %s", got, want)
	}
	cut := filepath.Join(t.TempDir(), "job.json.gz")
	body, err := os.ReadFile(metrics[0])
	if err != nil {
		t.Fatal(err)
	}
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	_, _ = w.Write(bytes.Repeat([]byte(" "), 64<<20+2))
	_ = w.Close()
	for _, bad := range [][]byte{body[:len(body)/2], bomb.Bytes()} {
		if err := os.WriteFile(cut, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		args := append(append([]string{"analyze"}, captures...), "--metrics", cut)
		if code, _, errs := runCLI(t, t.Context(), "", args...); code != 2 || !strings.Contains(errs, "--metrics") {
			t.Errorf("%d, %s", code, errs)
		}
	}
}
