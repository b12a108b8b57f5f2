package natsusers

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/crypto/bcrypt"

	"squirrly.dev/internal/userfile"
)

// ConfigFile is the name of the file with accounts and users, and ManifestFile that of the Kubernetes Secrets.
const (
	ConfigFile   = "accounts.conf"
	ManifestFile = "secrets.yaml"

	passwordSuffix = ".password"
	secretMode     = 0o400
	configMode     = 0o440
	maxFile        = 4 << 20 // bytes of a file that is there already

	// hashCost is low, since the server hashes at each connection: what is hashed is random, 260 bits of it.
	hashCost = 8
)

// ErrDiffers says that a file is there that would be another.
var ErrDiffers = errors.New("it is there, and would be another")

// Folder is what is written about users.
type Folder struct {
	Dir       string
	Users     []Login
	Conf      string // of nats-server
	Namespace string // of the Secrets; empty is that of kubectl
}

// Login is a user with its password.
type Login struct {
	User

	Password string
	File     string // with the password alone
	Kept     bool   // the password was there
}

// Prepare makes the passwords that are not in a folder, and the configuration. Passwords that are there are kept, and so are
// their hashes, so that the same table gives the same files. Nothing is written.
func Prepare(dir, namespace string, o Options) (*Folder, error) {
	users, err := Users(o)
	if err != nil {
		return nil, err
	}
	old, err := userfile.ReadSoon(filepath.Join(dir, ConfigFile), maxFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the accounts: %w", err)
	}
	f := &Folder{Dir: dir, Namespace: namespace}
	hashes := map[string]string{}
	for _, u := range users {
		l := Login{User: u, File: filepath.Join(dir, u.Name+passwordSuffix)}
		if l.Password, l.Kept, err = password(l.File); err != nil {
			return nil, err
		}
		if hashes[u.Name], err = hash(l, old); err != nil {
			return nil, err
		}
		f.Users = append(f.Users, l)
	}
	f.Conf = Config(users, func(user string) string { return hashes[user] })
	return f, nil
}

// password reads a password, or makes one.
func password(file string) (text string, kept bool, err error) {
	const least = 20 // characters
	b, err := userfile.ReadSoon(file, maxFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return rand.Text() + rand.Text(), false, nil
	case err != nil:
		return "", false, fmt.Errorf("read a password: %w", err)
	}
	text = strings.TrimSpace(string(b))
	if len(text) < least || strings.ContainsAny(text, " \t\r\n") {
		return "", false, fmt.Errorf("%s has %d characters, or blanks among them: %d or more, or remove the file for a new password", file, len(text), least)
	}
	return text, true, nil
}

var hashForm = regexp.MustCompile(`user: "([^"]*)"\s+password: "([^"]*)"`)

// hash is the one in the old configuration when it is of the same password.
func hash(l Login, old []byte) (string, error) {
	if l.Kept {
		for _, m := range hashForm.FindAllSubmatch(old, -1) {
			if string(m[1]) == l.Name && bcrypt.CompareHashAndPassword(m[2], []byte(l.Password)) == nil {
				return string(m[2]), nil
			}
		}
	}
	b, err := bcrypt.GenerateFromPassword([]byte(l.Password), hashCost)
	if err != nil {
		return "", fmt.Errorf("hash the password of %s: %w", l.Name, err)
	}
	return string(b), nil
}

// outputs are the configuration and the manifest, if there is a file for it, with the modes of their files.
func (f *Folder) outputs(manifest string) (map[string][]byte, map[string]fs.FileMode, error) {
	conf := filepath.Join(f.Dir, ConfigFile)
	files, modes := map[string][]byte{conf: []byte(f.Conf)}, map[string]fs.FileMode{conf: configMode}
	if manifest == "" {
		return files, modes, nil
	}
	body, err := f.Manifest()
	files[manifest], modes[manifest] = body, secretMode
	return files, modes, err
}

// dropEqual leaves out what is there as it would be written. What is there and differs is an [ErrDiffers], unless forced.
func dropEqual(files map[string][]byte, force bool) error {
	for path, body := range files {
		old, err := userfile.ReadSoon(path, maxFile)
		switch {
		case err == nil && bytes.Equal(old, body):
			delete(files, path)
		case err == nil && !force:
			return fmt.Errorf("%s: %w", path, ErrDiffers)
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("read what is there: %w", err)
		}
	}
	return nil
}

// Write writes the passwords that are new, each to a file of its own, the configuration, and the manifest when there is a
// file for it. Configuration and manifest that are there and differ are an [ErrDiffers], before anything is written, unless
// force replaces them.
func (f *Folder) Write(manifest string, force bool) error {
	files, modes, err := f.outputs(manifest)
	if err != nil {
		return err
	}
	if err := dropEqual(files, force); err != nil {
		return err
	}
	const private = 0o700
	if err := os.MkdirAll(f.Dir, private); err != nil {
		return fmt.Errorf("make the folder: %w", err)
	}
	for _, l := range f.Users {
		if !l.Kept {
			if err := put(l.File, []byte(l.Password), secretMode); err != nil {
				return err
			}
		}
	}
	for path, body := range files {
		if err := put(path, body, modes[path]); err != nil {
			return err
		}
	}
	return nil
}

// put writes a file whole, or not at all, and never for others to read.
func put(path string, body []byte, mode fs.FileMode) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".squirrly-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // it is gone when all went well
	_, err = tmp.Write(body)
	err = errors.Join(err, tmp.Chmod(mode), tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
