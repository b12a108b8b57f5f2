package deploy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"squirrly.dev/test/e2e/parts"
)

// nightly applies the CronJob as the page says.
func (s *shell) nightly(t *testing.T) {
	commands, err := parts.Commands("Without any server")
	if err != nil {
		t.Fatal(err)
	}
	// The server runs no pods, so the reader is never ready.
	before, after, found := strings.Cut(commands, "kubectl -n flink wait")
	if !found {
		t.Fatal("the page does not wait for the reader")
	}
	_, after, _ = strings.Cut(after, "\n")
	for _, part := range []string{before, after} {
		if out, err := s.run(t.Context(), part); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	var cron batchv1.CronJob
	s.get(t, "flink", "cronjob squirrly-nightly", &cron)
	spec := cron.Spec.JobTemplate.Spec.Template.Spec
	if *cron.Spec.Suspend || spec.Containers[0].Image != image(t) ||
		env(spec.Containers[0], "FLINK_DEPLOYMENT_NAME") != "orders" {
		t.Errorf("suspended %t, image %s, profiles %s", *cron.Spec.Suspend, spec.Containers[0].Image, env(spec.Containers[0], "FLINK_DEPLOYMENT_NAME"))
	}
	var claim corev1.PersistentVolumeClaim
	s.get(t, "flink", "persistentvolumeclaim squirrly-nightly", &claim)
	var job batchv1.Job
	s.get(t, "flink", "job first", &job)
	if diff := cmp.Diff(spec, job.Spec.Template.Spec); diff != "" {
		t.Errorf("the first Job is not that of the night (-CronJob +Job):\n%s", diff)
	}
}
