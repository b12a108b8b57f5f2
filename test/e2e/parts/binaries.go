package parts

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

// Squirrly is all programs that are deployed, for [Build].
var Squirrly = []string{
	"./cmd/squirrly", "./services/trigger/cmd/trigger", "./services/collector/cmd/collector", "./services/analyzer/cmd/analyzer",
	"./services/notifier/cmd/notifier",
}

// Build builds programs of the repository into a new folder, and returns it with the function that removes it.
func Build(ctx context.Context, packages ...string) (dir string, remove func(), err error) {
	root, err := Root()
	if err != nil {
		return "", nil, err
	}
	if dir, err = os.MkdirTemp("", "squirrly-bin-"); err != nil {
		return "", nil, fmt.Errorf("make a folder: %w", err)
	}
	remove = func() { _ = os.RemoveAll(dir) } // of the system's temporary files
	build := exec.CommandContext(ctx, "go", append([]string{"build", "-o", dir}, packages...)...)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		remove()
		return "", nil, fmt.Errorf("build %v: %w\n%s", packages, err, out)
	}
	return dir, remove, nil
}
