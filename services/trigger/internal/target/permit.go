package target

import (
	"strings"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/refusal"
)

// Permit is what the subject of a request allows to ask about. The zero value allows everything.
type Permit struct{ cluster, namespace, job string } // tokens

// PermitOf reads the subject on which a request came: the bare one or that of the background, or one that ends in cluster, namespace and job.
func PermitOf(subject string) (Permit, error) {
	if subject == events.SubjectRequested || subject == events.SubjectBackground {
		return Permit{}, nil
	}
	tokens := strings.Split(strings.TrimPrefix(subject, events.SubjectRequested+"."), ".")
	const parts = 3
	if len(tokens) != parts {
		return Permit{}, refusal.New(events.CodeInvalidRequest,
			"subject %s: expected %s.<cluster>.<namespace>.<job>", subject, events.SubjectRequested)
	}
	return Permit{tokens[0], tokens[1], tokens[2]}, nil
}

// Limited reports whether the permit allows one target only.
func (p Permit) Limited() bool { return p != Permit{} }

// Identity is what the permit names. It is that of a run only as far as the names are their own tokens.
func (p Permit) Identity() events.Identity {
	return events.Identity{Cluster: p.cluster, Namespace: p.namespace, Job: p.job}
}

// Target is the FlinkDeployment that the permit names, for a request without a target. In a session cluster the job
// is named behind two dashes, see [Permit.otherwise].
func (p Permit) Target() (events.Target, error) {
	for _, token := range []string{p.cluster, p.namespace, p.job} {
		if events.Token(token) != token || strings.Contains(token, "_") {
			return events.Target{}, refusal.New(events.CodeInvalidRequest,
				"field target: expected a target, since %q in the subject is not a name but made of one", token)
		}
	}
	return events.Target{Cluster: p.cluster, Namespace: p.namespace, Deployment: p.job}, nil
}

// otherwise reads the target that the permit names in the other possible way: deployment--job, in a session cluster.
func (p Permit) otherwise(t events.Target) (events.Target, bool) {
	deployment, job, ok := strings.Cut(p.job, "--")
	if !ok || t.Deployment != p.job || t.Job != "" {
		return t, false
	}
	t.Deployment, t.Job = deployment, job
	return t, true
}

// place refuses a cluster or namespace that the permit does not name, before anything is looked up there.
func (p Permit) place(cluster, namespace string) error {
	if p.Limited() && (events.Token(cluster) != p.cluster || events.Token(namespace) != p.namespace) {
		return p.refuse(cluster + "/" + namespace)
	}
	return nil
}

// deployment refuses a deployment that the permit cannot mean, whatever its jobs are.
func (p Permit) deployment(cluster, namespace, name string) error {
	if err := p.place(cluster, namespace); err != nil || !p.Limited() {
		return err
	}
	const shortened = 39 // a token that is longer was cut
	prefix := strings.ReplaceAll(name, ".", "_") + "--"
	if events.Token(name) != p.job && !strings.HasPrefix(p.job, prefix[:min(len(prefix), shortened)]) {
		return p.refuse(cluster + "/" + namespace + "/" + name)
	}
	return nil
}

// identity refuses everything but what the permit names.
func (p Permit) identity(id events.Identity) error {
	if p.Limited() && id.RequestSubject() != p.subject() {
		return p.refuse(id.String())
	}
	return nil
}

func (p Permit) subject() string {
	return strings.Join([]string{events.SubjectRequested, p.cluster, p.namespace, p.job}, ".")
}

func (p Permit) refuse(what string) error {
	return refusal.New(events.CodeForbidden, "a request on %s may not ask about %s", p.subject(), what)
}
