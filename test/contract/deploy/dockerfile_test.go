package deploy_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

func stages(t *testing.T) []instructions.Stage {
	t.Helper()
	f, err := os.Open(filepath.Join(root, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	parsed, err := parser.Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	if len(parsed.Warnings) > 0 {
		t.Error(parsed.Warnings)
	}
	all, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestDockerfile_BaseImagesArePinned(t *testing.T) {
	t.Parallel()
	var names []string
	for _, s := range stages(t) {
		if !slices.Contains(names, s.BaseName) && !pinned.MatchString(s.BaseName) {
			t.Errorf("base image %s is not pinned", s.BaseName)
		}
		names = append(names, s.Name)
	}
}

func TestDockerfile_ImagesRunWithoutRoot(t *testing.T) {
	t.Parallel()
	for _, s := range stages(t) {
		if strings.HasSuffix(s.Name, "build") {
			continue
		}
		user := ""
		for _, c := range s.Commands {
			if u, ok := c.(*instructions.UserCommand); ok {
				user = u.User
			}
		}
		if !slices.Contains([]string{"65532:65532", "9999:9999"}, user) {
			t.Errorf("the image from %s runs as %q", s.BaseName, user)
		}
	}
}

func TestDockerfile_CopiesWhatIsThere(t *testing.T) {
	t.Parallel()
	var got []string
	for _, s := range stages(t) {
		for _, c := range s.Commands {
			if _, ok := c.(*instructions.AddCommand); ok {
				t.Errorf("ADD: %s", c)
			}
			if cp, ok := c.(*instructions.CopyCommand); ok && cp.From == "" {
				got = append(got, cp.SourcePaths...)
			}
		}
	}
	if diff := cmp.Diff([]string{"pkg", "internal", "services", "cmd", "examples/sample-job"}, got); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}
	for _, path := range got {
		if _, err := os.Stat(filepath.Join(root, path)); err != nil {
			t.Error(err)
		}
	}
}
