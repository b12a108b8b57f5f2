package parts_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"squirrly.dev/test/e2e/parts"
)

func TestMinIO_KeepsAnObject(t *testing.T) {
	t.Parallel()
	m, err := parts.StartMinIO(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Stop)
	c, err := minio.New(strings.TrimPrefix(m.Endpoint, "http://"),
		&minio.Options{Creds: credentials.NewStaticV4(m.AccessKey, m.SecretKey, "")})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.MakeBucket(t.Context(), "bucket", minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	body := []byte("a nut")
	if _, err := c.PutObject(t.Context(), "bucket", "key", bytes.NewReader(body), int64(len(body)), minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	o, err := c.GetObject(t.Context(), "bucket", "key", minio.GetObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(o)
	if err != nil || !bytes.Equal(got, body) {
		t.Fatalf("got %q, %v", got, err)
	}
}

func TestKube_ServesThePinnedVersion(t *testing.T) {
	t.Parallel()
	k, err := parts.StartKube(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Stop)
	conf, err := clientcmd.BuildConfigFromFlags("", k.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	c, err := kubernetes.NewForConfig(conf)
	if err != nil {
		t.Fatal(err)
	}
	v, err := c.Discovery().ServerVersion()
	if err != nil || !strings.HasPrefix(v.GitVersion, "v1.") || v.Major != "1" {
		t.Fatalf("version %v, %v", v, err)
	}
	if _, err := c.CoreV1().Namespaces().Get(t.Context(), "default", metav1.GetOptions{}); err != nil {
		t.Fatal(err)
	}
}

func TestStart_NamesTheMakeTargetWhenAProgramIsMissing(t *testing.T) {
	root := t.TempDir()
	copyPins(t, root)
	t.Chdir(root)
	_, err := parts.StartMinIO(t.Context(), t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "make parts") {
		t.Fatalf("got %v", err)
	}
}

// copyPins makes a repository that pins the programs and has built none.
func copyPins(t *testing.T, root string) {
	t.Helper()
	from, err := parts.Root()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "go.work"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(root, "tools", "parts"), os.DirFS(filepath.Join(from, "tools", "parts"))); err != nil {
		t.Fatal(err)
	}
}
