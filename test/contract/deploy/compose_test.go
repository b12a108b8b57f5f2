package deploy_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"
)

func load(t *testing.T, file string) (*types.Project, error) {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{file}, cli.WithResolvedPaths(true))
	if err != nil {
		t.Fatal(err)
	}
	return options.LoadProject(t.Context())
}

func compose(t *testing.T) *types.Project {
	t.Helper()
	p, err := load(t, filepath.Join(root, "docker-compose.yml"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCompose_HasEveryService(t *testing.T) {
	t.Parallel()
	want := []string{
		"analyzer", "collector", "jobmanager", "minio", "nats", "notifier", "provision", "taskmanager", "trigger", "users", "users-folder",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(compose(t).Services))); diff != "" {
		t.Errorf("services (-want +got):\n%s", diff)
	}
}

func TestCompose_RefusesAMisspeltField(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "docker-compose.yml"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "docker-compose.yml")
	spoilt := strings.Replace(string(text), "    ports:", "    prots:", 1)
	if err := os.WriteFile(file, []byte(spoilt), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := load(t, file); err == nil || !strings.Contains(err.Error(), "prots") {
		t.Fatalf("got %v", err)
	}
}

func TestCompose_ServicesArePinnedAndOpenOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	for name, s := range compose(t).Services {
		if !pinned.MatchString(s.Image) {
			t.Errorf("%s: image %s is not pinned", name, s.Image)
		}
		for _, p := range s.Ports {
			if p.HostIP != "127.0.0.1" {
				t.Errorf("%s: port %s is open on %q", name, p.Published, p.HostIP)
			}
		}
		for _, v := range s.Volumes {
			if v.Type != types.VolumeTypeBind {
				continue
			}
			if _, err := os.Stat(v.Source); err != nil {
				t.Errorf("%s mounts what is not there: %v", name, err)
			}
		}
	}
}

func TestCompose_ProcessesOfSquirrlyAreHardened(t *testing.T) {
	t.Parallel()
	p := compose(t)
	for _, name := range []string{"users", "provision", "trigger", "collector", "analyzer", "notifier"} {
		s := p.Services[name]
		if !s.ReadOnly || !slices.Contains(s.CapDrop, "ALL") || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s is not hardened", name)
		}
		if url := s.Environment["SQUIRRLY_NATS_URL"]; url == nil || *url != "nats://nats:4222" {
			t.Errorf("%s does not use the NATS server of the file", name)
		}
	}
	flink := p.Services["jobmanager"].Environment["FLINK_PROPERTIES"]
	if flink == nil || !strings.Contains(*flink, "rest.profiling.enabled: true") {
		t.Errorf("Flink runs without its profiler: %v", flink)
	}
}
