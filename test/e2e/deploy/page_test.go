package deploy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	authv1 "k8s.io/api/authorization/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"squirrly.dev/test/e2e/parts"
)

// shell runs the commands of docs/kubernetes.md as its reader would: in order, in one folder, by the real kubectl on an API
// server that is new. What needs nodes (exec, logs, cp, port-forward) only has to name what is there; make, nats, curl
// and the programs of bin only have to be called as they can be.
type shell struct {
	dir, path string
	kube      *parts.Kube
}

// standIns are the commands on the PATH of the shell, by name.
const (
	kubectlStandIn = `#!/bin/sh
real="%s --kubeconfig=%s"
case " $* " in *" exec "*|*" logs "*|*" cp "*|*" port-forward "*) ;; *) exec $real "$@" ;; esac
ns= last= named=
for a; do
  [ "$last" != -n ] || ns=$a
  case $a in
  deployment/*|service/*) $real -n "$ns" get "$a" >/dev/null || exit 1; named=yes ;;
  squirrly-reader:*) $real -n "$ns" get pod "${a%%:*}" >/dev/null || exit 1; named=yes ;;
  esac
  last=$a
done
[ -n "$named" ] || { echo "kubectl $* names nothing" >&2; exit 1; }
`
	makeStandIn = "#!/bin/sh\nPATH='%s' exec make -s -n -C '%s' \"$@\" >/dev/null\n"
	idle        = "#!/bin/sh\n"
	ownStandIn  = "#!/bin/sh\ncase $1 in nats-users | policy) exec '%s' \"$@\" ;; esac\n" // the rest needs a server
)

func newShell(t *testing.T) *shell {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	kube, err := parts.StartKube(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kube.Stop)
	if err := kube.ApplyCRDs(ctx, crds()); err != nil {
		t.Fatal(err)
	}
	root, err := parts.Root()
	if err != nil {
		t.Fatal(err)
	}
	kubectl, err := parts.Kubectl()
	if err != nil {
		t.Fatal(err)
	}
	s := &shell{dir: t.TempDir(), path: t.TempDir(), kube: kube}
	for _, folder := range []string{"deploy", "scripts"} {
		if err := os.CopyFS(filepath.Join(s.dir, folder), os.DirFS(filepath.Join(root, folder))); err != nil {
			t.Fatal(err)
		}
	}
	client, err := kubernetes.NewForConfig(kube.Config)
	if err != nil {
		t.Fatal(err)
	}
	go playCluster(ctx, client)
	if err := os.Mkdir(filepath.Join(s.dir, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{
		filepath.Join(s.path, "kubectl"):        fmt.Sprintf(kubectlStandIn, kubectl, kube.Kubeconfig),
		filepath.Join(s.path, "make"):           fmt.Sprintf(makeStandIn, os.Getenv("PATH"), root),
		filepath.Join(s.path, "nats"):           idle,
		filepath.Join(s.path, "curl"):           idle,
		filepath.Join(s.dir, "bin", "squirrly"): fmt.Sprintf(ownStandIn, squirrly(t)),
	} {
		if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// squirrly builds the command line.
func squirrly(t *testing.T) string {
	t.Helper()
	dir, remove, err := parts.Build(t.Context(), "./cmd/squirrly")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(remove)
	return filepath.Join(dir, "squirrly")
}

// run runs commands, and returns what they print.
func (s *shell) run(ctx context.Context, commands string) (string, error) {
	c := exec.CommandContext(ctx, "sh", "-eu", "-c", commands)
	c.Dir = s.dir
	c.Env = []string{"PATH=" + s.path + string(filepath.ListSeparator) + os.Getenv("PATH"), "HOME=" + s.path}
	out, err := c.CombinedOutput()
	return string(out), err
}

// section runs the commands of a section of the page.
func (s *shell) section(t *testing.T, name string) {
	t.Helper()
	commands, err := parts.Commands(name)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := s.run(t.Context(), commands); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// playCluster writes down that Jobs are done and that Deployments are available, as controllers and nodes would, until ctx
// ends.
func playCluster(ctx context.Context, client kubernetes.Interface) {
	for ; ctx.Err() == nil; time.Sleep(200 * time.Millisecond) {
		jobs, err := client.BatchV1().Jobs("squirrly").List(ctx, metav1.ListOptions{})
		if err != nil {
			continue
		}
		for _, j := range jobs.Items {
			if j.Status.CompletionTime != nil {
				continue
			}
			now := metav1.Now()
			j.Status = batchv1.JobStatus{StartTime: &now, CompletionTime: &now, Succeeded: 1, Conditions: []batchv1.JobCondition{
				{Type: batchv1.JobSuccessCriteriaMet, Status: corev1.ConditionTrue}, {Type: batchv1.JobComplete, Status: corev1.ConditionTrue},
			}}
			_, _ = client.BatchV1().Jobs("squirrly").UpdateStatus(ctx, &j, metav1.UpdateOptions{}) // again in a moment
		}
		deployments, err := client.AppsV1().Deployments("squirrly").List(ctx, metav1.ListOptions{})
		if err != nil {
			continue
		}
		for _, d := range deployments.Items {
			n := *d.Spec.Replicas
			d.Status = appsv1.DeploymentStatus{
				ObservedGeneration: d.Generation, Replicas: n, UpdatedReplicas: n, ReadyReplicas: n, AvailableReplicas: n,
			}
			_, _ = client.AppsV1().Deployments("squirrly").UpdateStatus(ctx, &d, metav1.UpdateOptions{}) // again in a moment
		}
	}
}

// get reads an object by kubectl.
func (s *shell) get(t *testing.T, namespace, name string, into any) {
	t.Helper()
	out, err := s.run(t.Context(), "kubectl -n "+namespace+" get "+name+" -o json")
	if err == nil {
		err = json.Unmarshal([]byte(out), into)
	}
	if err != nil {
		t.Fatalf("get %s: %v\n%s", name, err, out)
	}
}

// images are those of all workloads of the namespace that run Squirrly.
func (s *shell) images(t *testing.T) []string {
	t.Helper()
	out, err := s.run(t.Context(), `kubectl -n squirrly get job,deployment `+
		`-o 'jsonpath={range .items[*]}{.spec.template.spec.containers[0].image}{"\n"}{end}'`)
	if err != nil {
		t.Fatalf("list images: %v\n%s", err, out)
	}
	return strings.Fields(out)
}

// image is what the page builds of this version.
func image(t *testing.T) string {
	t.Helper()
	root, err := parts.Root()
	if err != nil {
		t.Fatal(err)
	}
	version, err := os.ReadFile(filepath.Join(root, "VERSION"))
	if err != nil {
		t.Fatal(err)
	}
	return "registry.example.com/squirrly:" + strings.TrimSpace(string(version))
}

func TestPage_LeadsFromNothingToAnUpgrade(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	if out, err := s.run(t.Context(), "kubectl create namespace flink"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"1. The image", "2. Your overlay", "3. Namespace, Secrets, everything", "4. The first run", "TLS between services and NATS"} {
		s.section(t, name)
	}
	want := slices.Repeat([]string{image(t)}, 5)
	if diff := cmp.Diff(want, s.images(t)); diff != "" {
		t.Errorf("images (-want +got):\n%s", diff)
	}
	t.Run("policy", func(t *testing.T) { s.policy(t) })
	t.Run("nightly", func(t *testing.T) { s.nightly(t) })
	t.Run("upgrade", func(t *testing.T) { s.upgrade(t) })
}

// policy applies the component, and looks at the pod that the trigger becomes and at what its account may do.
func (s *shell) policy(t *testing.T) {
	s.section(t, "5. Keep jobs under watch")
	var config corev1.ConfigMap
	s.get(t, "squirrly", "configmap squirrly-policy", &config)
	if !strings.Contains(config.Data["policies.yaml"], "namespace: flink") {
		t.Errorf("policies: %q", config.Data)
	}
	var trigger appsv1.Deployment
	s.get(t, "squirrly", "deployment trigger", &trigger)
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "trigger", Namespace: "squirrly"}, Spec: trigger.Spec.Template.Spec}
	c := pod.Spec.Containers[0]
	mounted := slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool {
		return m.Name == "policy" && m.MountPath == filepath.Dir(env(c, "SQUIRRLY_POLICY")) && m.ReadOnly
	})
	if !mounted || filepath.Base(env(c, "SQUIRRLY_POLICY")) != "policies.yaml" {
		t.Errorf("policy %q with mounts %+v", env(c, "SQUIRRLY_POLICY"), c.VolumeMounts)
	}
	client, err := kubernetes.NewForConfig(s.kube.Config)
	if err != nil {
		t.Fatal(err)
	}
	if err := dryRunPod(t, client, pod); err != nil {
		t.Error(err)
	}
	for _, may := range []struct {
		a    *authv1.ResourceAttributes
		want bool
	}{
		{attributes("flink", "flink.apache.org", "flinkdeployments", "", "list"), true},
		{attributes("flink", "flink.apache.org", "flinkdeployments", "", "patch"), false},
		{attributes("squirrly", "", "configmaps", "", "get"), false},
		{attributes("squirrly", "", "secrets", "", "get"), false},
	} {
		got, err := reviewed(t.Context(), client, "trigger", may.a)
		if err != nil || got != may.want {
			t.Errorf("trigger may %s %s in %s: %t, %v; want %t", may.a.Verb, may.a.Resource, may.a.Namespace, got, err, may.want)
		}
	}
}

func (s *shell) upgrade(t *testing.T) {
	s.section(t, "Upgrade")
	want := slices.Repeat([]string{"registry.example.com/squirrly:v1.2.3"}, 5)
	if diff := cmp.Diff(want, s.images(t)); diff != "" {
		t.Errorf("images (-want +got):\n%s", diff)
	}
	// What the page says of a registry with a password.
	out, err := s.run(t.Context(), `cat >> mine/kustomization.yaml <<'EOF'
patches:
  - target: {kind: ServiceAccount}
    patch: |-
      - {op: add, path: /imagePullSecrets, value: [{name: registry}]}
EOF
kubectl apply -k mine`)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var account corev1.ServiceAccount
	s.get(t, "squirrly", "serviceaccount collector", &account)
	if diff := cmp.Diff([]corev1.LocalObjectReference{{Name: "registry"}}, account.ImagePullSecrets); diff != "" {
		t.Errorf("pull secrets (-want +got):\n%s", diff)
	}
}
