// Package stores_test runs the artifact store against every server that it is made for, and kills the servers and the
// writers in between. What a put has reported done is read back afterwards, all of it.
package stores_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/artifact/artifacttest"
	"squirrly.dev/test/e2e/parts"
)

var puts = flag.Int("puts", 60, "objects that are put in each store while servers and writers are killed")

// A process of this test is the test itself, or a child in one of these roles.
const roleVariable, roleNode, roleWriter = "SQUIRRLY_TEST_ROLE", "node", "writer"

func TestMain(m *testing.M) {
	role := os.Getenv(roleVariable)
	if role == "" {
		os.Exit(m.Run())
	}
	if err := map[string]func(context.Context) error{roleNode: serveNode, roleWriter: write}[role](context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func TestStore_MinIO(t *testing.T)     { artifacttest.Store(t, openS3(t, parts.StartMinIO)) }
func TestStore_VersityGW(t *testing.T) { artifacttest.Store(t, openS3(t, parts.StartVersityGW)) }

type startS3 func(ctx context.Context, dir string) (*parts.S3, error)

func openS3(t *testing.T, start startS3) *artifact.Store {
	t.Helper()
	srv, err := start(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.Stop)
	store, err := access{S3: config(srv)}.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := store.EnsureBucket(t.Context()); err != nil && !errors.Is(err, artifact.ErrNoExpiry) {
		t.Fatal(err)
	}
	return store
}
