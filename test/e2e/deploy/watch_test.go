package deploy_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/natsembed"
	"squirrly.dev/services/trigger"
)

// line is the way of a trigger to the API server: it acts as the trigger's service account, and can be broken.
type line struct {
	kubeconfig string
	account    atomic.Value // name of the service account
	fault      atomic.Value // empty, "gone" or "slow"
	forbidden  atomic.Int64 // calls that the server answered with 403
}

func newLine(t *testing.T) *line {
	t.Helper()
	l := &line{kubeconfig: filepath.Join(t.TempDir(), "kubeconfig")}
	l.account.Store("trigger")
	l.fault.Store("")
	srv := httptest.NewServer(l.handler(t))
	t.Cleanup(srv.Close)
	conf := api.NewConfig()
	conf.Clusters["test"] = &api.Cluster{Server: srv.URL}
	conf.AuthInfos["trigger"] = &api.AuthInfo{}
	conf.Contexts["test"] = &api.Context{Cluster: "test", AuthInfo: "trigger"}
	conf.CurrentContext = "test"
	if err := clientcmd.WriteToFile(*conf, l.kubeconfig); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *line) handler(t *testing.T) http.Handler {
	t.Helper()
	upstream, err := url.Parse(cluster.Config.Host)
	if err != nil {
		t.Fatal(err)
	}
	as := func(account string) *httputil.ReverseProxy {
		way, err := rest.TransportFor(cluster.As("system:serviceaccount:squirrly:"+account, groups()...))
		if err != nil {
			t.Fatal(err)
		}
		p := httputil.NewSingleHostReverseProxy(upstream)
		p.Transport = way
		p.ModifyResponse = func(r *http.Response) error {
			if r.StatusCode == http.StatusForbidden {
				l.forbidden.Add(1)
			}
			return nil
		}
		return p
	}
	proxies := map[string]*httputil.ReverseProxy{"trigger": as("trigger"), "collector": as("collector")}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch l.fault.Load() {
		case "gone":
			panic(http.ErrAbortHandler)
		case "slow":
			<-r.Context().Done()
			return
		}
		proxies[l.account.Load().(string)].ServeHTTP(w, r)
	})
}

// watched is a trigger with a policy for the deployments of a namespace that have the label team=checkout.
type watched struct {
	t         *testing.T
	namespace string
	line      *line
	bus       *bus.Bus
	client    dynamic.Interface
	stop      func() // ends the trigger
	cfg       trigger.Config
}

func newWatched(t *testing.T, namespace string) *watched {
	t.Helper()
	w := &watched{t: t, namespace: namespace, line: newLine(t)}
	for _, name := range []string{namespace, namespace + "-other"} {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if _, err := clientset(t).CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if w.client, err = dynamic.NewForConfig(cluster.Config); err != nil {
		t.Fatal(err)
	}
	nats, err := natsembed.Start(natsembed.Options{Dir: t.TempDir(), Port: -1, Name: namespace})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nats.Shutdown(); nats.WaitForShutdown() })
	if w.bus, err = bus.Connect(t.Context(), bus.Options{URL: nats.ClientURL(), Name: namespace}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.bus.Close)
	if err := w.bus.Provision(t.Context(), bus.Topology{}); err != nil {
		t.Fatal(err)
	}
	flink, err := flinktest.NewReplay("2.3.0")
	if err != nil {
		t.Fatal(err)
	}
	jobManager := httptest.NewServer(flink)
	t.Cleanup(jobManager.Close)
	policies := filepath.Join(t.TempDir(), "policies.yaml")
	if err := os.WriteFile(policies, fmt.Appendf(nil, `policies:
- name: watch
  targets: {deployments: [{namespace: %s, labels: {team: checkout}}]}
  on: {rollout: true}
  delay: 0s
  cooldown: 0s
`, namespace), 0o600); err != nil {
		t.Fatal(err)
	}
	w.cfg = trigger.Config{
		Kubeconfig: w.line.kubeconfig, Policy: policies, RestTemplate: jobManager.URL, AtATime: []string{"0"}, Look: 500 * time.Millisecond,
	}
	t.Cleanup(func() {
		if n := w.line.forbidden.Load(); n > 0 {
			t.Errorf("%d calls were forbidden to the account of the trigger", n)
		}
	})
	return w
}

// start runs the trigger until stop, or until the test ends.
func (w *watched) start() {
	w.t.Helper()
	way, err := access.Open(access.Config{Local: true}, access.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := trigger.New(w.cfg, trigger.Deps{Bus: w.bus, Flink: way})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	w.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Error(err)
		}
	}
	w.t.Cleanup(w.end)
}

// end ends the trigger, if it runs.
func (w *watched) end() {
	if w.stop != nil {
		w.stop()
		w.stop = nil
	}
}

// views are what the trigger does with each target, by name.
func (w *watched) views() map[string]trigger.Watched {
	w.t.Helper()
	all, err := trigger.Watching(w.t.Context(), w.bus)
	if err != nil {
		w.t.Fatal(err)
	}
	views := map[string]trigger.Watched{}
	for _, v := range all {
		views[v.Target] = v
	}
	return views
}

// until waits for something that the trigger writes down.
func (w *watched) until(what string, ok func(map[string]trigger.Watched) bool) {
	w.t.Helper()
	const patience = 40 * time.Second // a silent server is waited for, and lists come one after the other
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if ok(w.views()) {
			return
		}
	}
	w.t.Fatalf("not within %s: %s; the trigger says %+v", patience, what, w.views())
}
