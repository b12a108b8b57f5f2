package cli

import (
	"regexp"
	"strings"

	"squirrly.dev/pkg/events"
)

// kubeName is what names in Kubernetes look like.
var kubeName = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`)

const whatInstead = "give --flink-user NAME and --flink-password-file FILE, or --flink-token-file FILE"

// target reads what people type and copy: a REST URL, a page of Flink's web UI, host:port, or [NAMESPACE/]DEPLOYMENT. An
// error never repeats what may hold a password.
func (r *requestFlags) target(s string) (events.Target, error) {
	s = strings.TrimSpace(s)
	_, rest, isURL := strings.Cut(s, "://")
	if !isURL {
		rest = s
	}
	if authority, _, _ := strings.Cut(rest, "/"); strings.Contains(authority, "@") {
		return events.Target{}, usage("the target holds a user or a password, which would be stored with the run: %s", whatInstead)
	}
	t := events.Target{URL: s, Job: r.job}.Canonical()
	if isURL || t.URL != s {
		t.URL = strings.TrimRight(t.URL, "/")
		return t, nil
	}
	ns := first(r.namespace, env("SQUIRRLY_NAMESPACE", "NAMESPACE"), "default")
	if before, after, ok := strings.Cut(s, "/"); ok {
		ns, s = before, after
	}
	if !kubeName.MatchString(ns) || !kubeName.MatchString(s) {
		return events.Target{}, usage("target: expected the REST URL of a JobManager, such as http://localhost:8081, or a " +
			"FlinkDeployment as [NAMESPACE/]NAME")
	}
	return events.Target{Cluster: r.cluster, Namespace: ns, Deployment: s, Job: r.job}, nil
}
