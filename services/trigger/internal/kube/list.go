package kube

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"squirrly.dev/internal/flink"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/refusal"
)

// Deployed is a FlinkDeployment as its operator describes it.
type Deployed struct {
	Namespace string
	Name      string
	Session   bool   // a session cluster, which may run several jobs
	Running   bool   // the job runs, and the cluster is what its owner wants it to be
	State     string // why it does not, for people
	Release   string // short name of what is deployed: it changes with the image and the spec, and not with the scale
}

// pageSize is how many objects one call of a list brings.
const pageSize = 500

// List returns the FlinkDeployments of a namespace that have all of some labels. It is a refusal when there is no such
// resource or when it may not be read; any other error may pass.
func (c Cluster) List(ctx context.Context, namespace string, with map[string]string) ([]Deployed, error) {
	var all []Deployed
	o := metav1.ListOptions{LabelSelector: labels.SelectorFromSet(with).String(), Limit: pageSize}
	for {
		page, err := c.Client.Resource(deployments).Namespace(namespace).List(ctx, o)
		if err != nil {
			return nil, c.notListed(namespace, err)
		}
		for i := range page.Items {
			all = append(all, readDeployed(&page.Items[i]))
		}
		if o.Continue = page.GetContinue(); o.Continue == "" {
			return all, nil
		}
	}
}

func (c Cluster) notListed(namespace string, err error) error {
	switch {
	case apierrors.IsNotFound(err):
		return refusal.New(events.CodeUnknownTarget, "cluster %s knows no %s: is the Flink Kubernetes Operator installed?", c.Name, deployments.Resource)
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
		return refusal.New(events.CodeForbidden, "Squirrly may not list %s in namespace %s of cluster %s; its role has to allow that",
			deployments.Resource, namespace, c.Name)
	}
	return fmt.Errorf("list %s in namespace %s of cluster %s: %w", deployments.Resource, namespace, c.Name, err)
}

func readDeployed(o *unstructured.Unstructured) Deployed {
	found := Deployed{Namespace: o.GetNamespace(), Name: o.GetName(), Release: release(o)}
	d, err := readDeployment(o, nil)
	found.Session = d.Session
	state := text(o, "status", "jobStatus", "state")
	switch {
	case err != nil:
		found.State = err.Error()
	case !d.Session && state != flink.JobRunning:
		found.State = "its job is " + orNone(state)
	default:
		found.Running = true
	}
	return found
}

// release names what a deployment runs: the tag of its image and a hash of the spec that the operator has put in place
// last, or of the generation where it says none.
func release(o *unstructured.Unstructured) string {
	spec := text(o, "status", "reconciliationStatus", "lastReconciledSpec")
	content, image, err := withoutScale(spec)
	if err != nil {
		generation, _, _ := unstructured.NestedInt64(o.Object, "status", "observedGeneration")
		image = text(o, "spec", "image")
		content = []byte(fmt.Sprintf("%s\n%s\n%d", spec, image, generation))
	}
	sum := sha256.Sum256(content)
	const digits = 8
	id := hex.EncodeToString(sum[:])[:digits]
	if _, tag, ok := strings.Cut(image[strings.LastIndex(image, "/")+1:], ":"); ok {
		const most = 40 // a digest is long
		return tag[:min(len(tag), most)] + "-" + id
	}
	return id
}

var errNoSpec = errors.New("the operator has put no spec in place")

// withoutScale is the canonical form of a spec without what only moves or scales a job, and its image.
func withoutScale(spec string) ([]byte, string, error) {
	var doc map[string]any
	if err := json.Unmarshal([]byte(spec), &doc); err != nil || len(doc) == 0 {
		return nil, "", errors.Join(errNoSpec, err)
	}
	if inner, ok := doc["spec"].(map[string]any); ok {
		doc = inner
	}
	delete(doc, "restartNonce")
	for _, at := range []string{"taskManager", "jobManager"} {
		if part, ok := doc[at].(map[string]any); ok {
			delete(part, "replicas")
		}
	}
	if job, ok := doc["job"].(map[string]any); ok {
		for _, field := range []string{
			"parallelism", "state", "savepointTriggerNonce", "checkpointTriggerNonce", "savepointRedeployNonce",
			"initialSavepointPath", "upgradeMode",
		} {
			delete(job, field)
		}
	}
	if config, ok := doc["flinkConfiguration"].(map[string]any); ok {
		delete(config, "parallelism.default")
		delete(config, "pipeline.jobvertex-parallelism-overrides") // the autoscaler writes it
	}
	image, _ := doc["image"].(string) // without one it is empty
	b, err := json.Marshal(doc)       // with its keys in order
	if err != nil {
		return nil, "", fmt.Errorf("spec of the operator: %w", err)
	}
	return b, image, nil
}
