// Package external_test is another team: a Go module outside of this repository that uses the events, and gets nothing
// else with them. It needs no network.
package external_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const program = `package main

import (
	"fmt"
	"os"
	"time"

	"squirrly.dev/pkg/events"
)

func main() {
	body, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	event, err := events.DecodeEvent(body)
	if err != nil {
		panic(err)
	}
	r, err := events.Data[events.RecommendationReady](event)
	if err != nil {
		panic(err)
	}
	again, err := events.New("another/team", "1", time.Unix(0, 0), events.ProfileRequested{
		Target: events.Target{Namespace: r.Identity.Namespace, Deployment: r.Identity.Job},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(r.Identity, r.Verdict.Limit, len(r.Findings))
	fmt.Println(string(again.Type), string(again.Data))
	fmt.Println(r.Identity.RequestSubject())
}
`

const uses = `module example.com/another/team

go 1.26.0

require squirrly.dev/pkg/events v0.0.0

replace squirrly.dev/pkg/events => `

// The module builds, runs, and depends on the standard library and on the events alone.
func TestExternalModule(t *testing.T) {
	dir := module(t, program, uses+repository(t, "pkg", "events"))
	got := must(t, dir, "run", ".", filepath.Join(repository(t, "pkg", "events", "testdata"), "dev.squirrly.recommendation.ready.v1.json"))
	want := `prod/flink/orders vertex 2
dev.squirrly.profile.requested.v1 {"target":{"namespace":"flink","deployment":"orders"}}
squirrly.v1.profile.requested.prod.flink.orders
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
	deps := must(t, dir, "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
	if diff := cmp.Diff("squirrly.dev/pkg/events\nexample.com/another/team\n", deps); diff != "" {
		t.Errorf("dependencies beside the standard library (-want +got):\n%s", diff)
	}
	modules := must(t, dir, "list", "-m", "-f", "{{.Path}}", "all")
	if diff := cmp.Diff("example.com/another/team\nsquirrly.dev/pkg/events\n", modules); diff != "" {
		t.Errorf("modules (-want +got):\n%s", diff)
	}
}

// What is private stays so: the compiler refuses it to other modules.
func TestExternalModule_CannotImportInternal(t *testing.T) {
	dir := module(t, "package main\n\nimport _ \"squirrly.dev/internal/bus\"\n\nfunc main() {}\n",
		strings.ReplaceAll(uses, "pkg/events", "internal")+repository(t, "internal"))
	out, err := run(t, dir, "build", "-mod=mod", ".")
	if err == nil || !strings.Contains(out, "use of internal package squirrly.dev/internal/bus not allowed") {
		t.Errorf("%v\n%s", err, out)
	}
}

// repository is a folder of this repository, wherever that lies.
func repository(t *testing.T, path ...string) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join(append([]string{"..", "..", ".."}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// module writes a module into a folder of its own.
func module(t *testing.T, code, mod string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"main.go": code, "go.mod": mod + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func must(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := run(t, dir, args...)
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// run calls the go command as somebody without this workspace and without a network does. The database of checksums is
// part of that network: the module has no go.sum of its own, so that the go command would ask it about modules that
// this workspace's sums have verified already, and fail where only a module proxy is reached.
func run(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "go", args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GOWORK=off", "GOPROXY=off", "GOSUMDB=off", "GOFLAGS=", "GOTOOLCHAIN=local")
	out, err := c.CombinedOutput()
	return string(out), err
}
