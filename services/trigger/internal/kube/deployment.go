package kube

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"

	"squirrly.dev/internal/flink"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/refusal"
)

// The custom resources of the Flink Kubernetes Operator.
var (
	deployments = schema.GroupVersionResource{Group: "flink.apache.org", Version: "v1beta1", Resource: "flinkdeployments"}
	sessionJobs = schema.GroupVersionResource{Group: "flink.apache.org", Version: "v1beta1", Resource: "flinksessionjobs"}
)

// defaultPort is the port of a JobManager's REST service.
const defaultPort = "8081"

// Deployment is a Flink cluster that is ready to be asked.
type Deployment struct {
	Namespace string
	Name      string
	Session   bool   // a session cluster, which may run several jobs
	JobID     string // of the job that the operator started; empty in a session cluster unless a FlinkSessionJob was named
	Port      string // of the REST service
}

// Find returns the FlinkDeployment of a name, or that of the FlinkSessionJob of that name. It is a refusal when there is
// none, when it may not be read, or when it is not ready; any other error may pass.
func (c Cluster) Find(ctx context.Context, namespace, name string) (Deployment, error) {
	if namespace == "" {
		namespace = c.Namespace
	}
	if namespace == "" {
		return Deployment{}, refusal.New(events.CodeInvalidRequest, "field target.namespace: expected the namespace of %s", name)
	}
	for _, part := range []string{namespace, name} {
		if len(validation.IsDNS1123Subdomain(part)) > 0 {
			return Deployment{}, refusal.New(events.CodeUnknownTarget, "%q is not a name in Kubernetes", part)
		}
	}
	object, err := c.get(ctx, deployments, namespace, name)
	if err != nil || object != nil {
		return readDeployment(object, err)
	}
	job, err := c.get(ctx, sessionJobs, namespace, name)
	if err != nil {
		return Deployment{}, err
	}
	if job == nil {
		return Deployment{}, refusal.New(events.CodeUnknownTarget,
			"there is no FlinkDeployment %s in namespace %s of cluster %s", name, namespace, c.Name)
	}
	return c.findSession(ctx, job)
}

// findSession returns the session cluster of a FlinkSessionJob.
func (c Cluster) findSession(ctx context.Context, job *unstructured.Unstructured) (Deployment, error) {
	if err := jobRunning("FlinkSessionJob", job); err != nil {
		return Deployment{}, err
	}
	name := text(job, "spec", "deploymentName")
	object, err := c.get(ctx, deployments, job.GetNamespace(), name)
	if err == nil && object == nil {
		err = refusal.New(events.CodeUnknownTarget, "there is no FlinkDeployment %s, which FlinkSessionJob %s names", name, job.GetName())
	}
	d, err := readDeployment(object, err)
	d.Session, d.JobID = true, text(job, "status", "jobStatus", "jobId")
	return d, err
}

// get returns nil when there is no such object.
func (c Cluster) get(ctx context.Context, kind schema.GroupVersionResource, namespace, name string) (*unstructured.Unstructured, error) {
	object, err := c.Client.Resource(kind).Namespace(namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case err == nil:
		return object, nil
	case apierrors.IsNotFound(err) && apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse):
		return nil, refusal.New(events.CodeUnknownTarget, "cluster %s knows no %s: is the Flink Kubernetes Operator installed?", c.Name, kind.Resource)
	case apierrors.IsNotFound(err):
		return nil, nil //nolint:nilnil // nothing there is an answer, not an error.
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
		return nil, refusal.New(events.CodeForbidden, "Squirrly may not read %s in namespace %s of cluster %s; its role has to allow that",
			kind.Resource, namespace, c.Name)
	}
	return nil, fmt.Errorf("get %s %s/%s in cluster %s: %w", kind.Resource, namespace, name, c.Name, err)
}

// goodLives are the lifecycle states in which the cluster is what its owner wants it to be. Old operators have none.
var goodLives = []string{"", "DEPLOYED", "STABLE", "ROLLED_BACK"}

// readDeployment takes what matters out of a FlinkDeployment, and refuses one that is not ready.
func readDeployment(object *unstructured.Unstructured, err error) (Deployment, error) {
	if err != nil {
		return Deployment{}, err
	}
	_, hasJob, _ := unstructured.NestedMap(object.Object, "spec", "job") // a wrong type is not a job
	d := Deployment{
		Namespace: object.GetNamespace(), Name: object.GetName(), Session: !hasJob,
		JobID: text(object, "status", "jobStatus", "jobId"), Port: restPort(object),
	}
	if d.Session {
		d.JobID = ""
	}
	if status := text(object, "status", "jobManagerDeploymentStatus"); status != "READY" {
		return d, notReady(object, "its JobManager is "+orNone(status))
	}
	if life := text(object, "status", "lifecycleState"); !slices.Contains(goodLives, life) {
		return d, notReady(object, "it is "+life)
	}
	if d.Session {
		return d, nil
	}
	return d, jobRunning("FlinkDeployment", object)
}

// jobRunning refuses a resource whose job does not run and is not about to run again.
func jobRunning(kind string, object *unstructured.Unstructured) error {
	switch state := text(object, "status", "jobStatus", "state"); state {
	case flink.JobRunning, flink.JobRestarting, flink.JobFailing:
		return nil // the JobManager knows what the job is now, and what it fails with
	case "FINISHED", "FAILED", "CANCELED", "SUSPENDED":
		return refusal.New(events.CodeNoRunningJob, "the job of %s %s is %s", kind, object.GetName(), state)
	default:
		return notReady(object, "its job is "+orNone(state))
	}
}

// notReady also tells what the operator says is wrong.
func notReady(object *unstructured.Unstructured, what string) error {
	const most = 200
	if problem := text(object, "status", "error"); problem != "" {
		what += "; the operator says: " + problem[:min(len(problem), most)]
	}
	return refusal.New(events.CodeTargetNotReady, "%s %s/%s is not ready: %s",
		object.GetKind(), object.GetNamespace(), object.GetName(), what)
}

func orNone(state string) string {
	if state == "" {
		return "not started"
	}
	return state
}

// restPort is the port that the configuration of the cluster sets; its keys may be nested or not.
func restPort(object *unstructured.Unstructured) string {
	for _, path := range [][]string{{"rest.port"}, {"rest", "port"}} {
		at := append([]string{"spec", "flinkConfiguration"}, path...)
		value, found, err := unstructured.NestedFieldNoCopy(object.Object, at...)
		if err != nil || !found {
			continue
		}
		port := fmt.Sprint(value)
		if n, err := strconv.ParseUint(port, 10, 16); err == nil && n > 0 {
			return port
		}
	}
	return defaultPort
}

// text is empty for a field that is missing or no text.
func text(object *unstructured.Unstructured, path ...string) string {
	s, _, _ := unstructured.NestedString(object.Object, path...)
	return s
}
