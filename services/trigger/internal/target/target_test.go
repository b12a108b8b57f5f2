package target_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/fake"

	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/kube"
	"squirrly.dev/services/trigger/internal/refusal"
	"squirrly.dev/services/trigger/internal/target"
)

// clusters has one cluster: prod.
type clusters struct{ kube.Cluster }

func (c clusters) Open(name string) (kube.Cluster, error) {
	if name != "" && name != c.Name {
		return kube.Cluster{}, refusal.New(events.CodeUnknownTarget, "cluster %q is not known here", name)
	}
	return c.Cluster, nil
}

// deployment is a FlinkDeployment; without a job id it is a session cluster.
func deployment(name, jobID string) runtime.Object {
	spec, status := map[string]any{}, map[string]any{"jobManagerDeploymentStatus": "READY", "lifecycleState": "STABLE"}
	if jobID != "" {
		spec["job"] = map[string]any{}
		status["jobStatus"] = map[string]any{"jobId": jobID, "state": "RUNNING"}
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "flink.apache.org/v1beta1", "kind": "FlinkDeployment",
		"metadata": map[string]any{"name": name, "namespace": "flink"}, "spec": spec, "status": status,
	}}
}

func sessionJob(name, deployment, jobID string) runtime.Object {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "flink.apache.org/v1beta1", "kind": "FlinkSessionJob",
		"metadata": map[string]any{"name": name, "namespace": "flink"},
		"spec":     map[string]any{"deploymentName": deployment},
		"status":   map[string]any{"jobStatus": map[string]any{"jobId": jobID, "state": "RUNNING"}},
	}}
}

func open(t *testing.T, cfg access.Config) *access.Access {
	t.Helper()
	way, err := access.Open(cfg, access.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return way
}

// resolver finds the given objects in Kubernetes, and their REST service at the URL.
func resolver(t *testing.T, rest string, objects ...runtime.Object) *target.Resolver {
	t.Helper()
	group := schema.GroupVersion{Group: "flink.apache.org", Version: "v1beta1"}
	client := fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{
		group.WithResource("flinkdeployments"): "FlinkDeploymentList",
		group.WithResource("flinksessionjobs"): "FlinkSessionJobList",
	}, objects...)
	return &target.Resolver{
		Cluster: "local", Clusters: clusters{kube.Cluster{Name: "prod", Namespace: "flink", Client: client}},
		RestTemplate: rest, Flink: open(t, access.Config{Local: true}), Patience: 300 * time.Millisecond,
	}
}

// replay serves a recorded Flink.
func replay(t *testing.T, version string, s flinktest.Script) string {
	t.Helper()
	r, err := flinktest.NewReplay(version)
	if err != nil {
		t.Fatal(err)
	}
	r.Play(s)
	return serve(t, r)
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

type job struct {
	ID    string `json:"jid"`
	Name  string `json:"name"`
	State string `json:"state"`
}

// jobManager answers what a request needs to know.
type jobManager struct {
	version string
	jobs    []job
	config  map[string]string
}

var enabled = map[string]string{"rest.profiling.enabled": "true"}

func (j jobManager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body any
	switch r.URL.Path {
	case "/overview":
		body = map[string]any{"flink-version": j.version}
	case "/jobs/overview":
		body = map[string]any{"jobs": j.jobs}
	case "/jobmanager/config":
		list := []map[string]string{}
		for k, v := range j.config {
			list = append(list, map[string]string{"key": k, "value": v})
		}
		body = list
	case "/jobs/aa/exceptions", "/jobs/bb/exceptions":
		body = map[string]any{"exceptionHistory": map[string]any{"entries": []any{map[string]any{
			"exceptionName": "java.lang.ArithmeticException", "taskName": "map (1/2) - execution #7", "timestamp": 1767323045000,
			"stacktrace": "java.lang.ArithmeticException: / by zero, password=hunter2\n\tat a.B.c(B.java:1)\n",
		}}}}
	default:
		http.NotFound(w, r)
		return
	}
	_ = json.NewEncoder(w).Encode(body)
}

func namespaceOf(t *testing.T, raw string) string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u.Hostname() + "-" + u.Port()
}

func TestResolve_URL(t *testing.T) {
	for _, version := range []string{"1.20.5", "2.3.0"} {
		rest := replay(t, version, flinktest.Script{})
		for _, wanted := range []string{"", "squirrly-sample", flinktest.RecordedJobID, strings.ToUpper(flinktest.RecordedJobID)} {
			got, err := resolver(t, "").Resolve(t.Context(), events.Target{URL: rest, Job: wanted}, target.Permit{})
			want := target.Found{
				Identity: events.Identity{Cluster: "local", Namespace: namespaceOf(t, rest), Job: "squirrly-sample"},
				RestURL:  rest, JobID: flinktest.RecordedJobID, JobName: "squirrly-sample", MaxDuration: 5 * time.Minute,
			}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%s, job %q: %v\n%s", version, wanted, err, diff)
			}
		}
	}
}

// A job that does not run and may run again is found as well, and waited for by whoever profiles it.
func TestResolve_NotYetRunning(t *testing.T) {
	for _, state := range []string{"INITIALIZING", "CREATED", "RESTARTING", "FAILING", "RECONCILING"} {
		rest := serve(t, jobManager{"2.3.0", []job{{"aa", "Orders", state}, {"bb", "Old", "FINISHED"}}, enabled})
		for _, wanted := range []string{"", "Orders", "aa"} {
			got, err := resolver(t, "").Resolve(t.Context(), events.Target{URL: rest, Job: wanted}, target.Permit{})
			if err != nil || got.JobID != "aa" || got.JobName != "Orders" {
				t.Errorf("%s, job %q: %+v, %v", state, wanted, got, err)
			}
		}
	}
}

// One job that runs is meant, whatever the others do.
func TestResolve_BesideRestartingJobs(t *testing.T) {
	rest := serve(t, jobManager{"2.3.0", []job{{"aa", "Orders", "RESTARTING"}, {"bb", "Billing", "RUNNING"}, {"cc", "Old", "FAILED"}}, enabled})
	got, err := resolver(t, "").Resolve(t.Context(), events.Target{URL: rest}, target.Permit{})
	if err != nil || got.JobID != "bb" {
		t.Errorf("found %+v, %v", got, err)
	}
}

// The identity of a job does not depend on how it was named.
func TestResolve_Deployment(t *testing.T) {
	rest := serve(t, jobManager{"2.3.0", []job{{"aa", "Orders", "RUNNING"}, {"bb", "Billing", "RUNNING"}, {"cc", "Old", "FINISHED"}}, enabled})
	r := resolver(t, rest, deployment("orders", "aa"), deployment("moved", "99"), deployment("shared", ""),
		sessionJob("billing", "shared", "bb"), sessionJob("vanished", "shared", "dd"))
	for name, c := range map[string]struct {
		target events.Target
		job    string
		id     string
	}{
		"application":           {events.Target{Cluster: "prod", Namespace: "flink", Deployment: "orders"}, "orders", "aa"},
		"defaults":              {events.Target{Deployment: "orders"}, "orders", "aa"},
		"session, job by name":  {events.Target{Deployment: "shared", Job: "Billing"}, "shared--Billing", "bb"},
		"session, job by id":    {events.Target{Deployment: "shared", Job: "bb"}, "shared--Billing", "bb"},
		"by FlinkSessionJob":    {events.Target{Deployment: "billing"}, "shared--Billing", "bb"},
		"application, by a job": {events.Target{Deployment: "orders", Job: "Orders"}, "orders", "aa"},
	} {
		got, err := r.Resolve(t.Context(), c.target, target.Permit{})
		want := events.Identity{Cluster: "prod", Namespace: "flink", Job: c.job}
		if err != nil || got.Identity != want || got.JobID != c.id || got.RestURL != rest {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	for name, c := range map[string]struct {
		target events.Target
		code   events.Code
		says   string
	}{
		"session without a job":            {events.Target{Deployment: "shared"}, events.CodeSeveralJobs, `"Orders" (aa), "Billing" (bb)`},
		"job of the operator is not there": {events.Target{Deployment: "moved"}, events.CodeSeveralJobs, "2 jobs"},
		"session job is not there":         {events.Target{Deployment: "vanished"}, events.CodeUnknownJob, `no job "dd"`},
		"unknown deployment":               {events.Target{Deployment: "nope"}, events.CodeUnknownTarget, "no FlinkDeployment nope"},
		"unknown cluster":                  {events.Target{Cluster: "x", Deployment: "orders"}, events.CodeUnknownTarget, `cluster "x"`},
	} {
		_, err := r.Resolve(t.Context(), c.target, target.Permit{})
		refused(t, name, err, c.code, c.says)
	}
	r.Namespaces = []string{"other"}
	_, err := r.Resolve(t.Context(), events.Target{Deployment: "orders"}, target.Permit{})
	refused(t, "namespace not served", err, events.CodeForbidden, `namespace "flink"`)
}

func refused(t *testing.T, name string, err error, code events.Code, says string) {
	t.Helper()
	r, ok := errors.AsType[*refusal.Error](err)
	if !ok || r.Code != code || !strings.Contains(r.Error(), says) {
		t.Errorf("%s: got %v, want %s: …%s…", name, err, code, says)
	}
}

// Every bad answer of a Flink cluster has a reason code and a sentence.
func TestResolve_Refuses(t *testing.T) {
	running := []job{{"aa", "Orders", "RUNNING"}}
	many := []job{{"a", "x\x1b[2J", "RUNNING"}, {"b", "x", "RUNNING"}, {"c", "x", "RUNNING"}, {"d", "x", "RUNNING"}, {"e", "x", "RUNNING"}}
	for name, c := range map[string]struct {
		flink http.Handler
		job   string
		code  events.Code
		says  string
	}{
		"no job":              {jobManager{"2.3.0", nil, enabled}, "", events.CodeNoRunningJob, "no job is running there"},
		"only a finished one": {jobManager{"2.3.0", []job{{"aa", "Orders", "FINISHED"}}, enabled}, "", events.CodeNoRunningJob, "no job is running"},
		"named one finished":  {jobManager{"2.3.0", []job{{"aa", "Orders", "FINISHED"}}, enabled}, "Orders", events.CodeNoRunningJob, `job "Orders" is FINISHED`},
		"being cancelled":     {jobManager{"2.3.0", []job{{"aa", "Orders", "CANCELLING"}}, enabled}, "", events.CodeNoRunningJob, "no job is running"},
		"two that do not run": {
			jobManager{"2.3.0", []job{{"bb", "Billing", "CREATED"}, {"aa", "Orders", "RESTARTING"}}, enabled},
			"", events.CodeJobRestarting,
			`no job is RUNNING there: "Billing" (bb) is CREATED, "Orders" (aa) is RESTARTING; the last failure of "Orders": ` +
				`java.lang.ArithmeticException: / by zero, password=***, in map (1/2), at 2026-01-02T03:04:05Z`,
		},
		"two that do not run, without a word": {
			jobManager{"2.3.0", []job{{"cc", "Orders", "FAILING"}, {"bb", "Billing", "CREATED"}}, enabled},
			"", events.CodeJobRestarting, `"Orders" (cc) is FAILING, "Billing" (bb) is CREATED`,
		},
		"two that start": {
			jobManager{"2.3.0", []job{{"cc", "Orders", "INITIALIZING"}, {"dd", "Billing", "CREATED"}}, enabled},
			"", events.CodeTargetNotReady, `"Orders" (cc) is INITIALIZING, "Billing" (dd) is CREATED`,
		},
		"several":             {jobManager{"2.3.0", many, enabled}, "", events.CodeSeveralJobs, `5 jobs are running: "x\x1b[2J" (a), "x" (b), "x" (c), "x" (d), and 1 more`},
		"several of the name": {jobManager{"2.3.0", many, enabled}, "x", events.CodeSeveralJobs, "4 jobs"},
		"unknown":             {jobManager{"2.3.0", running, enabled}, "Nope", events.CodeUnknownJob, `there is no job "Nope"; running are "Orders" (aa)`},
		"profiler not set":    {jobManager{"2.3.0", running, nil}, "", events.CodeProfilingDisabled, "Flink 2.3.0 is off: rest.profiling.enabled is not set"},
		"profiler off": {
			jobManager{"1.20.5", running, map[string]string{"rest.profiling.enabled": "false"}},
			"",
			events.CodeProfilingDisabled, `rest.profiling.enabled is "false"`,
		},
		"Flink too old":     {jobManager{"1.18.1", running, nil}, "", events.CodeProfilingDisabled, "Flink 1.18.1 has no profiler; it came with Flink 1.19"},
		"not Flink":         {http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }), "", events.CodeUnknownTarget, "does not answer as a JobManager"},
		"a page":            {http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }), "", events.CodeLoginPage, "a page for people"},
		"nothing there":     {http.NotFoundHandler(), "", events.CodeUnknownTarget, "does not answer as a JobManager"},
		"behind a password": {http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }), "", events.CodeUnauthorized, "HTTP 401: the server wants credentials: none were given: SQUIRRLY_FLINK_ACCESS is not set"},
		"down":              {http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }), "", events.CodeUnreachable, "does not answer"},
		"redirects elsewhere": {
			http.RedirectHandler("http://127.0.0.1:1/", http.StatusFound), "", events.CodeRedirects, "redirects: to http://127.0.0.1:1/",
		},
		"hangs": {http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }), "", events.CodeUnreachable, "does not answer"},
	} {
		rest := serve(t, c.flink)
		got, err := resolver(t, "").Resolve(t.Context(), events.Target{URL: rest, Job: c.job}, target.Permit{})
		refused(t, name, err, c.code, c.says)
		if got.Identity.Namespace != namespaceOf(t, rest) {
			t.Errorf("%s: identity %+v", name, got.Identity)
		}
		if strings.ContainsAny(err.Error(), "\x1b\n") {
			t.Errorf("%s: control characters in %q", name, err)
		}
	}
	for version, script := range map[string]flinktest.Script{"1.20.5": {Disabled: true}, "2.3.0": {Disabled: true, NoWebUI: true}} {
		_, err := resolver(t, "").Resolve(t.Context(), events.Target{URL: replay(t, version, script)}, target.Permit{})
		refused(t, "recorded Flink "+version, err, events.CodeProfilingDisabled, "Flink "+version)
	}
}

func TestResolve_BadURLs(t *testing.T) {
	rest := replay(t, "2.3.0", flinktest.Script{})
	cluster := open(t, access.Config{Allow: []string{"flink.example"}})
	r := resolver(t, "")
	for name, c := range map[string]struct {
		way    *access.Access
		target events.Target
		code   events.Code
	}{
		"metadata":             {r.Flink, events.Target{URL: "http://169.254.169.254/"}, events.CodeForbidden},
		"metadata by redirect": {r.Flink, events.Target{URL: serve(t, http.RedirectHandler("http://169.254.169.254/", http.StatusFound))}, events.CodeRedirects},
		"not listed":           {cluster, events.Target{URL: rest}, events.CodeForbidden},
		"name not listed":      {cluster, events.Target{URL: "http://localhost:8081"}, events.CodeForbidden},
		"another cluster":      {r.Flink, events.Target{URL: rest, Cluster: "prod"}, events.CodeInvalidRequest},
		"another namespace":    {r.Flink, events.Target{URL: rest, Namespace: "flink"}, events.CodeInvalidRequest},
	} {
		r := *r
		r.Flink = c.way
		_, err := r.Resolve(t.Context(), c.target, target.Permit{})
		refused(t, name, err, c.code, "")
	}
}

// A name in the allow-list that leads to a forbidden address is found out when the connection is made.
func TestResolve_GuardedDial(t *testing.T) {
	rest := strings.Replace(replay(t, "2.3.0", flinktest.Script{}), "127.0.0.1", "localhost", 1)
	r := resolver(t, "")
	r.Flink = open(t, access.Config{Allow: []string{"192.0.2.0/24"}}) // a network, so that names are left to the dial
	began := time.Now()
	_, err := r.Resolve(t.Context(), events.Target{URL: rest}, target.Permit{})
	refused(t, "localhost", err, events.CodeForbidden, "SQUIRRLY_FLINK_ALLOW")
	if time.Since(began) > r.Patience {
		t.Error("a refused address is tried again")
	}
}

// A requester who is limited to one target learns nothing about others: nobody is even asked.
func TestResolve_Permit(t *testing.T) {
	var asked atomic.Int32
	flink := jobManager{"2.3.0", []job{{"aa", "orders", "RUNNING"}, {"bb", "Billing", "RUNNING"}}, enabled}
	rest := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked.Add(1); flink.ServeHTTP(w, r) }))
	r := resolver(t, rest, deployment("orders", "aa"), deployment("other", "bb"), deployment("shared", ""))
	limited := func(job string) target.Permit {
		p, err := target.PermitOf(events.Identity{Cluster: "prod", Namespace: "flink", Job: job}.RequestSubject())
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for name, c := range map[string]struct {
		permit target.Permit
		target events.Target
	}{
		"another deployment": {limited("orders"), events.Target{Deployment: "other"}},
		"unknown deployment": {limited("orders"), events.Target{Namespace: "flink", Cluster: "prod", Deployment: "nope"}},
		"another namespace":  {limited("orders"), events.Target{Namespace: "kube-system", Deployment: "orders"}},
		"unknown cluster":    {limited("orders"), events.Target{Cluster: "nope", Namespace: "flink", Deployment: "orders"}},
		"a url":              {limited("orders"), events.Target{URL: rest}},
	} {
		_, err := r.Resolve(t.Context(), c.target, c.permit)
		refused(t, name, err, events.CodeForbidden, "may not ask about")
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("a JobManager was asked %d times", n)
	}
	_, err := r.Resolve(t.Context(), events.Target{Deployment: "shared", Job: "Billing"}, limited("shared--orders"))
	refused(t, "another job of the session", err, events.CodeForbidden, "may not ask about")

	for name, job := range map[string]string{"application": "orders", "session": "shared--orders"} {
		p := limited(job)
		of, err := p.Target()
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Resolve(t.Context(), of, p)
		if err != nil || got.Identity.Job != job || got.JobID != "aa" {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

// A JobManager that comes back within the patience is found; when the service stops, nobody is refused.
func TestResolve_Patience(t *testing.T) {
	var calls atomic.Int32
	flink := jobManager{"2.3.0", []job{{"aa", "Orders", "RUNNING"}}, enabled}
	rest := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		flink.ServeHTTP(w, r)
	}))
	r := resolver(t, "")
	r.Patience = 10 * time.Second
	if _, err := r.Resolve(t.Context(), events.Target{URL: rest}, target.Permit{}); err != nil {
		t.Errorf("after %d calls: %v", calls.Load(), err)
	}

	ctx, stop := context.WithCancel(t.Context())
	time.AfterFunc(150*time.Millisecond, stop)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + l.Addr().String()
	_ = l.Close()
	if _, err := r.Resolve(ctx, events.Target{URL: nobody}, target.Permit{}); err == nil || refusal.Is(err) {
		t.Errorf("a stopping service says %v", err)
	}
	r.Patience = time.Second // enough for one answer on any machine
	_, err = r.Resolve(t.Context(), events.Target{URL: nobody}, target.Permit{})
	refused(t, "nobody there", err, events.CodeUnreachable, "connection refused")
}
