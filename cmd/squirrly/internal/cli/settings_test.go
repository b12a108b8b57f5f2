package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A setting that is wrong, or a file that one names, is wrong usage: what is to be changed is named, and no secret.
func TestSettings_WrongOnesAreUsage(t *testing.T) {
	dir := t.TempDir()
	access, policies := filepath.Join(dir, "access.yaml"), filepath.Join(dir, "policies.yaml")
	for path, body := range map[string]string{
		access: "clusters:\n- match: a\n  password: hunter2\n", policies: "policies: [{name: a}]\n",
	} {
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	up := []string{"up", "--port", "-1", "--http", "", "--data"}
	for name, c := range map[string]struct {
		env, value string
		args       []string
		says       string
	}{
		"access of a profile":   {"", "", []string{"profile", "http://127.0.0.1:1", "--flink-access", access}, access + ": line 3: clusters[0].password"},
		"access of the server":  {"", "", append(up, filepath.Join(dir, "1"), "--flink-access", access), access + ": line 3: clusters[0].password"},
		"access that is gone":   {"", "", []string{"profile", "http://127.0.0.1:1", "--flink-access", "/nowhere"}, "/nowhere: no such file"},
		"access by environment": {"SQUIRRLY_FLINK_ACCESS", access, []string{"profile", "http://127.0.0.1:1"}, "SQUIRRLY_FLINK_ACCESS: " + access},
		"policies":              {"SQUIRRLY_POLICY", policies, append(up, filepath.Join(dir, "2")), "SQUIRRLY_POLICY: policies of " + policies},
		"placeholder":           {"SQUIRRLY_NATS_PASSWORD", "replace-me", []string{"provision"}, "SQUIRRLY_NATS_PASSWORD: it holds a placeholder"},
		"placeholder of S3":     {"SQUIRRLY_S3_SECRET_KEY", "<secret>", []string{"provision"}, "SQUIRRLY_S3_SECRET_KEY: it holds a placeholder"},
		"placeholder of a key":  {"OPENAI_API_KEY", "your-api-key", []string{"analyze", page("WALL")}, "it holds a placeholder"},
		"another setting":       {"SQUIRRLY_COOLDOWN", "soon", append(up, filepath.Join(dir, "3")), "COOLDOWN"},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			if c.env != "" {
				t.Setenv(c.env, c.value)
			}
			code, out, errs := runCLI(t, t.Context(), "", c.args...)
			if code != 2 || out != "" || !strings.Contains(strings.Join(strings.Fields(errs), " "), c.says) || strings.Contains(errs, "hunter2") {
				t.Errorf("exit %d, stdout %q, stderr %q", code, out, errs)
			}
		})
	}
}
