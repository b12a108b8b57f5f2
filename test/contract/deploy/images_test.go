package deploy_test

import (
	"path/filepath"
	"regexp"
	"testing"
)

// root is the folder of the repository.
var root = filepath.Join("..", "..", "..")

// pinned is an image with a full version or a digest.
var pinned = regexp.MustCompile(`^[^:@]+(:(v?\d+\.\d+\.\d+[-.\w]*|RELEASE\.[-\w]+)|:[-.\w]+@sha256:[0-9a-f]{64})$`)

func TestPinned(t *testing.T) {
	t.Parallel()
	for image, want := range map[string]bool{
		"nats:2.15.2-alpine": true,
		"quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z":  true,
		"ghcr.io/squirrly-dev/squirrly:v0.1.0":              true,
		"golang":                                            false,
		"golang:latest":                                     false,
		"golang:1.26":                                       false,
		"gcr.io/distroless/static-debian13:nonroot":         false,
		"gcr.io/distroless/static-debian13:nonroot@sha256:": false,
	} {
		if got := pinned.MatchString(image); got != want {
			t.Errorf("%s is pinned: %t, want %t", image, got, want)
		}
	}
}
