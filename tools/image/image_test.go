package main

import (
	"archive/tar"
	"context"
	"crypto/x509"
	"debug/elf"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// The image as it is released, but for one platform: that of this machine's processor.
func TestImage_HoldsWhatThePodsStart(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "layout")
	digest, err := run(t.Context(), options{version: "v9.8.7", out: out, platforms: []string{"linux/" + runtime.GOARCH}})
	if err != nil {
		t.Fatal(err)
	}
	index := read(t, out)
	if got, err := index.Digest(); err != nil || got != digest {
		t.Errorf("digest %s, %v; run said %s", got, err, digest)
	}
	image := only(t, index)
	checkConfig(t, image)
	files := unpack(t, image)
	for _, p := range []string{"squirrly", "trigger", "collector", "analyzer", "notifier"} {
		f := files["usr/local/bin/"+p]
		if f.header == nil || f.header.Mode != 0o755 || f.header.Uid != 0 {
			t.Fatalf("%s: %+v", p, f.header)
		}
		file := filepath.Join(t.TempDir(), p)
		if err := os.WriteFile(file, f.body, 0o700); err != nil {
			t.Fatal(err)
		}
		checkProgram(t, file, p)
	}
	if tmp := files["tmp"]; tmp.header == nil || tmp.header.Mode != 0o1777 {
		t.Errorf("/tmp: %+v", tmp.header)
	}
	certs := files["etc/ssl/certs/ca-certificates.crt"].body
	if n := strings.Count(string(certs), "BEGIN CERTIFICATE"); n < 100 || !x509.NewCertPool().AppendCertsFromPEM(certs) {
		t.Errorf("%d certificates", n)
	}
	checkPush(t, out, digest)
}

func checkConfig(t *testing.T, image v1.Image) {
	t.Helper()
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	c := config.Config
	if c.User != "65532:65532" || c.Labels["org.opencontainers.image.version"] != "v9.8.7" || len(c.Entrypoint) != 0 ||
		!slices.Equal(c.Cmd, []string{"/usr/local/bin/squirrly", "version"}) {
		t.Errorf("configuration: %+v", c)
	}
	if config.OS != "linux" || config.Architecture != runtime.GOARCH {
		t.Errorf("platform %s/%s", config.OS, config.Architecture)
	}
}

// checkProgram looks whether a program needs anything that the image has not, and starts it where it can be started.
func checkProgram(t *testing.T, file, what string) {
	t.Helper()
	f, err := elf.Open(file)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	defer func() { _ = f.Close() }()
	if f.Section(".interp") != nil {
		t.Errorf("%s is linked to libraries", what)
	}
	if runtime.GOOS != "linux" || what != "squirrly" {
		return
	}
	said, err := exec.CommandContext(t.Context(), file, "version").CombinedOutput()
	if err != nil || !strings.Contains(string(said), "v9.8.7") {
		t.Errorf("%s version: %s, %v", what, said, err)
	}
}

// checkPush sends the layout to a registry, and asks there what it has.
func checkPush(t *testing.T, out string, digest v1.Hash) {
	t.Helper()
	srv := httptest.NewServer(registry.New(registry.Logger(slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo))))
	t.Cleanup(srv.Close)
	ref := strings.TrimPrefix(srv.URL, "http://") + "/squirrly:v9.8.7"
	if got, err := push(t.Context(), out, ref); err != nil || got != digest {
		t.Fatalf("pushed %s, %v", got, err)
	}
	at, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := remote.Head(at); err != nil || got.Digest != digest {
		t.Errorf("the registry has %+v, %v", got, err)
	}
	if _, err := push(t.Context(), out, "squirrly"); err == nil {
		t.Error("a name without a registry is taken")
	}
}

func read(t *testing.T, out string) v1.ImageIndex {
	t.Helper()
	index, err := layout.ImageIndexFromPath(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Fatal(err)
	}
	return index
}

func only(t *testing.T, index v1.ImageIndex) v1.Image {
	t.Helper()
	m, err := index.IndexManifest()
	if err != nil || len(m.Manifests) != 1 {
		t.Fatalf("%+v, %v", m, err)
	}
	image, err := index.Image(m.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

type packed struct {
	header *tar.Header
	body   []byte
}

func unpack(t *testing.T, image v1.Image) map[string]packed {
	t.Helper()
	flat := mutate.Extract(image)
	defer func() { _ = flat.Close() }()
	files := map[string]packed{}
	for r := tar.NewReader(flat); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimSuffix(h.Name, "/")] = packed{h, body}
	}
}

func TestImage_SameFilesAreTheSameImage(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "squirrly"), []byte("a program"), 0o600); err != nil {
		t.Fatal(err)
	}
	digests := map[v1.Hash]bool{}
	for _, arch := range []string{"amd64", "amd64", "arm64"} {
		image, err := assemble(v1.Platform{OS: "linux", Architecture: arch}, folder, "v1")
		if err != nil {
			t.Fatal(err)
		}
		d, err := image.Digest()
		if err != nil {
			t.Fatal(err)
		}
		digests[d] = true
	}
	if len(digests) != 2 {
		t.Errorf("%d images, want one for each architecture", len(digests))
	}
}

func TestRun_RefusesForeignFolderAndPlatforms(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "thesis.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := clear(folder); err == nil {
		t.Error("a folder with other files is cleared")
	}
	for _, p := range []string{"", "windows/amd64", "linux"} {
		if _, err := run(context.Background(), options{out: folder, platforms: []string{p}}); err == nil || !strings.Contains(err.Error(), "platform") {
			t.Errorf("platform %q: %v", p, err)
		}
	}
}
