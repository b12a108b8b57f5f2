package cli_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"squirrly.dev/internal/flink/flinktest"
)

// renamed serves a recorded Flink whose names are others.
func renamed(t *testing.T, names map[string]string) string {
	t.Helper()
	r, err := flinktest.NewReplay("1.20.5")
	if err != nil {
		t.Fatal(err)
	}
	r.Play(flinktest.Script{})
	var there, back []string
	for _, was := range slices.Sorted(maps.Keys(names)) {
		quoted, err := json.Marshal(names[was])
		if err != nil {
			t.Fatal(err)
		}
		there, back = append(there, was, strings.Trim(string(quoted), `"`)), append(back, names[was], was)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		req.URL.Path, req.URL.RawPath = strings.NewReplacer(back...).Replace(req.URL.Path), ""
		answer := httptest.NewRecorder()
		r.ServeHTTP(answer, req)
		header := w.Header()
		maps.Copy(header, answer.Header())
		header.Del("Content-Length")
		body := answer.Body.String()
		if strings.Contains(header.Get("Content-Type"), "json") {
			body = strings.NewReplacer(there...).Replace(body)
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// Whatever a Flink calls its TaskManagers, jobs and vertices, nothing of it leads out of the folder that is written, is the name of
// a file that steers a terminal, or steers the one where the command runs.
func TestProfile_HostileNames(t *testing.T) {
	clean(t)
	const steer = "\x1b[31m\x1b]0;title\x07\u009b31m\u202e\r\n"
	url := renamed(t, map[string]string{
		"taskmanager-1:6122": "../../../../tm" + steer, "squirrly-sample": "../../job" + steer + "<script>alert(1)</script>",
		"generate": "/etc/passwd" + steer,
	})
	base := t.TempDir()
	code, out, errOut := runCLI(t, t.Context(), "", "profile", url, "-d", "1s", "--out", filepath.Join(base, "out"), "-v", "--full")
	if code != 0 || !strings.Contains(out, "job") || !strings.Contains(errOut, "tm") {
		t.Fatalf("exit %d: %s%s", code, out, errOut)
	}
	for name, text := range map[string]string{"stdout": out, "stderr": errOut} {
		steers(t, name, text)
	}
	written := files(t, base)
	if len(written) < 8 {
		t.Errorf("written: %q", written)
	}
	for _, f := range written {
		if !strings.HasPrefix(f, "out/") || strings.Contains(f, "..") {
			t.Errorf("wrote %q", f)
		}
		steers(t, "the name of a file", f)
	}
	for _, name := range []string{"report.txt", "report.md", "report.html"} {
		body, err := os.ReadFile(filepath.Join(base, "out", name))
		if err != nil || name != "report.txt" && strings.Contains(string(body), "<script>alert") { // text is text
			t.Errorf("%s: %v", name, err)
		}
		steers(t, name, string(body))
	}
}

// steers fails when a text has more than lines of what can be seen.
func steers(t *testing.T, where, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		for _, r := range strings.TrimSuffix(line, "\n") {
			if r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
				t.Errorf("%s has %U: %.200q", where, r, line)
				break
			}
		}
	}
}
