// Command image builds the container image of Squirrly without a container engine: an OCI layout, a folder with one image for
// each platform, which `make push` sends to a registry. The image has the five binaries and certificates, and nothing else.
//
//	go run ./tools/image -version v1.0.0 -out bin/image
//	go run ./tools/image -out bin/image -push registry.example.com/squirrly:v1.0.0
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// packages are the binaries of the image.
var packages = []string{
	"squirrly.dev/cmd/squirrly", "squirrly.dev/services/trigger/cmd/trigger", "squirrly.dev/services/collector/cmd/collector",
	"squirrly.dev/services/analyzer/cmd/analyzer", "squirrly.dev/services/notifier/cmd/notifier",
}

func main() {
	var o options
	flag.StringVar(&o.version, "version", "dev", "version that binaries and labels say")
	flag.StringVar(&o.out, "out", "bin/image", "folder of the layout; what is there is replaced")
	platforms := flag.String("platforms", "linux/amd64,linux/arm64", "platforms, with commas between")
	ref := flag.String("push", "", "send the layout that is there to this `name` in a registry, and build nothing")
	flag.Parse()
	o.platforms = strings.Split(*platforms, ",")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	act, name := run, o.version
	if *ref != "" {
		act, name = func(ctx context.Context, o options) (v1.Hash, error) { return push(ctx, o.out, *ref) }, *ref
	}
	digest, err := act(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to stop
	}
	fmt.Printf("%s: %s, %s\n", o.out, name, digest)
}

type options struct {
	version, out string
	platforms    []string
}

// run builds the image of each platform, writes the layout, and returns the digest of its index.
func run(ctx context.Context, o options) (v1.Hash, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, name := range o.platforms {
		platform, err := v1.ParsePlatform(name)
		if err != nil || platform.OS != "linux" || platform.Architecture == "" {
			return v1.Hash{}, fmt.Errorf("platform %q: expected linux/ARCHITECTURE", name)
		}
		image, err := buildFor(ctx, *platform, o.version)
		if err != nil {
			return v1.Hash{}, err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: platform}})
	}
	if err := clear(o.out); err != nil {
		return v1.Hash{}, err
	}
	if _, err := layout.Write(o.out, index); err != nil {
		return v1.Hash{}, fmt.Errorf("write the layout: %w", err)
	}
	digest, err := index.Digest()
	if err != nil {
		return v1.Hash{}, fmt.Errorf("name the index: %w", err)
	}
	return digest, nil
}

// clear removes an earlier layout. A folder with anything else is refused.
func clear(out string) error {
	entries, err := os.ReadDir(out)
	if errors.Is(err, os.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if _, statErr := os.Stat(filepath.Join(out, "oci-layout")); err != nil || statErr != nil {
		return fmt.Errorf("%s is there, and no earlier layout", out)
	}
	if err := os.RemoveAll(out); err != nil {
		return fmt.Errorf("remove the earlier layout: %w", err)
	}
	return nil
}

// buildFor compiles the binaries for a platform and puts them into an image.
func buildFor(ctx context.Context, platform v1.Platform, version string) (v1.Image, error) {
	folder, err := os.MkdirTemp("", "squirrly-image-")
	if err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	args := append([]string{"build", "-trimpath", "-ldflags", "-s -w -X squirrly.dev/internal/daemon.version=" + version, "-o", folder + "/"}, packages...)
	c := exec.CommandContext(ctx, "go", args...)
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+platform.OS, "GOARCH="+platform.Architecture)
	c.Stderr = os.Stderr
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("build for %s: %w", platform.String(), err)
	}
	return assemble(platform, folder, version)
}
