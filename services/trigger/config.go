package trigger

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/link"
	"squirrly.dev/services/trigger/internal/intake"
	"squirrly.dev/services/trigger/internal/target"
)

// Config of the service. The zero value works: no HTTP API, and no target by URL.
type Config struct {
	Cluster      string        `env:"CLUSTER" about:"name of the own cluster; empty is local"`
	Slots        int           `env:"SLOTS" envDefault:"8" about:"requests decided at a time"`
	HTTPAddr     string        `env:"HTTP_ADDR" envDefault:"127.0.0.1:8080" about:"of the HTTP API; empty or off is none"`
	HTTPToken    daemon.Secret `env:"HTTP_TOKEN" about:"that callers show; without it the API is for this machine"`
	Links        link.Config
	Kubeconfig   string        `env:"KUBECONFIG" about:"files; empty is ~/.kube/config"`
	Namespaces   []string      `env:"NAMESPACES" about:"in which FlinkDeployments may be named; empty is all"`
	RestTemplate string        `env:"FLINK_REST_URL" about:"of a FlinkDeployment, with {cluster}, {namespace}, {name}, {port}"`
	Patience     time.Duration `env:"TARGET_PATIENCE" envDefault:"5s" about:"how long a silent target is tried"`
	Duration     time.Duration `env:"PROFILE_DURATION" envDefault:"30s" about:"of one profile, where a request says nothing"`
	MaxDuration  time.Duration `env:"PROFILE_MAX" envDefault:"5m" about:"of one profile"`
	Deadline     time.Duration `env:"RUN_DEADLINE" envDefault:"30m" about:"of a run, at least"`
	Cooldown     time.Duration `env:"COOLDOWN" about:"between runs of one job; 0 is none"`
	Policy       string        `env:"POLICY" about:"file of policies; empty is none"`
	AtATime      []string      `env:"PROFILES_AT_A_TIME" envDefault:"10" about:"runs in each cluster, or in places such as prod/payments=2; 0 is no limit"`
	Sweep        time.Duration `env:"-"` // between looks of the sweeper; 0 is one second
	Look         time.Duration `env:"-"` // between looks at what policies watch; 0 is one minute
}

// Aliases are the well-known names of the variables.
func (Config) Aliases() map[string]string {
	return map[string]string{"SQUIRRLY_KUBECONFIG": "KUBECONFIG"}
}

// Validate checks what the types do not.
func (c Config) Validate() error {
	c = c.withDefaults()
	for name, d := range map[string]time.Duration{
		"SQUIRRLY_TARGET_PATIENCE": c.Patience, "SQUIRRLY_PROFILE_DURATION": c.Duration,
		"SQUIRRLY_PROFILE_MAX": c.MaxDuration, "SQUIRRLY_RUN_DEADLINE": c.Deadline,
	} {
		if d < time.Second {
			return fmt.Errorf("%s must be at least 1s", name)
		}
	}
	switch {
	case c.Duration > c.MaxDuration:
		return errors.New("SQUIRRLY_PROFILE_DURATION must not be above SQUIRRLY_PROFILE_MAX")
	case c.Cooldown < 0:
		return errors.New("SQUIRRLY_COOLDOWN must not be negative")
	}
	if err := c.Links.Validate(); err != nil {
		return err
	}
	example := strings.NewReplacer("{cluster}", "c", "{namespace}", "n", "{name}", "d", "{port}", "8081").Replace(c.RestTemplate)
	if u, err := url.Parse(example); err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("SQUIRRLY_FLINK_REST_URL must be a URL such as " + target.DefaultRestTemplate)
	}
	return nil
}

// OffWhenEmpty lists the variables that an empty value turns off.
func (Config) OffWhenEmpty() []string { return []string{"SQUIRRLY_HTTP_ADDR"} }

// withDefaults fills in what was left out, for a configuration that was not loaded from the environment.
func (c Config) withDefaults() Config {
	const slots = 8
	or(&c.Cluster, "local")
	if len(c.AtATime) == 0 {
		c.AtATime = []string{intake.DefaultRules}
	}
	or(&c.Slots, slots)
	or(&c.RestTemplate, target.DefaultRestTemplate)
	or(&c.Patience, 5*time.Second)
	or(&c.Duration, 30*time.Second)
	or(&c.MaxDuration, 5*time.Minute)
	or(&c.Deadline, 30*time.Minute)
	or(&c.Look, time.Minute)
	if c.HTTPAddr == "off" {
		c.HTTPAddr = ""
	}
	return c
}

func or[T comparable](value *T, otherwise T) {
	var zero T
	if *value == zero {
		*value = otherwise
	}
}
