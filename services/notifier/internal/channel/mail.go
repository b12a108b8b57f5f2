package channel

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strconv"
	"time"

	"github.com/wneessen/go-mail"

	"squirrly.dev/internal/netguard"
	"squirrly.dev/internal/strictyaml"
)

const (
	mailTimeout   = 15 * time.Second
	maxRecipients = 50
)

// MailSettings are those of a [Mail].
type MailSettings struct {
	LayoutSettings

	Host                           string
	Port                           int
	TLS                            MailTLS
	CAFile, Username, PasswordFile string
	From                           string
	To                             []string
}

// MailTLS is how a connection to a mail server is encrypted.
type MailTLS string

// The ways.
const (
	MailStartTLS MailTLS = "starttls" // and nothing else: a server that does not offer it is told nothing
	MailDirect   MailTLS = "tls"      // from the first byte on
	MailPlain    MailTLS = "none"     // for a server on the own machine
)

// Fields implements Settings.
func (m *MailSettings) Fields() (map[string]func(strictyaml.Value), []string) {
	const ports = 65535
	text := func(into *string) func(strictyaml.Value) { return func(v strictyaml.Value) { *into = v.Text() } }
	return map[string]func(strictyaml.Value){
		"host": text(&m.Host), "username": text(&m.Username), "password_file": text(&m.PasswordFile), "ca_file": text(&m.CAFile),
		"port": func(v strictyaml.Value) { m.Port = v.Int(1, ports) },
		"tls": func(v strictyaml.Value) {
			if m.TLS = MailTLS(v.Text()); m.port() == 0 {
				v.Wrong("expected starttls, tls or none")
			}
		},
		"from": func(v strictyaml.Value) { m.From = address(v) },
		"to": func(v strictyaml.Value) {
			for _, item := range v.Items() {
				m.To = append(m.To, address(item))
			}
			if len(m.To) == 0 || len(m.To) > maxRecipients {
				v.Wrong("expected 1 to %d addresses", maxRecipients)
			}
		},
		"template": m.field,
	}, []string{"host", "from", "to"}
}

// address reads an address such as "Squirrly <squirrly@example.com>".
func address(v strictyaml.Value) string {
	text := v.Text()
	if _, err := netmail.ParseAddress(text); err != nil {
		v.Wrong("expected an address such as squirrly@example.com")
	}
	return text
}

// port is the usual one of the way to encrypt; 0 is none that is known.
func (m *MailSettings) port() int {
	return map[MailTLS]int{"": 587, MailStartTLS: 587, MailDirect: 465, MailPlain: 25}[m.TLS]
}

// Open implements Settings.
func (m *MailSettings) Open(name string, d Deps) (Channel, error) {
	layout, err := m.layout(name, d.Logger)
	if err != nil {
		return nil, err
	}
	ch := &Mail{name: name, layout: layout, settings: *m, guard: d.Guard, tls: &tls.Config{ServerName: m.Host, MinVersion: tls.VersionTLS12}}
	if ch.settings.Port == 0 {
		ch.settings.Port = m.port()
	}
	switch {
	case (m.Username == "") != (m.PasswordFile == ""):
		return nil, errors.New("username and password_file belong together")
	case m.Username != "" && m.TLS == MailPlain:
		return nil, errors.New("a password needs tls: starttls or tls")
	case m.PasswordFile != "":
		if ch.password, err = d.Secret(m.PasswordFile); err != nil {
			return nil, err
		}
	}
	if m.CAFile != "" {
		pem, err := d.Secret(m.CAFile)
		if err != nil {
			return nil, err
		}
		ch.tls.RootCAs = x509.NewCertPool()
		if !ch.tls.RootCAs.AppendCertsFromPEM([]byte(pem)) {
			return nil, errors.New("ca_file: expected certificates as PEM")
		}
	}
	if _, err := ch.message(Message{ID: "start"}); err != nil { // addresses are checked at the start
		return nil, err
	}
	_, err = ch.client(context.Background())
	return ch, err
}

// Mail sends e-mail: one for each message, with a thread for each job and finding.
type Mail struct {
	name     string
	layout   *layout
	settings MailSettings
	password string
	tls      *tls.Config
	guard    *netguard.Guard
}

// Name implements Channel.
func (m *Mail) Name() string { return m.name }

// Send implements Channel. The Message-ID is the same at every attempt.
func (m *Mail) Send(ctx context.Context, msg Message) (Receipt, error) {
	mail, err := m.message(msg)
	if err != nil {
		return nil, err
	}
	c, err := m.client(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.DialAndSendWithContext(ctx, mail); err != nil && !mail.IsDelivered() { // who took it may be rude in the end
		return nil, mailError(err)
	}
	return nil, nil //nolint:nilnil // threads follow from the ids of findings.
}

// client is for one message: its connections end with ctx.
func (m *Mail) client(ctx context.Context) (*mail.Client, error) {
	s := m.settings
	options := []mail.Option{
		mail.WithPort(s.Port), mail.WithTimeout(mailTimeout), mail.WithTLSConfig(m.tls), mail.WithDialContextFunc(m.dial(ctx)),
	}
	switch s.TLS {
	case MailDirect:
		options = append(options, mail.WithSSL(), mail.WithTLSPolicy(mail.NoTLS)) // dial encrypts
	case MailPlain:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if s.Username != "" {
		way := mail.SMTPAuthAutoDiscover
		if s.TLS == MailDirect { // the client does not see that the connection is encrypted
			way = mail.SMTPAuthPlainNoEnc
		}
		options = append(options, mail.WithSMTPAuth(way), mail.WithUsername(s.Username), mail.WithPassword(m.password))
	}
	c, err := mail.NewClient(s.Host, options...)
	if err != nil {
		return nil, fmt.Errorf("mail server: %w", err)
	}
	return c, nil
}

// dial connects behind the guard. The connection is cut when the attempt is over.
func (m *Mail) dial(attempt context.Context) mail.DialContextFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := m.guard.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(attempt, func() { _ = conn.Close() })
		if m.settings.TLS != MailDirect {
			return conn, nil
		}
		encrypted := tls.Client(conn, m.tls)
		if err := encrypted.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, fmt.Errorf("encrypt: %w", err)
		}
		return encrypted, nil
	}
}

// mailError says what an error of a mail server means: 5yz of a message is for good, everything else is tried again.
func mailError(err error) error {
	const permanent = 5
	said := fmt.Errorf("send mail: %s", plain(err.Error(), maxRemark))
	if send, ok := errors.AsType[*mail.SendError](err); ok && send.ErrorCode()/100 == permanent {
		return fmt.Errorf("the mail server answers %s: %w: %w", strconv.Itoa(send.ErrorCode()), said, ErrRefused)
	}
	if errors.Is(err, netguard.ErrRefused) {
		return fmt.Errorf("send mail: %w", err)
	}
	return said
}
