package natsusers_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"golang.org/x/crypto/bcrypt"

	"squirrly.dev/internal/natsusers"
)

func write(t *testing.T, dir string, o natsusers.Options, force bool) (*natsusers.Folder, error) {
	t.Helper()
	f, err := natsusers.Prepare(dir, "flink", o)
	if err != nil {
		t.Fatal(err)
	}
	return f, f.Write(filepath.Join(dir, natsusers.ManifestFile), force)
}

func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode&0o337 != 0 {
			t.Errorf("%s has mode %o", e.Name(), mode)
		}
		all[e.Name()] = string(b)
	}
	return all
}

// TestWrite: passwords are made once; what is there and differs is replaced when it is asked for, and else nothing is written.
func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "users")
	f, err := write(t, dir, options, false)
	if err != nil {
		t.Fatal(err)
	}
	first := files(t, dir)
	if len(first) != len(f.Users)+2 {
		t.Errorf("%d files for %d users", len(first), len(f.Users))
	}
	if again, err := write(t, dir, options, false); err != nil || !again.Users[0].Kept || !equal(files(t, dir), first) {
		t.Errorf("again: %v, the files differ: %v", err, !equal(files(t, dir), first))
	}

	more := options
	more.Subscribers = []string{"subscriber", "dashboard", "third"}
	if _, err := write(t, dir, more, false); !errors.Is(err, natsusers.ErrDiffers) || !equal(files(t, dir), first) {
		t.Errorf("another table: %v", err)
	}
	if _, err := write(t, dir, more, true); err != nil {
		t.Fatal(err)
	}
	second := files(t, dir)
	if len(second) != len(first)+1 || second["analyzer.password"] != first["analyzer.password"] || second[natsusers.ConfigFile] == first[natsusers.ConfigFile] {
		t.Error("the new table is not there, or with other passwords")
	}

	// A password that is removed is made anew, which changes the configuration.
	if err := os.Remove(filepath.Join(dir, "analyzer.password")); err != nil {
		t.Fatal(err)
	}
	if _, err := write(t, dir, more, false); !errors.Is(err, natsusers.ErrDiffers) {
		t.Errorf("a new password: %v", err)
	}
	if _, err := write(t, dir, more, true); err != nil || files(t, dir)["analyzer.password"] == first["analyzer.password"] {
		t.Errorf("a new password: %v", err)
	}
}

func equal(a, b map[string]string) bool {
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return len(a) == len(b)
}

// TestWrite_Passwords: the server takes the configuration, which holds no password; the manifest holds the same as the files.
func TestWrite_Passwords(t *testing.T) {
	dir := t.TempDir()
	f, err := write(t, dir, options, false)
	if err != nil {
		t.Fatal(err)
	}
	all := files(t, dir)
	o, err := server.ProcessConfigFile(filepath.Join(dir, natsusers.ConfigFile))
	if err != nil {
		t.Fatal(err)
	}
	hashes := map[string]string{}
	for _, u := range o.Users {
		hashes[u.Username] = u.Password
	}
	for _, u := range f.Users {
		secret := all[u.Name+".password"]
		if bcrypt.CompareHashAndPassword([]byte(hashes[u.Name]), []byte(secret)) != nil {
			t.Errorf("the password of %s is not the one of the server", u.Name)
		}
		if strings.Contains(all[natsusers.ConfigFile], secret) || !strings.Contains(all[natsusers.ManifestFile], "password: "+secret) {
			t.Errorf("the password of %s is in the configuration, or not in its Secret", u.Name)
		}
	}
	for _, want := range []string{"name: squirrly-nats-trigger\n", "name: squirrly-nats-accounts\n", "namespace: flink\n", natsusers.ConfigFile + ": |"} {
		if !strings.Contains(all[natsusers.ManifestFile], want) {
			t.Errorf("the manifest lacks %q", want)
		}
	}
}

// A password that somebody wrote there, or that is none, is refused rather than taken.
func TestPrepare_ShortPassword(t *testing.T) {
	dir := t.TempDir()
	for _, bad := range []string{"", "replace-me", "long enough but with blanks in it"} {
		if err := os.WriteFile(filepath.Join(dir, "trigger.password"), []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := natsusers.Prepare(dir, "", options); err == nil || !strings.Contains(err.Error(), "trigger.password") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
