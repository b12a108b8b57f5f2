package cli_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/services/trigger"
)

// narrow fails on lines of more than 80 columns.
func narrow(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// The sample of the documentation is fine; every mistake of a file is told with its line.
func TestPolicyCheck(t *testing.T) {
	clean(t)
	sample := filepath.Join("..", "..", "..", "..", "examples", "policies.yaml")
	code, text, errs := runCLI(t, t.Context(), "", "policy", "check", sample)
	if code != 0 || errs != "" || !strings.Contains(text, "nightly") || !strings.Contains(text, "rollout, alert, event") {
		t.Errorf("exit %d\n%s%s", code, text, errs)
	}
	narrow(t, text)

	component := filepath.Join("..", "..", "..", "..", "deploy", "k8s", "components", "policy", "policies.yaml")
	if code, text, errs = runCLI(t, t.Context(), "", "policy", "check", component); code != 0 || !strings.Contains(text, "schedule, rollout") {
		t.Errorf("exit %d\n%s%s", code, text, errs)
	}

	body, err := os.ReadFile(sample)
	if err != nil {
		t.Fatal(err)
	}
	wrong := strings.NewReplacer("jitter: 30m", "jiter: 30m", "Europe/Berlin", "Europe/Bärlin", "ALLOC", "MEMORY").Replace(string(body))
	code, text, errs = runCLI(t, t.Context(), wrong, "policy", "check", "-")
	if code != 1 || text != "" {
		t.Errorf("exit %d\n%s", code, text)
	}
	for _, want := range []string{"-: 3 mistakes", "line 5: policies[0].zone: ", "line 10: policies[0].on.schedule.jiter: ", "line 11: policies[0].modes[2]: "} {
		if !strings.Contains(errs, want) {
			t.Errorf("no %q in\n%s", want, errs)
		}
	}
	narrow(t, errs)

	code, text, _ = runCLI(t, t.Context(), wrong, "policy", "check", "-", "-o", "json")
	var got struct {
		Problems []struct {
			Line  int
			Field string
		}
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil || code != 1 || len(got.Problems) != 3 || got.Problems[2].Field != "policies[0].modes[2]" {
		t.Errorf("exit %d, %v\n%s", code, err, text)
	}
	for _, file := range []string{filepath.Join(t.TempDir(), "none"), t.TempDir(), "/dev/zero"} {
		if code, _, errs := runCLI(t, t.Context(), "", "policy", "check", file); code != 2 || !strings.Contains(errs, file) {
			t.Errorf("%s: exit %d %s", file, code, errs)
		}
	}
}

// What the trigger does with each target is listed and explained, in 80 columns.
func TestPolicyLs(t *testing.T) {
	clean(t)
	url, b := server(t)
	if code, _, errs := runCLI(t, t.Context(), "", "policy", "ls", "--nats", url); code != 0 || !strings.Contains(errs, "No job is under watch") {
		t.Errorf("exit %d %s", code, errs)
	}
	replay, err := flinktest.NewReplay("2.3.0")
	if err != nil {
		t.Fatal(err)
	}
	flink := httptest.NewServer(replay)
	t.Cleanup(flink.Close)
	path := filepath.Join(t.TempDir(), "p.yaml")
	if err := os.WriteFile(path, []byte(`
policies:
- name: nightly
  zone: Europe/Berlin
  targets: {urls: [{name: orders, url: "`+flink.URL+`"}, {name: a-job-with-a-name-that-is-much-too-long-for-a-column, url: "http://127.0.0.1:1"}]}
  on: {schedule: {cron: "0 2 * * *", jitter: 10m}, rollout: true}
  budget: 5m
- name: always-quiet-but-a-minute
  targets: {urls: [{name: carts, url: "`+flink.URL+`/carts"}], deployments: [{namespace: shop}]}
  on: {event: [{match: [type=x], by: {name: subject}}]}
  quiet: [{from: "00:01", to: "00:00"}]
`), 0o600); err != nil {
		t.Fatal(err)
	}
	way, err := access.Open(access.Config{Local: true}, access.Options{})
	if err != nil {
		t.Fatal(err)
	}
	service, err := trigger.New(trigger.Config{Policy: path, Kubeconfig: filepath.Join(t.TempDir(), "none")}, trigger.Deps{Bus: bustest.As(t, b, natsusers.Trigger), Flink: way, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- service.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	var text string
	for end := time.Now().Add(40 * time.Second); strings.Count(text, "\n") < 5 || !strings.Contains(text, "unseen"); time.Sleep(200 * time.Millisecond) {
		var code int
		var errs string
		if code, text, errs = runCLI(t, t.Context(), "", "policy", "ls", "--nats", url); code != 0 || time.Now().After(end) {
			t.Fatalf("exit %d\n%s%s", code, text, errs)
		}
	}
	t.Log("\n" + text)
	narrow(t, text)
	for _, want := range []string{
		`nightly +orders +\w{3} \d\d \w{3} 02:\d\d +5m +ready`, `nightly +a-job-with-a-name-.*… +\w{3} \d\d \w{3} 02:\d\d +5m +unseen\n  the JobManager`,
		`always-quie… +carts +- +- +quiet until `, `always-quie… +\(deployments\) +- +- +unlisted\n  no Kubernetes cluster`,
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	var errs string
	explain := func() (code int) {
		code, text, errs = runCLI(t, t.Context(), "", "policy", "explain", "orders", "--nats", url)
		return code
	}
	code := explain()
	for end := time.Now().Add(40 * time.Second); !strings.Contains(text, "release: ") && time.Now().Before(end); code = explain() {
		time.Sleep(200 * time.Millisecond) // the first look at the job notes it
	}
	t.Log("\n" + text)
	narrow(t, text)
	if code != 0 || !strings.Contains(text, "policy nightly, target orders") || !strings.Contains(text, "budget: 5m of 5m left today") || !strings.Contains(text, "release: job-") {
		t.Errorf("exit %d\n%s%s", code, text, errs)
	}
	if code, text, _ = runCLI(t, t.Context(), "", "policy", "ls", "nightly", "-o", "json", "--nats", url); code != 0 || strings.Count(text, `"policy": "nightly"`) != 2 {
		t.Errorf("exit %d\n%s", code, text)
	}
	if code, _, errs = runCLI(t, t.Context(), "", "policy", "explain", "payments", "--nats", url); code != 5 {
		t.Errorf("exit %d %s", code, errs)
	}
	changedFile(t, path, url)
}

// The policy that docs/policy.md begins with is fine, and what `policy check` prints of it is what stands there but for the date.
func TestPolicyCheck_Page(t *testing.T) {
	clean(t)
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "policy.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, begins := strings.Cut(string(b), "$ cat > policies.yaml <<'END'\n")
	body, rest, ends := strings.Cut(rest, "\n    END\n")
	check, rest, runs := strings.Cut(rest, "\n")
	printed, _, _ := strings.Cut(rest, "\n    $ ")
	if !begins || !ends || !runs || strings.TrimSpace(check) != "$ squirrly policy check policies.yaml" {
		t.Fatalf("the page does not begin with a policy and its check: %q", check)
	}
	path := filepath.Join(t.TempDir(), "policies.yaml")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll("\n"+body+"\n", "\n    ", "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	code, text, errs := runCLI(t, t.Context(), "", "policy", "check", path)
	date := regexp.MustCompile(`\w{3} \d{4}-\d\d-\d\d (\d\d:\d\d) \w+`)
	bare := func(s string) string { return strings.Join(strings.Fields(date.ReplaceAllString(s, "$1")), " ") }
	if code != 0 || errs != "" || bare(text) != bare(printed) {
		t.Errorf("exit %d\n%s%s\nthe page says\n%s", code, text, errs, printed)
	}
}

// changedFile makes mistakes in the file of policies: that it is not accepted is shown until it is mended.
func changedFile(t *testing.T, path, url string) {
	t.Helper()
	right, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	show := func(body []byte, ok func(text string) bool) (text string) {
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(40 * time.Second); !ok(text); time.Sleep(200 * time.Millisecond) {
			if _, text, _ = runCLI(t, t.Context(), "", "policy", "ls", "--nats", url); time.Now().After(end) {
				t.Fatalf("after 40 s:\n%s", text)
			}
		}
		return text
	}
	text := show([]byte("policies:\n- name: nightly\n  jitter: 1m\n"), func(text string) bool { return strings.Contains(text, "(file)") })
	narrow(t, text)
	told := strings.Join(strings.Fields(text), " ")
	if !strings.Contains(told, "(file) (changed) - - refused the changed file is not accepted, and what held before still holds: line 2: policies[0]:") ||
		!strings.Contains(told, "(and 2 more mistakes)") || !strings.Contains(told, "nightly orders") {
		t.Error(text)
	}
	for _, args := range [][]string{{"policy", "ls", "newer"}, {"policy", "explain", "newer"}} {
		code, _, errs := runCLI(t, t.Context(), "", append(args, "--nats", url)...)
		if code != 5 || !strings.Contains(strings.Join(strings.Fields(errs), " "), "Note: the changed file is not accepted") {
			t.Errorf("%v: exit %d %s", args, code, errs)
		}
		narrow(t, errs)
	}
	show(right, func(text string) bool { return strings.Contains(text, "nightly") && !strings.Contains(text, "(file)") })
}
