// Package target finds the one running Flink job that a request means, and whether it can be profiled: by the REST URL
// of a JobManager within the allow-list, or by the name of a FlinkDeployment. It starts no profile and knows no run.
package target

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/reach"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/kube"
	"squirrly.dev/services/trigger/internal/refusal"
)

// DefaultRestTemplate is where the operator puts the REST service of a FlinkDeployment.
const DefaultRestTemplate = "http://{name}-rest.{namespace}:{port}"

// Clusters opens Kubernetes clusters by name: *kube.Clusters.
type Clusters interface {
	Open(name string) (kube.Cluster, error)
}

// Resolver finds targets. It is safe for concurrent use.
type Resolver struct {
	Cluster      string         // name of the own cluster, for targets by URL
	Clusters     Clusters       // for targets by name
	Namespaces   []string       // in which deployments may be asked for; empty is all
	RestTemplate string         // URL of a deployment, with {cluster}, {namespace}, {name} and {port}
	Flink        *access.Access // the way to the JobManagers
	Patience     time.Duration  // how long a target that does not answer is tried
}

// Found is a job that runs or may run again, and can be profiled then. Beside an error it holds what is known.
type Found struct {
	Identity    events.Identity
	RestURL     string
	JobID       string
	JobName     string
	MaxDuration time.Duration // that the cluster allows for one profile; 0 is unknown
	Shared      bool          // another request asked meanwhile
}

// place is a Flink cluster, before it was asked for its jobs.
type place struct {
	id      events.Identity // Job is empty where only the job's name tells it
	url     string
	host    string // that may be asked because Kubernetes named it; empty for a URL of the requester
	jobID   string // that must run there, if known
	session bool   // the identity is that of the deployment and of the job
}

// Resolve finds the job of a target that the permit allows. It is a refusal, or an error that may pass.
func (r *Resolver) Resolve(ctx context.Context, t events.Target, permit Permit) (Found, error) {
	p, err := r.locate(ctx, t, permit)
	if other, ok := permit.otherwise(t); ok && code(err) == events.CodeUnknownTarget {
		t = other
		p, err = r.locate(ctx, t, permit)
	}
	if err != nil {
		return Found{Identity: p.id}, err
	}
	found, err := r.ask(ctx, p, t.Job)
	if err != nil {
		return found, err
	}
	return found, permit.identity(found.Identity)
}

// code is the reason of a refusal, empty for any other error.
func code(err error) events.Code {
	if r, ok := errors.AsType[*refusal.Error](err); ok {
		return r.Code
	}
	return ""
}

func (r *Resolver) locate(ctx context.Context, t events.Target, permit Permit) (place, error) {
	if t.URL != "" {
		return r.byURL(t, permit)
	}
	var p place
	err := r.patiently(ctx, func(ctx context.Context) error {
		var err error
		p, err = r.byName(ctx, t, permit)
		return err
	})
	return p, err
}

// byURL places a target by its REST URL. Nothing is resolved or dialled here; the guard sees to that again later.
func (r *Resolver) byURL(t events.Target, permit Permit) (place, error) {
	u, err := url.Parse(t.URL)
	if err != nil {
		return place{}, refusal.New(events.CodeInvalidRequest, "field target.url: expected an http or https URL")
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	p := place{id: events.Identity{Cluster: r.Cluster, Namespace: u.Hostname() + "-" + port}, url: t.URL}
	switch {
	case t.Cluster != "" && t.Cluster != p.id.Cluster:
		return p, refusal.New(events.CodeInvalidRequest, "field target.cluster: expected none beside a url, got %q", t.Cluster)
	case t.Namespace != "" && t.Namespace != p.id.Namespace:
		return p, refusal.New(events.CodeInvalidRequest, "field target.namespace: expected none beside a url, got %q", t.Namespace)
	}
	if err := permit.place(p.id.Cluster, p.id.Namespace); err != nil {
		return p, err
	}
	if err := r.Flink.Guard().CheckURL(t.URL); err != nil {
		return p, refusal.New(events.CodeForbidden, "%w", err)
	}
	return p, nil
}

// byName places a target by the name of its FlinkDeployment.
func (r *Resolver) byName(ctx context.Context, t events.Target, permit Permit) (place, error) {
	asked := place{id: events.Identity{Cluster: t.Cluster, Namespace: t.Namespace, Job: t.Deployment}}
	if t.Cluster != "" && t.Namespace != "" {
		if err := permit.deployment(t.Cluster, t.Namespace, t.Deployment); err != nil {
			return asked, err
		}
	}
	cluster, err := r.Clusters.Open(t.Cluster)
	if err != nil {
		return asked, err
	}
	if t.Namespace == "" {
		t.Namespace = cluster.Namespace
	}
	p := place{id: events.Identity{Cluster: cluster.Name, Namespace: t.Namespace, Job: t.Deployment}}
	if len(r.Namespaces) > 0 && !slices.Contains(r.Namespaces, t.Namespace) {
		return p, refusal.New(events.CodeForbidden, "namespace %q is not among those of this server", t.Namespace)
	}
	if err := permit.deployment(cluster.Name, t.Namespace, t.Deployment); err != nil {
		return p, err
	}
	d, err := cluster.Find(ctx, t.Namespace, t.Deployment)
	if err != nil {
		return p, err
	}
	p.id.Job, p.session, p.jobID = d.Name, d.Session, d.JobID
	p.url = strings.NewReplacer(
		"{cluster}", cluster.Name, "{namespace}", d.Namespace, "{name}", d.Name, "{port}", d.Port,
	).Replace(r.RestTemplate)
	u, err := url.Parse(p.url)
	if err != nil {
		return p, refusal.New(events.CodeInternal, "the REST template of this server gives no URL for %s", p.id)
	}
	p.host = u.Hostname() // the name comes from Kubernetes, and the rest from this server
	return p, nil
}

// patiently calls try again while it fails in a way that may pass, for as long as there is patience and time. In the
// end it refuses: whoever asked should know, and may ask again. Time in which this process did not run is no patience
// had with the target: a try ends when the patience does, so that one which ends much later was asleep.
func (r *Resolver) patiently(ctx context.Context, try func(context.Context) error) error {
	const first, most, asleep = 100 * time.Millisecond, time.Second, time.Second
	end := r.impatient(ctx)
	var last error // before the time was over, since that says less
	for pause := first; time.Now().Before(end); pause = min(2*pause, most) {
		limited, cancel := context.WithDeadline(ctx, end)
		err := try(limited)
		over := limited.Err() != nil
		if err == nil || refusal.Is(err) || ctx.Err() != nil {
			cancel()
			return err
		}
		if last == nil || !over {
			last = err
		}
		select {
		case <-time.After(pause):
		case <-limited.Done():
		}
		cancel()
		if time.Since(end) > asleep {
			end, last = r.impatient(ctx), nil
		}
	}
	if ctx.Err() != nil || last == nil {
		return fmt.Errorf("ask the target: %w", cmp.Or(ctx.Err(), context.DeadlineExceeded))
	}
	why, known := reach.Code(last)
	if !known {
		why = events.CodeUnreachable
	}
	return refusal.New(why, "%w", last)
}

// impatient returns when the patience with a target ends that is asked from now on.
func (r *Resolver) impatient(ctx context.Context) time.Time {
	patience := r.Patience
	if deadline, ok := ctx.Deadline(); ok {
		const share = 2 // of the time that is left; the rest is for the answer
		patience = min(patience, time.Until(deadline)/share)
	}
	return time.Now().Add(patience)
}
