package daemon_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/daemon"
)

type config struct {
	URL     string        `env:"URL,required"`
	Wait    time.Duration `env:"WAIT"            envDefault:"5s"`
	Workers int           `env:"WORKERS"         envDefault:"2"`
	On      bool          `env:"ON"`
	Allow   []string      `env:"ALLOW"`
	Key     daemon.Secret `env:"OPENAI_API_KEY"`
	Store   store         `envPrefix:"S3_"`
}

type store struct {
	Secret daemon.Secret `env:"SECRET"`
}

func (config) Aliases() map[string]string {
	return map[string]string{"SQUIRRLY_OPENAI_API_KEY": "OPENAI_API_KEY"}
}

func (c config) Validate() error {
	if c.Workers < 1 {
		return errors.New("SQUIRRLY_WORKERS must be at least 1")
	}
	return nil
}

func secretFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoad(t *testing.T) {
	file := secretFile(t, "from file\n")
	for name, c := range map[string]struct {
		environ []string
		want    config
	}{
		"defaults":              {nil, config{Wait: 5 * time.Second, Workers: 2}},
		"values":                {[]string{"SQUIRRLY_WAIT=1m", "SQUIRRLY_ON=true", "SQUIRRLY_ALLOW=a,b"}, config{Wait: time.Minute, Workers: 2, On: true, Allow: []string{"a", "b"}}},
		"secret":                {[]string{"SQUIRRLY_S3_SECRET=x=y"}, config{Wait: 5 * time.Second, Workers: 2, Store: store{"x=y"}}},
		"secret file":           {[]string{"SQUIRRLY_S3_SECRET_FILE=" + file}, config{Wait: 5 * time.Second, Workers: 2, Store: store{"from file"}}},
		"well-known name":       {[]string{"OPENAI_API_KEY=k"}, config{Wait: 5 * time.Second, Workers: 2, Key: "k"}},
		"well-known name, file": {[]string{"OPENAI_API_KEY_FILE=" + file}, config{Wait: 5 * time.Second, Workers: 2, Key: "from file"}},
		"own name wins":         {[]string{"OPENAI_API_KEY=k", "SQUIRRLY_OPENAI_API_KEY=own"}, config{Wait: 5 * time.Second, Workers: 2, Key: "own"}},
		"own file wins":         {[]string{"OPENAI_API_KEY=k", "SQUIRRLY_OPENAI_API_KEY_FILE=" + file}, config{Wait: 5 * time.Second, Workers: 2, Key: "from file"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := daemon.Load[config](append(c.environ, "SQUIRRLY_URL=u", "URL=not this"))
			if err != nil {
				t.Fatal(err)
			}
			c.want.URL = "u"
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// switched is a configuration with an address that can be turned off.
type switched struct {
	Addr string `env:"ADDR" envDefault:"127.0.0.1:1"`
}

func (switched) OffWhenEmpty() []string { return []string{"SQUIRRLY_ADDR"} }

func TestLoad_OffWhenEmpty(t *testing.T) {
	for _, c := range []struct {
		environ []string
		want    string
	}{
		{nil, "127.0.0.1:1"},
		{[]string{"SQUIRRLY_ADDR="}, "off"},
		{[]string{"SQUIRRLY_ADDR=:2"}, ":2"},
		{[]string{"SQUIRRLY_ADDR=", "SQUIRRLY_ADDR_FILE=" + secretFile(t, ":3")}, ":3"},
	} {
		if got, err := daemon.Load[switched](c.environ); err != nil || got.Addr != c.want {
			t.Errorf("%v: %q, %v, want %q", c.environ, got.Addr, err, c.want)
		}
	}
}

func TestLoadExplains(t *testing.T) {
	huge := secretFile(t, strings.Repeat("x", 65<<10))
	for name, c := range map[string]struct {
		environ []string
		want    []string
	}{
		"missing":   {nil, []string{"SQUIRRLY_URL is not set"}},
		"duration":  {[]string{"SQUIRRLY_URL=u", "SQUIRRLY_WAIT=5 minutes"}, []string{"SQUIRRLY_WAIT must be a duration such as 30s or 5m"}},
		"number":    {[]string{"SQUIRRLY_URL=u", "SQUIRRLY_WORKERS=two"}, []string{"SQUIRRLY_WORKERS must be a whole number"}},
		"bool":      {[]string{"SQUIRRLY_URL=u", "SQUIRRLY_ON=maybe"}, []string{"SQUIRRLY_ON must be true or false"}},
		"several":   {[]string{"SQUIRRLY_ON=maybe", "SQUIRRLY_WORKERS=two"}, []string{"SQUIRRLY_URL is not set", "SQUIRRLY_WORKERS must be a whole number", "SQUIRRLY_ON must be true or false"}},
		"validate":  {[]string{"SQUIRRLY_URL=u", "SQUIRRLY_WORKERS=0"}, []string{"SQUIRRLY_WORKERS must be at least 1"}},
		"both":      {[]string{"SQUIRRLY_URL=u", "SQUIRRLY_S3_SECRET=canary", "SQUIRRLY_S3_SECRET_FILE=/x"}, []string{"set SQUIRRLY_S3_SECRET or SQUIRRLY_S3_SECRET_FILE, not both"}},
		"no file":   {[]string{"SQUIRRLY_URL=u", "SQUIRRLY_S3_SECRET_FILE=/no/such"}, []string{"SQUIRRLY_S3_SECRET_FILE: open /no/such: no such file or directory"}},
		"huge file": {[]string{"SQUIRRLY_URL=u", "SQUIRRLY_S3_SECRET_FILE=" + huge}, []string{"SQUIRRLY_S3_SECRET_FILE: " + huge + " is larger than 64 KiB"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := daemon.Load[config](c.environ)
			wrong, ok := errors.AsType[*daemon.ConfigError](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			if diff := cmp.Diff(c.want, wrong.Problems); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLoadLogLevel(t *testing.T) {
	_, err := daemon.Load[daemon.Options]([]string{"SQUIRRLY_LOG_LEVEL=loud"})
	if want := "configuration: SQUIRRLY_LOG_LEVEL must be debug, info, warn or error"; fmt.Sprint(err) != want {
		t.Errorf("got %v", err)
	}
}

// What an example has in the place of a value is refused, however it is given, and the error has no value.
func TestLoad_Placeholders(t *testing.T) {
	for name, c := range map[string]struct {
		environ []string
		want    string
	}{
		"secret":    {[]string{"SQUIRRLY_S3_SECRET=replace-me"}, "SQUIRRLY_S3_SECRET"},
		"from file": {[]string{"SQUIRRLY_S3_SECRET_FILE=" + secretFile(t, "changeme\n")}, "SQUIRRLY_S3_SECRET_FILE"},
		"no secret": {[]string{"SQUIRRLY_URL=https://replace-me.example"}, "SQUIRRLY_URL"},
	} {
		_, err := daemon.Load[config](append([]string{"SQUIRRLY_URL=u"}, c.environ...))
		wrong, ok := errors.AsType[*daemon.ConfigError](err)
		if !ok || len(wrong.Problems) != 1 || wrong.Problems[0] != c.want+": it holds a placeholder of an example: put the real value there, or leave the setting out" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The files of secrets that everybody may read are told; mounted ones of mode 0440 are as they should be.
func TestReadable(t *testing.T) {
	file := secretFile(t, "canary")
	for mode, want := range map[os.FileMode][]string{0o644: {"SQUIRRLY_S3_SECRET_FILE"}, 0o604: {"SQUIRRLY_S3_SECRET_FILE"}, 0o440: nil, 0o400: nil, 0o660: nil} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		link := filepath.Join(t.TempDir(), "mounted") // which has a mode of its own
		if err := os.Symlink(file, link); err != nil {
			t.Fatal(err)
		}
		if got := daemon.Readable[config]([]string{"SQUIRRLY_URL=u", "SQUIRRLY_S3_SECRET_FILE=" + link}); !slices.Equal(got, want) {
			t.Errorf("%o: %v, want %v", mode, got, want)
		}
	}
	if got := daemon.Readable[config]([]string{"SQUIRRLY_S3_SECRET=canary"}); got != nil {
		t.Errorf("no file: %v", got)
	}
}
