package channel_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"io"
	"math/rand/v2"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"squirrly.dev/internal/netguard"
	"squirrly.dev/services/notifier/internal/channel"
)

// mailServer is a mail server that keeps what it takes.
type mailServer struct {
	*smtp.Server

	addr string
	ca   string // PEM

	mu     sync.Mutex
	mails  []string
	logins []string
	rcpt   error // what the next recipient is answered
	data   error // what the next message is answered
	rng    *rand.Rand
	faults int
}

// newMailServer starts one that offers STARTTLS, or speaks TLS at once.
func newMailServer(t testing.TB, direct bool) *mailServer {
	t.Helper()
	certs := httptest.NewUnstartedServer(http.NotFoundHandler())
	certs.StartTLS()
	defer certs.Close()
	m := &mailServer{ca: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certs.Certificate().Raw}))}
	m.Server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &mailSession{server: m}, nil }))
	m.Domain, m.TLSConfig, m.MaxLineLength = "localhost", certs.TLS.Clone(), 1000
	m.TLSConfig.NextProtos = nil
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.addr = l.Addr().String()
	if direct {
		l = tlsListener(l, m.TLSConfig)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = m.Serve(l) }()
	t.Cleanup(func() { _ = m.Close(); _ = l.Close(); <-done })
	return m
}

type mailSession struct{ server *mailServer }

func (s *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		s.server.logins = append(s.server.logins, user)
		if password != token {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (*mailSession) Mail(string, *smtp.MailOptions) error { return nil }
func (*mailSession) Reset()                               {}
func (*mailSession) Logout() error                        { return nil }

func (s *mailSession) Rcpt(string, *smtp.RcptOptions) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	err := s.server.rcpt
	s.server.rcpt = nil
	return err
}

func (s *mailSession) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if err = s.server.data; err != nil {
		s.server.data = nil
		return err
	}
	n := 11
	if s.server.rng != nil { // a third of the time
		n = s.server.rng.IntN(6)
	}
	if n < 2 {
		s.server.faults++
	}
	if n != 0 {
		s.server.mails = append(s.server.mails, string(b))
	}
	if n < 2 { // 1: it is taken, and nobody hears of it
		return &smtp.SMTPError{Code: 451, Message: "later"}
	}
	return nil
}

// mailTo is a channel to a server.
func mailTo(t testing.TB, addr, ca string, way channel.MailTLS) channel.Channel {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	s := &channel.MailSettings{Host: host, TLS: way, From: "Squirrly <squirrly@example.com>", To: []string{"a@example.com", "b@example.com"}}
	s.Port = number(t, port)
	d := deps()
	d.Guard = guard
	if way != channel.MailPlain {
		s.Username, s.PasswordFile, s.CAFile = "squirrly", "password", "ca"
		d.Secret = func(path string) (string, error) { return map[string]string{"password": token, "ca": ca}[path], nil }
	}
	ch, err := s.Open("mail", d)
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

// parsed is a mail, with its parts by their types.
func parsed(t testing.TB, raw string) (mail.Header, map[string]string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	typ, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	if !strings.HasPrefix(typ, "multipart/") {
		b, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		if err != nil {
			t.Fatal(err)
		}
		parts[typ] = string(b)
		return m.Header, parts
	}
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := r.NextPart() // decodes quoted-printable
		if errors.Is(err, io.EOF) {
			return m.Header, parts
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		typ, _, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		parts[typ] = string(b)
	}
}

// A mail is text and HTML, in the threads of its findings, and the same at every attempt.
func TestMail(t *testing.T) {
	for _, way := range []channel.MailTLS{channel.MailStartTLS, channel.MailDirect, channel.MailPlain} {
		t.Run(string(way), func(t *testing.T) {
			srv := newMailServer(t, way == channel.MailDirect)
			ch := mailTo(t, srv.addr, srv.ca, way)
			for range 2 {
				if _, err := ch.Send(t.Context(), news(t)); err != nil {
					t.Fatal(err)
				}
			}
			if len(srv.mails) != 2 || (len(srv.logins) == 2) != (way != channel.MailPlain) {
				t.Fatalf("%d mails, logins %v", len(srv.mails), srv.logins)
			}
			first, parts := parsed(t, srv.mails[0])
			second, _ := parsed(t, srv.mails[1])
			if id := first.Get("Message-ID"); id == "" || id != second.Get("Message-ID") || !strings.HasSuffix(id, "@example.com>") {
				t.Errorf("ids %s and %s", id, second.Get("Message-ID"))
			}
			if refs := strings.Fields(first.Get("References")); len(refs) != 3 || first.Get("In-Reply-To") != refs[0] {
				t.Errorf("threads %v, in reply to %s", refs, first.Get("In-Reply-To"))
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(first.Get("Subject"))
			if err != nil || subject != "[Squirrly] orders: New, up to 10×: A blocking wait in user code (and 2 more)" {
				t.Errorf("subject %q, %v", subject, err)
			}
			for typ, link := range map[string]string{"text/plain": "Report: https://squirrly.example/run-1", "text/html": `<a href="https://squirrly.example/run-1"`} {
				for _, want := range []string{
					link, "Vertex enrich limits the job", "Change: Use asynchronous I/O.", "Worth: up to 10x", "How sure: proven",
					"The model suggests (not verified): It looks like a throttle.", "squirrly findings dismiss aaaaaaaaaaaa --as wrong", "Kryo fallback",
				} {
					if !strings.Contains(parts[typ], want) {
						t.Errorf("%s lacks %q:\n%s", typ, want, parts[typ])
					}
				}
			}
		})
	}
}

// One finding is one thread, whatever run shows it.
func TestMail_Thread(t *testing.T) {
	srv := newMailServer(t, false)
	ch := mailTo(t, srv.addr, srv.ca, channel.MailPlain)
	m := news(t)
	m.Runs[0].Changes = m.Runs[0].Changes[:1]
	for _, id := range []string{"one", "two"} {
		m.ID = id
		if _, err := ch.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	a, _ := parsed(t, srv.mails[0])
	b, _ := parsed(t, srv.mails[1])
	if a.Get("Message-ID") == b.Get("Message-ID") || a.Get("References") != b.Get("References") || a.Get("References") == "" {
		t.Errorf("ids %s and %s, threads %s and %s", a.Get("Message-ID"), b.Get("Message-ID"), a.Get("References"), b.Get("References"))
	}
}

func TestMail_Refusals(t *testing.T) {
	srv := newMailServer(t, false)
	ch := mailTo(t, srv.addr, srv.ca, channel.MailPlain)
	for name, c := range map[string]struct {
		rcpt, data error
		refused    bool
	}{
		"no such mailbox": {rcpt: &smtp.SMTPError{Code: 550, Message: "no such user"}, refused: true},
		"too large":       {data: &smtp.SMTPError{Code: 552, Message: "too large"}, refused: true},
		"grey list":       {rcpt: &smtp.SMTPError{Code: 450, Message: "later"}},
		"disk full":       {data: &smtp.SMTPError{Code: 452, Message: "later"}},
	} {
		srv.mu.Lock()
		srv.rcpt, srv.data = c.rcpt, c.data
		srv.mu.Unlock()
		_, err := ch.Send(t.Context(), news(t))
		if err == nil || errors.Is(err, channel.ErrRefused) != c.refused {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(srv.mails) != 0 {
		t.Errorf("%d mails", len(srv.mails))
	}
	if _, err := ch.Send(t.Context(), news(t)); err != nil || len(srv.mails) != 1 {
		t.Errorf("afterwards: %v", err)
	}
}

// What is no mail server, and one that speaks to us and then does not, is a failure that is tried again.
func TestMail_Faults(t *testing.T) {
	for name, talk := range map[string]func(net.Conn){
		hangs:   func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
		closes:  func(net.Conn) {},
		garbage: func(c net.Conn) { _, _ = io.WriteString(c, "\x00\xff<html>"+token+"\r\n") },
		"endless": func(c net.Conn) {
			for _, err := io.WriteString(c, "220-x\r\n"); err == nil; {
				_, err = io.WriteString(c, "220-x\r\n")
			}
		},
		"busy": func(c net.Conn) { _, _ = io.WriteString(c, "421 too busy\r\n") },
		"no TLS": func(c net.Conn) {
			_, _ = io.WriteString(c, "220 x\r\n")
			_, _ = c.Read(make([]byte, 100))
			_, _ = io.WriteString(c, "250 x\r\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			wg.Go(func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					wg.Go(func() { defer c.Close(); talk(c) })
				}
			})
			defer func() { _ = l.Close(); wg.Wait() }()
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			began := time.Now()
			_, err = mailTo(t, l.Addr().String(), newMailServer(t, false).ca, channel.MailStartTLS).Send(ctx, news(t))
			if err == nil || errors.Is(err, channel.ErrRefused) || strings.Contains(err.Error(), token+"\r") {
				t.Errorf("got %v", err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestMail_Guarded(t *testing.T) {
	srv := newMailServer(t, false)
	guard = netguard.Outbound(false)
	defer func() { guard = netguard.Outbound(true) }()
	if _, err := mailTo(t, strings.Replace(srv.addr, "127.0.0.1", "localhost", 1), srv.ca, channel.MailPlain).Send(t.Context(), news(t)); !errors.Is(err, netguard.ErrRefused) {
		t.Errorf("got %v", err)
	}
}

func TestMail_Settings(t *testing.T) {
	good := channel.MailSettings{Host: "mail.example", From: "a@example.com", To: []string{"b@example.com"}}
	if _, err := good.Open("mail", deps()); err != nil {
		t.Error(err)
	}
	for name, wrong := range map[string]func(*channel.MailSettings){
		"password without TLS":      func(m *channel.MailSettings) { m.TLS, m.Username, m.PasswordFile = channel.MailPlain, "u", "p" },
		"user without password":     func(m *channel.MailSettings) { m.Username = "u" },
		"no certificates":           func(m *channel.MailSettings) { m.CAFile = "x" },
		"an address with a header":  func(m *channel.MailSettings) { m.From = "a@example.com\r\nBcc: b@example.com" },
		"a recipient with a header": func(m *channel.MailSettings) { m.To = []string{"a@example.com\r\nBcc: b@example.com"} },
		"no host":                   func(m *channel.MailSettings) { m.Host = "" },
	} {
		m := good
		wrong(&m)
		if _, err := m.Open("mail", deps()); err == nil || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever is in a result: no header is added, no line is too long, no tag of others is in the page.
func FuzzMail(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	srv := newMailServer(f, false)
	ch := mailTo(f, srv.addr, srv.ca, channel.MailPlain)
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := ch.Send(t.Context(), poisoned(t, s)); err != nil {
			t.Fatal(err)
		}
		srv.mu.Lock()
		raw := srv.mails[len(srv.mails)-1]
		srv.mails = nil
		srv.mu.Unlock()
		for line := range bytes.Lines([]byte(raw)) {
			if len(line) > 998+2 {
				t.Errorf("a line of %d bytes", len(line))
			}
		}
		header, parts := parsed(t, raw)
		for name := range header {
			if !strings.Contains(" Message-Id In-Reply-To References Date User-Agent X-Mailer Precedence X-Auto-Response-Suppress Subject From To Mime-Version Content-Type Content-Transfer-Encoding ", " "+name+" ") {
				t.Errorf("header %s: %v", name, header[name])
			}
		}
		harmless(t, strings.ReplaceAll(parts["text/plain"], "\r", ""))
		lower := strings.ToLower(parts["text/html"])
		for _, tag := range []string{"<script", "<img", `href="javascript`, `onerror=x>`, "<!--", "<iframe", "<h1>body"} {
			if strings.Contains(lower, tag) {
				t.Errorf("%s in the page", tag)
			}
		}
	})
}
