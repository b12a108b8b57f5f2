package deploy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pin is a version that a file of the repository fixes: the first group of the pattern.
type pin struct{ file, pattern string }

func (p pin) version(t *testing.T) string {
	t.Helper()
	m := regexp.MustCompile(p.pattern).FindStringSubmatch(read(t, p.file))
	if m == nil {
		t.Fatalf("%s has nothing like %s", p.file, p.pattern)
	}
	return m[1]
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The table of versions says what the tests start and what the manifests name.
func TestVersions_AreThoseOfTheTestsAndManifests(t *testing.T) {
	t.Parallel()
	row := func(cells ...string) string { return strings.TrimSpace("| " + strings.Join(cells, " | ") + " |") }
	v := func(file, pattern string) string { return pin{file, pattern}.version(t) }
	parts := "tools/parts/"
	minio := v(parts+"minio/go.mod", `minio/minio v0\.0\.0-(\d{8})`)
	flink := v("internal/flink/flinktest/cluster.go", `DefaultVersion = "(.+)"`)
	sample := v("Dockerfile", `FROM flink:([\d.]+)-`)
	jdk := v("Dockerfile", `FROM flink:\S+-java(\d+)`)
	for _, want := range []string{
		row("Flink", flink+", "+v("test/e2e/chain/flink_test.go", `newest = "(.+)"`), sample+" (sample job)"),
		row("JDK", v("README.md", `needs Go 1\.\d+, JDK (\d+)`), jdk+" (sample job)"),
		"| Kubernetes API server | " + v(parts+"kube/go.mod", `k8s\.io/kubernetes v(\S+)`) + " | |",
		row("Flink operator", "custom resources as in [flink.yaml](../test/e2e/testdata/crds/flink.yaml)",
			v("scripts/deploy.sh", `OPERATOR_VERSION=(\S+)`)+" (`scripts/deploy.sh`)"),
		row("NATS server", v(parts+"nats-server/go.mod", `nats-server/v2 v(\S+)`), v("deploy/k8s/base/nats/nats.yaml", `image: nats:([\d.]+)`)),
		"| nats command line | " + v(parts+"nats/go.mod", `natscli v(\S+)`) + " | |",
		row("MinIO", minio[:4]+"-"+minio[4:6]+"-"+minio[6:], v("deploy/k8s/base/minio/minio.yaml", `image: quay.io/minio/minio:(\S+)`)),
		"| Versity S3 gateway | " + v(parts+"versitygw/go.mod", `versitygw v(\S+)`) + " | |",
		row("Go", v("go.work", `go (1\.\d+)`), v("Dockerfile", `golang:([\d.]+)-`)),
	} {
		if !strings.Contains(read(t, "docs/kubernetes.md"), want+"\n") {
			t.Errorf("docs/kubernetes.md lacks %s", want)
		}
	}
}

// Sizes on the page are those of the manifests.
func TestSizes_AreThoseOfTheManifests(t *testing.T) {
	t.Parallel()
	page := read(t, "docs/kubernetes.md")
	bounds := regexp.MustCompile(`requests: \{cpu: (\S+), memory: (\S+)\}\s+limits: \{memory: (\S+)\}`)
	for name, file := range map[string]string{
		"trigger": "base/trigger/trigger.yaml", "collector": "base/collector/collector.yaml", "analyzer": "base/analyzer/analyzer.yaml",
		"notifier": "base/notifier/notifier.yaml", "nats": "base/nats/nats.yaml", "minio": "base/minio/minio.yaml",
		"one-shot": "oneshot/cronjob.yaml",
	} {
		m := bounds.FindStringSubmatch(read(t, "deploy/k8s/"+file))
		if m == nil {
			t.Fatalf("%s bounds nothing", file)
		}
		if want := "| " + name + " | " + strings.Join(m[1:], " | ") + " |"; !strings.Contains(page, want) {
			t.Errorf("docs/kubernetes.md lacks %s", want)
		}
	}
}

// Names that the manifests use without a built-in one: what a user must set is in each overlay.
func TestStore_RegionFitsTheEndpoint(t *testing.T) {
	t.Parallel()
	prod := read(t, "deploy/k8s/overlays/prod/kustomization.yaml")
	endpoint := pin{"deploy/k8s/overlays/prod/kustomization.yaml", `SQUIRRLY_S3_ENDPOINT=https://s3\.(\S+)\.amazonaws\.com`}.version(t)
	if !strings.Contains(prod, "SQUIRRLY_S3_REGION="+endpoint+"\n") || !strings.Contains(prod, "SQUIRRLY_S3_BUCKET=") {
		t.Errorf("overlays/prod has the endpoint of %s, and another region or no bucket", endpoint)
	}
}
