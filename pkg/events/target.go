package events

import (
	"net/url"
	"regexp"
	"strings"
)

// Target is what to profile: a FlinkDeployment by name, or a JobManager by its REST URL.
type Target struct {
	Cluster    string `json:"cluster,omitempty"`    // kube context; empty is the server's own cluster
	Namespace  string `json:"namespace,omitempty"`  // of the FlinkDeployment
	Deployment string `json:"deployment,omitempty"` // name of the FlinkDeployment
	URL        string `json:"url,omitempty"`        // REST URL of a JobManager, instead of the three above
	Job        string `json:"job,omitempty"`        // id or name of the Flink job; empty is the only running one
}

// hostPort is an address without a scheme.
var hostPort = regexp.MustCompile(`^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}(/.*)?$`)

// Canonical reads the URL as people type and copy it: host:port is http, and a page of Flink's web UI, such as
// http://host:8081/#/job/running/<id>/overview, is the REST URL and, unless a job is named, the job. Any other target, also
// one that is not valid, stays as it is.
func (t Target) Canonical() Target {
	if hostPort.MatchString(t.URL) {
		t.URL = "http://" + t.URL
	}
	u, err := url.Parse(t.URL)
	if err != nil || !strings.HasPrefix(u.Fragment, "/") {
		return t
	}
	if id := jobOfPage(u.Fragment); t.Job == "" {
		t.Job = id
	}
	u.Fragment, u.RawFragment = "", ""
	u = &url.URL{Scheme: u.Scheme, User: u.User, Host: u.Host, RawQuery: u.RawQuery, Path: strings.TrimRight(strings.TrimSuffix(u.Path, "/index.html"), "/")}
	t.URL = u.String()
	return t
}

// jobOfPage is the job id in the fragment of a page of the web UI, or nothing: /job/running/<id>/overview today,
// /jobs/<id> before Flink 1.10.
func jobOfPage(fragment string) string {
	parts := strings.Split(strings.TrimPrefix(fragment, "/"), "/")
	if parts[0] != "job" && parts[0] != "jobs" {
		return ""
	}
	for _, part := range parts[1:] {
		if id := strings.ToLower(part); jobID.MatchString(id) {
			return id
		}
	}
	return ""
}

var jobID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// Validate checks that the target names exactly one thing.
func (t Target) Validate() error {
	switch {
	case t.URL == "" && t.Deployment == "":
		return field("target", "a url, or a deployment with its namespace", "")
	case t.URL != "" && t.Deployment != "":
		return field("target", "either a url or a deployment, not both", "")
	case len(t.Job) > maxJobName:
		return field("target.job", "at most 1024 bytes", t.Job)
	}
	for name, v := range map[string]string{"cluster": t.Cluster, "namespace": t.Namespace, "deployment": t.Deployment} {
		if len(v) > maxName {
			return field("target."+name, "at most 253 bytes", v)
		}
	}
	if t.URL != "" {
		return validateURL(t.URL)
	}
	for name, v := range map[string]string{"namespace": t.Namespace, "deployment": t.Deployment} {
		if strings.ContainsAny(v, "@:/ \t\r\n") { // perhaps an address with a password, which is not repeated
			return field("target."+name, "a name of Kubernetes (an address goes into target.url)", "")
		}
	}
	return nil
}

// validateURL never repeats the URL: it may hold a password.
func validateURL(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err == nil && u.User != nil:
		return field("target.url", "a URL without user and password (they go into the file of SQUIRRLY_FLINK_ACCESS)", "")
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return field("target.url", "an http or https URL", "")
	case u.RawQuery != "" || u.Fragment != "":
		return field("target.url", "a URL without query and fragment", "")
	}
	return nil
}
