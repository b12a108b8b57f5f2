package cli

import (
	"errors"
	"reflect"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/strictyaml"
)

// flinkFlags say how Flink is reached where this process talks to it.
type flinkFlags struct {
	file  string
	entry access.Entry
}

// add adds the flags for one target.
func (f *flinkFlags) add(c *cobra.Command) {
	f.addFile(c)
	flags := c.Flags()
	flags.StringVar(&f.entry.CAFile, "flink-ca-file", "", "PEM `FILE` with certificates of authorities to trust besides the system's")
	flags.StringVar(&f.entry.CertFile, "flink-cert-file", "", "PEM `FILE` with a client certificate")
	flags.StringVar(&f.entry.KeyFile, "flink-key-file", "", "PEM `FILE` with its key")
	flags.StringVar(&f.entry.ServerName, "flink-server-name", "", "`NAME` to expect in the server's certificate (default: the host of the URL)")
	flags.StringVar(&f.entry.TokenFile, "flink-token-file", "", "`FILE` with a bearer token")
	flags.StringVar(&f.entry.User, "flink-user", "", "`NAME` for basic authentication")
	flags.StringVar(&f.entry.PasswordFile, "flink-password-file", "", "`FILE` with the password of --flink-user")
	flags.StringVar(&f.entry.HeaderFile, "flink-header-file", "", "`FILE` with headers to send, a line of \"Name: value\" each")
	flags.StringVar(&f.entry.Proxy, "flink-proxy", "", "`URL` of an http or socks5 proxy to Flink")
	flags.StringVar(&f.entry.ProxyUser, "flink-proxy-user", "", "`NAME` for the proxy")
	flags.StringVar(&f.entry.ProxyPasswordFile, "flink-proxy-password-file", "", "`FILE` with the password of --flink-proxy-user")
}

// addFile adds the flag for many targets alone.
func (f *flinkFlags) addFile(c *cobra.Command) {
	c.Flags().StringVar(&f.file, "flink-access", "", "YAML `FILE` that says what is shown to which Flink cluster (env SQUIRRLY_FLINK_ACCESS)")
}

// one reports whether the flags for one target are given.
func (f *flinkFlags) one() bool { return !reflect.DeepEqual(f.entry, access.Entry{}) }

// entries are those of the flags, which go before the file.
func (f *flinkFlags) entries() ([]access.Entry, error) {
	if !f.one() {
		return nil, nil
	}
	e := f.entry
	e.Name = "the --flink flags"
	e, err := access.ForAll(e)
	if p, ok := errors.AsType[strictyaml.Problem](err); ok {
		return nil, usage("%s: %s", flagOf(p.Field), p.Text)
	}
	return []access.Entry{e}, err
}

// flagOf is the flag of a field: --flink-ca-file of caFile.
func flagOf(field string) string {
	var b strings.Builder
	for _, r := range field {
		if unicode.IsUpper(r) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return "--flink-" + b.String()
}
