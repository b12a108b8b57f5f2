package parts

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// Kube is a running Kubernetes API server with RBAC and the default admission plugins, Pod Security among them. There
// are no controllers, no scheduler and no nodes: objects are stored and checked, and nothing acts on them.
type Kube struct {
	// Config is that of the administrator.
	Config *rest.Config
	// Kubeconfig is a file with the same content.
	Kubeconfig string

	etcd, server *process
}

// StartKube runs etcd and kube-apiserver with data, certificates and logs in dir.
func StartKube(ctx context.Context, dir string) (*Kube, error) {
	store, endpoint, err := startEtcd(ctx, dir)
	if err != nil {
		return nil, err
	}
	k := &Kube{etcd: store}
	if err := k.startServer(ctx, dir, endpoint); err != nil {
		k.Stop()
		return nil, err
	}
	context.AfterFunc(ctx, k.Stop)
	return k, nil
}

// Stop ends both servers and waits for them. The API server goes first: without etcd it takes long to end.
func (k *Kube) Stop() {
	if k.server != nil {
		k.server.Stop()
	}
	k.etcd.Stop()
}

// As is a configuration that acts as another user, for example system:serviceaccount:NAMESPACE:NAME.
func (k *Kube) As(user string, groups ...string) *rest.Config {
	c := rest.CopyConfig(k.Config)
	c.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: groups}
	return c
}

func startEtcd(ctx context.Context, dir string) (*process, string, error) {
	client, err := freeAddr(ctx)
	if err != nil {
		return nil, "", err
	}
	peer, err := freeAddr(ctx)
	if err != nil {
		return nil, "", err
	}
	clientURL, peerURL := "http://"+client, "http://"+peer
	p, err := start(context.WithoutCancel(ctx), etcd, dir, nil, "--data-dir", filepath.Join(dir, "etcd"), "--unsafe-no-fsync",
		"--listen-client-urls", clientURL, "--advertise-client-urls", clientURL,
		"--listen-peer-urls", peerURL, "--initial-advertise-peer-urls", peerURL,
		"--initial-cluster", "default="+peerURL)
	if err != nil {
		return nil, "", err
	}
	if err := p.ready(ctx, func(ctx context.Context) error { return get(ctx, clientURL+"/readyz") }); err != nil {
		p.Stop()
		return nil, "", err
	}
	return p, clientURL, nil
}

func (k *Kube) startServer(ctx context.Context, dir, etcdURL string) error {
	addr, err := freeAddr(ctx)
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("start kube-apiserver: %w", err)
	}
	token := rand.Text()
	tokens, key := filepath.Join(dir, "tokens.csv"), filepath.Join(dir, "service-accounts.key")
	if err := errors.Join(
		os.WriteFile(tokens, []byte(token+`,admin,admin,"system:masters"`+"\n"), 0o600),
		writeKey(key),
	); err != nil {
		return fmt.Errorf("start kube-apiserver: %w", err)
	}
	certs := filepath.Join(dir, "certs")
	k.server, err = start(ctx, kubeAPIServer, dir, nil,
		"--etcd-servers="+etcdURL, "--cert-dir="+certs,
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--secure-port="+port,
		"--endpoint-reconciler-type=none", "--service-cluster-ip-range=10.0.0.0/24",
		"--authorization-mode=RBAC", "--token-auth-file="+tokens,
		// As clusters have it: it is Pod Security that refuses.
		"--allow-privileged",
		"--service-account-issuer=https://localhost",
		"--service-account-key-file="+key, "--service-account-signing-key-file="+key,
		// Pods need no service account object: no controller is there to make the default ones.
		"--disable-admission-plugins=ServiceAccount")
	if err != nil {
		return err
	}
	return k.connect(ctx, dir, "https://"+addr, token, filepath.Join(certs, "apiserver.crt"))
}

// connect waits until the server is ready and writes down how to reach it.
func (k *Kube) connect(ctx context.Context, dir, url, token, certFile string) error {
	if err := k.server.ready(ctx, func(ctx context.Context) error {
		ca, err := os.ReadFile(certFile)
		if err != nil {
			return fmt.Errorf("read the server's certificate: %w", err)
		}
		k.Config = &rest.Config{
			Host: url, BearerToken: token, TLSClientConfig: rest.TLSClientConfig{CAData: ca}, QPS: -1,
		}
		c, err := kubernetes.NewForConfig(k.Config)
		if err != nil {
			return fmt.Errorf("make a client: %w", err)
		}
		_, err = c.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return err //nolint:wrapcheck // ready reports it with the server's name.
	}); err != nil {
		return err
	}
	k.Kubeconfig = filepath.Join(dir, "kubeconfig")
	conf := api.NewConfig()
	conf.Clusters["test"] = &api.Cluster{Server: url, CertificateAuthorityData: k.Config.CAData}
	conf.AuthInfos["admin"] = &api.AuthInfo{Token: token}
	conf.Contexts["test"] = &api.Context{Cluster: "test", AuthInfo: "admin"}
	conf.CurrentContext = "test"
	if err := clientcmd.WriteToFile(*conf, k.Kubeconfig); err != nil {
		return fmt.Errorf("write kubeconfig: %w", err)
	}
	return nil
}

// writeKey makes the key that signs the tokens of service accounts.
func writeKey(file string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return fmt.Errorf("write a key: %w", err)
	}
	return nil
}
