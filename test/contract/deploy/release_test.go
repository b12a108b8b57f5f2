package deploy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// versioned are the files that name the image of a release, and how often.
var versioned = map[string]int{
	"Dockerfile": 3, "docker-compose.yml": 2, "deploy/k8s/base/kustomization.yaml": 1, "deploy/k8s/oneshot/kustomization.yaml": 1,
	"examples/flinkdeployment.yaml": 1, "scripts/deploy.sh": 1, "docs/kubernetes.md": 6,
}

func text(t *testing.T, path string) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// There is one version: what VERSION says stands wherever the image of a release is named, and `make version` changes all of it.
func TestVersion_OfAllImages(t *testing.T) {
	t.Parallel()
	version := strings.TrimSpace(text(t, "VERSION"))
	if !regexp.MustCompile(`^v\d+\.\d+\.\d+$`).MatchString(version) {
		t.Fatalf("VERSION says %q", version)
	}
	targets := text(t, "Makefile")
	for path, times := range versioned {
		if n := strings.Count(text(t, path), version); n != times {
			t.Errorf("%s names %s %d times, want %d", path, version, n, times)
		}
		if !strings.Contains(targets, path) {
			t.Errorf("`make version` leaves %s as it is", path)
		}
	}
}

// The workflows run the same script as everybody, with no rights but to read, and a release refuses a tag that is not VERSION.
func TestWorkflows(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ci", "release"} {
		var w struct {
			Permissions map[string]string
			Jobs        map[string]struct {
				Timeout int `yaml:"timeout-minutes"`
				Steps   []struct{ Run, Uses string }
			}
		}
		if err := yaml.Unmarshal([]byte(text(t, ".github/workflows/"+name+".yml")), &w); err != nil {
			t.Fatal(err)
		}
		if len(w.Permissions) != 1 || w.Permissions["contents"] != "read" {
			t.Errorf("%s may %v", name, w.Permissions)
		}
		runs, checks := 0, 0
		for _, job := range w.Jobs {
			if job.Timeout == 0 {
				t.Errorf("%s may run for ever", name)
			}
			for _, s := range job.Steps {
				if s.Run == ".ci/run" {
					runs++
				}
				if strings.Contains(s.Run, "cat VERSION") {
					checks++
				}
			}
		}
		if runs != 1 || (name == "release") != (checks == 1) {
			t.Errorf("%s calls .ci/run %d times and compares VERSION %d times", name, runs, checks)
		}
	}
	if info, err := os.Stat(filepath.Join(root, ".ci", "run")); err != nil || info.Mode()&0o100 == 0 {
		t.Errorf(".ci/run: %v, %v", info, err)
	}
}
