package flink

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// What can stand between this client and Flink, for errors.Is: gateways, TLS and proxies.
var (
	// ErrUnauthorized is an answer 401: the server wants other credentials than it got.
	ErrUnauthorized = errors.New("the server wants credentials")
	// ErrForbids is an answer 403, which no Flink gives: a gateway does not allow the call.
	ErrForbids = errors.New("the server does not allow it")
	// ErrMethodRefused is an answer 405 or 501, which no Flink gives to these calls: a gateway that is read-only.
	ErrMethodRefused = errors.New("the server does not take this method")
	// ErrKerberos is an answer 401 that asks for nothing but Kerberos or NTLM.
	ErrKerberos = errors.New("the server wants Kerberos")
	// ErrRedirects is an answer that sends the caller to another place, which is not followed with credentials in hand.
	ErrRedirects = errors.New("the server redirects")
	// ErrLoginPage is a page for people where Flink gives JSON.
	ErrLoginPage = errors.New("a page for people answers, not Flink")

	// ErrTLSUntrusted is a certificate of the server by an authority that is not known here.
	ErrTLSUntrusted = errors.New("the certificate of the server is not trusted")
	// ErrTLSWrongName is a certificate of the server that holds other names.
	ErrTLSWrongName = errors.New("the certificate of the server is for another name")
	// ErrTLSExpired is a certificate of the server whose time is over, or has not come.
	ErrTLSExpired = errors.New("the certificate of the server is not valid now")
	// ErrTLSClientCertificate is a server that wants a certificate of the client, or another one than it got.
	ErrTLSClientCertificate = errors.New("the server wants a client certificate")
	// ErrTLSFailed is any other failure of TLS, often http where the server speaks https or the other way round.
	ErrTLSFailed = errors.New("TLS failed")

	// ErrProxyUnreachable is a proxy that cannot be reached, or that does not reach Flink. It is also an ErrUnavailable.
	ErrProxyUnreachable = errors.New("the way through the proxy failed")
	// ErrProxyRefuses is a proxy that wants credentials or does not allow the way.
	ErrProxyRefuses = errors.New("the proxy refuses")

	// ErrAccess is what the caller's transport says when it cannot read what it should show to the server: somebody has to mend it,
	// unless the file is being written anew just now.
	ErrAccess = errors.New("the way in is not configured as it should")
)

// ProxyAnswer is what a transport says when a proxy answers a CONNECT with another status than 200.
type ProxyAnswer struct{ Status int }

// Error implements error.
func (p ProxyAnswer) Error() string { return fmt.Sprintf("it answers HTTP %d", p.Status) }

// implied is the wider kind that a kind also is, or nil.
func implied(kind error) error {
	if errors.Is(kind, ErrProxyUnreachable) || errors.Is(kind, ErrTaskManagerSilent) {
		return ErrUnavailable
	}
	return nil
}

// unreached is a call that got no answer.
func (r call) unreached(err error) *Error {
	err = withoutURL(err)
	return r.failed(0, kindOf(err), err)
}

// kindOf sorts an error of the transport.
func kindOf(err error) error {
	if proxy, ok := errors.AsType[ProxyAnswer](err); ok {
		if proxy.Status == http.StatusProxyAuthRequired || proxy.Status == http.StatusForbidden || proxy.Status == http.StatusUnauthorized {
			return ErrProxyRefuses
		}
		return ErrProxyUnreachable
	}
	op, isOp := errors.AsType[*net.OpError](err)
	switch {
	case errors.Is(err, ErrTLSClientCertificate): // the transport has seen more than the alert says
		return ErrTLSClientCertificate
	case errors.Is(err, ErrAccess):
		return ErrAccess
	case isOp && (op.Op == "proxyconnect" || strings.HasPrefix(op.Op, "socks")):
		return ErrProxyUnreachable
	case errors.Is(err, http.ErrSchemeMismatch), errors.Is(err, ErrTLSFailed):
		return ErrTLSFailed
	case strings.Contains(err.Error(), `malformed HTTP response "\x15\x03`): // an alert of TLS
		return ErrTLSFailed
	case isOp && op.Op == "remote error":
		return alertKind(op.Err.Error())
	}
	return certificateKind(err)
}

// certificateKind sorts what is wrong with the certificate of the server.
func certificateKind(err error) error {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return ErrTLSUntrusted
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return ErrTLSWrongName
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		if invalid.Reason == x509.Expired {
			return ErrTLSExpired
		}
		return ErrTLSFailed
	}
	_, verification := errors.AsType[*tls.CertificateVerificationError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	if verification || record || strings.Contains(err.Error(), "tls: ") {
		return ErrTLSFailed
	}
	return ErrUnavailable
}

// alertKind sorts what the server says about the handshake, in the words of crypto/tls. Servers say "handshake failure" too
// when a client certificate is missing, and when no version or cipher fits: it stays open which.
func alertKind(alert string) error {
	for _, certificate := range []string{
		"certificate required", "bad certificate", "unknown certificate", "unsupported certificate", "expired certificate",
		"revoked certificate", "access denied",
	} {
		if strings.Contains(alert, certificate) {
			return ErrTLSClientCertificate
		}
	}
	return ErrTLSFailed
}

// deniedKind sorts an answer that a gateway gives and Flink does not, or is nil. text is the body.
func deniedKind(res *http.Response, text string) error {
	switch status := res.StatusCode; {
	case status >= 300 && status < 400:
		return ErrRedirects
	case status == http.StatusUnauthorized && onlyKerberos(res.Header):
		return ErrKerberos
	case status == http.StatusUnauthorized:
		return ErrUnauthorized
	case status == http.StatusForbidden:
		return ErrForbids
	case status == http.StatusMethodNotAllowed, status == http.StatusNotImplemented:
		return ErrMethodRefused
	case status == http.StatusProxyAuthRequired:
		return ErrProxyRefuses
	case status != http.StatusBadRequest:
		return nil
	case strings.Contains(text, "SSL certificate"): // nginx: "No required SSL certificate was sent", "The SSL certificate error"
		return ErrTLSClientCertificate
	case strings.Contains(text, "HTTP request to an HTTPS server"), strings.Contains(text, "HTTP request was sent to HTTPS port"),
		strings.Contains(text, "requires TLS"):
		return ErrTLSFailed
	}
	return nil
}

// onlyKerberos reports whether a server asks for Kerberos or NTLM and offers nothing beside.
func onlyKerberos(h http.Header) bool {
	asks := false
	for _, challenge := range h.Values("WWW-Authenticate") {
		scheme, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(challenge)), " ")
		if !slices.Contains([]string{"negotiate", "kerberos", "ntlm"}, strings.TrimSuffix(scheme, ",")) {
			return false
		}
		asks = true
	}
	return asks
}

// whereTo says where an answer redirects to: without user and query, which may hold credentials.
func whereTo(res *http.Response) string {
	u, err := res.Location()
	if err != nil {
		return "to nowhere"
	}
	return "to " + shorten((&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String(), maxShown)
}

// CheckRedirect is for http.Client: it follows a server that sends a GET on to itself, at most three times. Any other
// redirect is the answer, and becomes [ErrRedirects]: credentials go to nobody else, and a POST never becomes a GET.
func CheckRedirect(r *http.Request, via []*http.Request) error {
	const most = 3
	first := via[0]
	if first.Method != http.MethodGet || r.URL.Scheme != first.URL.Scheme || r.URL.Host != first.URL.Host || len(via) > most {
		return http.ErrUseLastResponse
	}
	return nil
}

var login = regexp.MustCompile(`(?i)type=["']?password|sign[ -]?in\b|log[ -]?in\b|oauth|saml`)

// IsLogin reports whether a body is HTML that asks people who they are. It is for what is HTML anyway, such as a profile.
func IsLogin(body []byte) bool { return isPage(body) && login.Match(body) }

// isPage reports whether a body is HTML.
func isPage(body []byte) bool {
	start := strings.ToLower(strings.TrimLeft(strings.TrimPrefix(string(body[:min(len(body), 512)]), "\ufeff"), " \t\r\n"))
	return strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html") || strings.HasPrefix(start, "<head") ||
		strings.HasPrefix(start, "<!--") || strings.HasPrefix(start, "<body")
}
