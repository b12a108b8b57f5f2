// Package reach gives the reason code of an error of Flink's client that says why Flink is not reached: who stands in
// between, and what to do. Whoever asks Flink, before a run or within one, names the same reason.
package reach

import (
	"errors"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/netguard"
	"squirrly.dev/pkg/events"
)

// reasons are tried in order: the wider ones are last.
var reasons = []struct {
	kind error
	code events.Code
}{
	{netguard.ErrRefused, events.CodeForbidden},
	{flink.ErrUnauthorized, events.CodeUnauthorized},
	{flink.ErrForbids, events.CodeTargetForbids},
	{flink.ErrMethodRefused, events.CodeMethodRefused},
	{flink.ErrKerberos, events.CodeKerberos},
	{flink.ErrRedirects, events.CodeRedirects},
	{flink.ErrLoginPage, events.CodeLoginPage},
	{flink.ErrTLSUntrusted, events.CodeTLSUntrusted},
	{flink.ErrTLSWrongName, events.CodeTLSWrongName},
	{flink.ErrTLSExpired, events.CodeTLSExpired},
	{flink.ErrTLSClientCertificate, events.CodeTLSClientCert},
	{flink.ErrTLSFailed, events.CodeTLSFailed},
	{flink.ErrProxyRefuses, events.CodeProxyRefuses},
	{flink.ErrProxyUnreachable, events.CodeProxyUnreachable},
	{flink.ErrAccess, events.CodeAccessBroken},
	{flink.ErrUnavailable, events.CodeUnreachable},
}

// Code is why Flink is not reached; ok is false for an error that says something else, or nothing about Flink. An error that
// errors.Is(err, flink.ErrUnavailable) may pass; any other stays until somebody acts.
func Code(err error) (code events.Code, ok bool) {
	for _, r := range reasons {
		if errors.Is(err, r.kind) {
			return r.code, true
		}
	}
	return "", false
}
