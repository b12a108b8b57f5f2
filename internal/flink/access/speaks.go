package access

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"squirrly.dev/internal/flink"
)

// speaksTLS is a call in clear text to a port that speaks TLS, and that has ended the connection without a word.
type speaksTLS struct{ err error }

// Error implements error.
func (e speaksTLS) Error() string {
	return e.err.Error() + "; the port speaks TLS: the URL begins with https"
}

// Is implements errors.Is.
func (e speaksTLS) Is(target error) bool { return target == flink.ErrTLSFailed }

// Unwrap gives access to the cause.
func (e speaksTLS) Unwrap() error { return e.err }

// hungUp reports whether the server has ended the connection in the place of an answer.
func hungUp(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// sayTLS looks whether the port speaks TLS that hung up on a call in clear text: nothing is sent but the hello of TLS.
func (w *way) sayTLS(ctx context.Context, t *http.Transport, to *url.URL, err error) error {
	const patience = 2 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	port := to.Port()
	if port == "" {
		port = "80"
	}
	conn, dialErr := t.DialContext(ctx, "tcp", net.JoinHostPort(to.Hostname(), port))
	if dialErr != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	var spoke bool
	c := tls.Client(conn, &tls.Config{
		MinVersion: tls.VersionTLS12, ServerName: w.base.Hostname(),
		VerifyConnection: func(tls.ConnectionState) error { spoke = true; return errOnlyLooked },
	})
	handshake := c.HandshakeContext(ctx)
	op, isOp := errors.AsType[*net.OpError](handshake)
	_, verified := errors.AsType[*tls.CertificateVerificationError](handshake)
	if spoke || verified || isOp && op.Op == "remote error" {
		return speaksTLS{err}
	}
	return err
}

var errOnlyLooked = errors.New("only looked whether it speaks TLS")
