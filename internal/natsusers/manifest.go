package natsusers

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// secretPrefix begins the names of the Secrets: that of a user, or of the configuration.
const secretPrefix = "squirrly-nats-" //nolint:gosec // begins names of Secrets, and is none.

type secret struct {
	APIVersion string            `yaml:"apiVersion"`
	Kind       string            `yaml:"kind"`
	Metadata   metadata          `yaml:"metadata"`
	Type       string            `yaml:"type"`
	StringData map[string]string `yaml:"stringData"`
}

type metadata struct {
	Name      string            `yaml:"name"`
	Namespace string            `yaml:"namespace,omitempty"`
	Labels    map[string]string `yaml:"labels"`
}

// Manifest is a Secret of Kubernetes for each user, squirrly-nats-<user> with the keys user and password, and one with the
// configuration, squirrly-nats-accounts.
func (f *Folder) Manifest() ([]byte, error) {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	write := func(name string, data map[string]string) error {
		return e.Encode(secret{
			APIVersion: "v1", Kind: "Secret", Type: "Opaque", StringData: data,
			Metadata: metadata{Name: secretPrefix + name, Namespace: f.Namespace, Labels: map[string]string{"app.kubernetes.io/part-of": "squirrly"}},
		})
	}
	err := write("accounts", map[string]string{ConfigFile: f.Conf})
	for _, l := range f.Users {
		if err == nil {
			err = write(l.Name, map[string]string{"user": l.Name, "password": l.Password})
		}
	}
	if err == nil {
		err = e.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("write the Secrets: %w", err)
	}
	return b.Bytes(), nil
}
