// Package parts starts the real servers that tests talk to: two S3 servers (MinIO, versitygw), a NATS server, and a
// Kubernetes API server on an etcd of its own.
//
// The servers are programs built by "make parts" from the modules under tools/parts, which pin their versions. Each
// Start function takes a folder for data and logs, picks free ports on the loopback interface, returns when the server
// is ready, and stops it when its context ends or Stop is called, whichever is first.
//
// Nothing here knows Squirrly, and nothing here pretends: a missing program is an error, never a reason to skip.
package parts

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/mod/modfile"
)

// program is a server of its own module under tools/parts.
type program struct{ name, folder, module string }

var (
	etcd          = program{"etcd", "etcd", "go.etcd.io/etcd/server/v3"}
	kubeAPIServer = program{"kube-apiserver", "kube", "k8s.io/kubernetes"}
	kubectl       = program{"kubectl", "kube", "k8s.io/kubernetes"}
	minioServer   = program{"minio", "minio", "github.com/minio/minio"}
	versityGW     = program{"versitygw", "versitygw", "github.com/versity/versitygw"}
	natsCLI       = program{"nats", "nats", "github.com/nats-io/natscli"}
	natsServer    = program{"nats-server", "nats-server", "github.com/nats-io/nats-server/v2"}
)

// NATSCLI is the path of the official command line client of NATS.
func NATSCLI() (string, error) { return natsCLI.path() }

// Kubectl is the path of the command line client of Kubernetes.
func Kubectl() (string, error) { return kubectl.path() }

// path is the built program in the pinned version.
func (p program) path() (string, error) {
	if p == self {
		path, err := os.Executable()
		if err != nil {
			return "", fmt.Errorf("find the running program: %w", err)
		}
		return path, nil
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	pinned := filepath.Join(root, "tools", "parts", p.folder, "go.mod")
	text, err := os.ReadFile(pinned)
	if err != nil {
		return "", fmt.Errorf("find the version of %s: %w", p.name, err)
	}
	mod, err := modfile.ParseLax(pinned, text, nil)
	if err != nil {
		return "", fmt.Errorf("find the version of %s: %w", p.name, err)
	}
	for _, r := range mod.Require {
		if r.Mod.Path != p.module {
			continue
		}
		file := filepath.Join(root, ".cache", "parts", p.name+"-"+r.Mod.Version, p.name)
		if _, err := os.Stat(file); err != nil {
			return "", fmt.Errorf("%s %s is not built (%w): run make parts", p.name, r.Mod.Version, err)
		}
		return file, nil
	}
	return "", fmt.Errorf("%s does not require %s", pinned, p.module)
}

// Root is the folder of the repository, the one with go.work above the working directory.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("find the repository: no go.work above the working directory")
		}
		dir = parent
	}
}
