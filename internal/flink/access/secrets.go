package access

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"sync"

	"golang.org/x/net/http/httpguts"

	"squirrly.dev/internal/placeholder"
	"squirrly.dev/internal/userfile"
)

const maxSecret = 256 << 10 // bytes of one file; bundles of authorities are the largest

// handed keeps what a shell handed over to this process (<(…)), which can be read once only.
var handed struct {
	mu   sync.Mutex
	kept map[string][]byte
}

// read returns the content of a file. Its error holds neither path nor content.
func read(path string) ([]byte, error) {
	if !userfile.HandedOver(path) {
		return readFile(path, maxSecret)
	}
	handed.mu.Lock()
	defer handed.mu.Unlock()
	if body, ok := handed.kept[path]; ok {
		return body, nil
	}
	body, err := readFile(path, maxSecret)
	if err != nil {
		return nil, err
	}
	if handed.kept == nil {
		handed.kept = map[string][]byte{}
	}
	handed.kept[path] = body
	return body, nil
}

func readFile(path string, most int64) ([]byte, error) {
	body, err := userfile.ReadSoon(path, most)
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, pe.Err
	}
	if err != nil {
		return nil, errors.New(strings.ReplaceAll(err.Error(), path, "it")) // the path may be a secret itself
	}
	return body, nil
}

// line reads a file that holds one secret: a line.
func line(e *Entry, field, path string) (string, error) {
	body, err := read(path)
	if err != nil {
		return "", e.problem(field, "%s", err)
	}
	value := strings.TrimSpace(string(body))
	switch {
	case value == "":
		return "", e.problem(field, "the file is empty")
	case !printable(value):
		return "", e.problem(field, "expected a file with one line")
	case placeholder.Is(value):
		return "", e.problem(field, "%s", placeholder.Err)
	}
	return value, nil
}

// shown is what a request shows to the server.
type shown struct {
	header  http.Header
	words   string   // what it is, for messages
	secrets []string // what may be printed nowhere
}

// show reads what a request has to show.
func show(e *Entry) (shown, error) {
	s := shown{header: http.Header{}}
	var words []string
	if e.HeaderFile != "" {
		if err := s.headers(e); err != nil {
			return s, err
		}
		words = append(words, "headers")
	}
	if e.TokenFile != "" {
		token, err := line(e, "tokenFile", e.TokenFile)
		if err != nil {
			return s, err
		}
		if err := s.authorize(e, "tokenFile", "Bearer "+token, token); err != nil {
			return s, err
		}
		words = append(words, "a token")
	}
	if e.PasswordFile != "" {
		user, password, err := basic(e)
		if err != nil {
			return s, err
		}
		both := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
		if err := s.authorize(e, "passwordFile", "Basic "+both, both, password); err != nil {
			return s, err
		}
		words = append(words, "user and password")
	}
	if e.KeyFile != "" {
		words = append(words, "a client certificate")
	}
	s.words = strings.Join(words, ", ")
	return s, nil
}

func basic(e *Entry) (user, password string, err error) {
	user = e.User
	if e.UserFile != "" {
		if user, err = line(e, "userFile", e.UserFile); err != nil {
			return "", "", err
		}
		if strings.Contains(user, ":") {
			return "", "", e.problem("userFile", "expected a name without colon")
		}
	}
	password, err = line(e, "passwordFile", e.PasswordFile)
	return user, password, err
}

func (s *shown) authorize(e *Entry, field, value string, secrets ...string) error {
	if s.header.Get("Authorization") != "" {
		return e.problem(field, "headerFile holds the header Authorization already")
	}
	s.header.Set("Authorization", value)
	s.secrets = append(s.secrets, secrets...)
	return nil
}

// ownHeaders are made by HTTP itself.
var ownHeaders = map[string]bool{
	"Host": true, "Content-Length": true, "Transfer-Encoding": true, "Connection": true, "Upgrade": true, "Te": true,
	"Trailer": true, "Expect": true, "Proxy-Authorization": true, "Proxy-Connection": true, "Keep-Alive": true,
}

// headers reads lines of "Name: value"; empty ones and those that begin with # count for nothing.
func (s *shown) headers(e *Entry) error {
	body, err := read(e.HeaderFile)
	if err != nil {
		return e.problem("headerFile", "%s", err)
	}
	n := 0
	for l := range strings.Lines(string(body)) {
		n++
		l = strings.TrimSpace(l)
		if l == "" || l[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(l, ":")
		name, value = http.CanonicalHeaderKey(strings.TrimSpace(name)), strings.TrimSpace(value)
		switch {
		case !ok || value == "" || !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value):
			return e.problem("headerFile", "line %d of the file: expected Name: value", n)
		case ownHeaders[name]:
			return e.problem("headerFile", "line %d of the file: this header is made by HTTP itself", n)
		case placeholder.Is(value):
			return e.problem("headerFile", "line %d of the file: %s", n, placeholder.Err)
		}
		s.header.Add(name, value)
		s.secrets = append(s.secrets, value)
		if _, credentials, ok := strings.Cut(value, " "); ok && name == "Authorization" {
			s.secrets = append(s.secrets, strings.TrimSpace(credentials))
		}
	}
	if len(s.header) == 0 {
		return e.problem("headerFile", "the file holds no header")
	}
	return nil
}

// tlsFiles are the contents of the files of TLS.
type tlsFiles struct{ ca, cert, key []byte }

func readTLS(e *Entry) (tlsFiles, error) {
	var f tlsFiles
	for field, file := range map[string]struct {
		path string
		into *[]byte
	}{"caFile": {e.CAFile, &f.ca}, "certFile": {e.CertFile, &f.cert}, "keyFile": {e.KeyFile, &f.key}} {
		if file.path == "" {
			continue
		}
		body, err := read(file.path)
		if err != nil {
			return f, e.problem(field, "%s", err)
		}
		*file.into = body
	}
	return f, nil
}

// config makes the settings of TLS of what was read.
func (f tlsFiles) config(e *Entry) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: e.ServerName}
	if f.ca != nil {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		c.RootCAs = pool
		if !c.RootCAs.AppendCertsFromPEM(f.ca) {
			return nil, e.problem("caFile", "expected certificates in PEM (-----BEGIN CERTIFICATE-----)")
		}
	}
	if f.key != nil {
		pair, err := tls.X509KeyPair(f.cert, f.key)
		if err != nil {
			return nil, e.problem("certFile", "expected a certificate and, in keyFile, its key in PEM: %s", strings.TrimPrefix(err.Error(), "tls: "))
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// proxyPassword reads the password for the proxy, if it wants one.
func proxyPassword(e *Entry) (string, error) {
	if e.ProxyPasswordFile == "" {
		return "", nil
	}
	return line(e, "proxyPasswordFile", e.ProxyPasswordFile)
}

// probe reads all that an entry names.
func probe(e *Entry) error {
	_, err := show(e)
	if err == nil {
		_, err = proxyPassword(e)
	}
	if err != nil {
		return err
	}
	files, err := readTLS(e)
	if err == nil {
		_, err = files.config(e)
	}
	return err
}
