package natsusers_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/natsusers"
)

// TestMatrix_Operator: the same table as JWTs, on a server in operator mode, allows and refuses the same.
func TestMatrix_Operator(t *testing.T) {
	w := &world{T: t}
	all := w.table()
	o := operator{T: t, dir: t.TempDir(), keys: map[string]nkeys.KeyPair{}, jwts: map[string]string{}}
	w.urls, w.creds = []string{bustest.Configured(t, o.config(all)).ClientURL()}, o.dir
	w.admin = w.bus(admin)
	w.js = bustest.JetStream(w.admin)
	w.provision()
	t.Run("everything as everybody", func(t *testing.T) { matrix(t, w) })
	t.Run("reply subjects", func(t *testing.T) { replySubjects(t, w) })
}

// operator signs the accounts and users of a table, as nsc does.
type operator struct {
	*testing.T

	dir  string // of credentials
	keys map[string]nkeys.KeyPair
	jwts map[string]string // of accounts, by public key
}

func (o *operator) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// key makes the key of a name, once.
func (o *operator) key(name string, kind nkeys.PrefixByte) (nkeys.KeyPair, string) {
	o.Helper()
	k := o.keys[name]
	if k == nil {
		var err error
		k, err = nkeys.CreatePair(kind)
		o.must(err)
		o.keys[name] = k
	}
	public, err := k.PublicKey()
	o.must(err)
	return k, public
}

// config writes the credentials of all users, and the configuration of a server that trusts them.
func (o *operator) config(users []natsusers.User) string {
	o.Helper()
	own, public := o.key("operator", nkeys.PrefixByteOperator)
	_, system := o.key("SYS", nkeys.PrefixByteAccount)
	claims := jwt.NewOperatorClaims(public)
	claims.SystemAccount = system
	signed, err := claims.Encode(own)
	o.must(err)
	o.account("SYS", nil)
	for _, name := range []string{natsusers.Streams, natsusers.Requesters, natsusers.Subscribers} {
		o.account(name, users)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "operator: %s\nsystem_account: %s\nresolver: MEMORY\nresolver_preload: {\n", signed, system)
	for public, account := range o.jwts {
		fmt.Fprintf(&b, "  %s: %s\n", public, account)
	}
	b.WriteString("}\n")
	file := filepath.Join(o.dir, "nats.conf")
	o.must(os.WriteFile(file, []byte(b.String()), 0o600))
	return file
}

// account signs an account with its exports and imports, and its users.
func (o *operator) account(name string, users []natsusers.User) {
	o.Helper()
	_, public := o.key(name, nkeys.PrefixByteAccount)
	claims := jwt.NewAccountClaims(public)
	claims.Name = name
	if name == natsusers.Streams {
		claims.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: jwt.NoLimit, DiskStorage: jwt.NoLimit, Streams: jwt.NoLimit, Consumer: jwt.NoLimit}
	}
	_, streams := o.key(natsusers.Streams, nkeys.PrefixByteAccount)
	exported, imported := map[natsusers.Import]bool{}, map[natsusers.Import]bool{}
	for _, u := range users {
		for _, i := range u.Imports {
			kind := jwt.Stream
			if i.Service {
				kind = jwt.Service
			}
			if name == natsusers.Streams && !exported[i] {
				e := &jwt.Export{Name: i.Subject, Subject: jwt.Subject(i.Subject), Type: kind}
				if i.Many {
					e.ResponseType = jwt.ResponseTypeStream
				}
				claims.Exports.Add(e)
				exported[i] = true
			}
			if name == u.Account && !imported[i] {
				claims.Imports.Add(&jwt.Import{
					Name: i.Subject, Subject: jwt.Subject(i.Subject), Account: streams, LocalSubject: jwt.RenamingSubject(i.To), Type: kind,
				})
				imported[i] = true
			}
		}
		if u.Account == name {
			o.role(u, claims)
		}
	}
	own, _ := o.key("operator", nkeys.PrefixByteOperator)
	signed, err := claims.Encode(own)
	o.must(err)
	o.jwts[public] = signed
}

// role signs the user of a role. What it may do stands in the account, as what its signing key may give: in the JWT of the user
// it would be longer than a line of the protocol.
func (o *operator) role(u natsusers.User, claims *jwt.AccountClaims) {
	o.Helper()
	signer, signing := o.key("role "+u.Name, nkeys.PrefixByteAccount)
	scope := jwt.NewUserScope()
	scope.Key, scope.Role = signing, u.Name
	scope.Template.Pub.Allow, scope.Template.Sub.Allow = u.Publish, u.Subscribe
	claims.SigningKeys.AddScopedSigner(scope)

	key, public := o.key("user "+u.Name, nkeys.PrefixByteUser)
	own := jwt.NewUserClaims(public)
	own.Name, own.IssuerAccount = u.Name, claims.Subject
	own.SetScoped(true)
	signed, err := own.Encode(signer)
	o.must(err)
	seed, err := key.Seed()
	o.must(err)
	creds, err := jwt.FormatUserConfig(signed, seed)
	o.must(err)
	o.must(os.WriteFile(credentials(o.dir, u.Name), creds, 0o600))
}

func credentials(dir, user string) string { return filepath.Join(dir, user+".creds") }
