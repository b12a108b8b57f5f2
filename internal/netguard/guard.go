// Package netguard decides which addresses a process may connect to, where the address comes from somebody else: the
// URL of a Flink cluster, the endpoint of a webhook.
//
// The decision falls when the connection is made, after the name is resolved, so that a name which changes its
// address in between gains nothing. Link-local and metadata addresses are never reached. Authentication and the
// meaning of a URL do not belong here.
package netguard

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// ErrRefused says that a guard does not allow an address.
var ErrRefused = errors.New("address is not allowed")

// Guard is a policy about addresses. It is immutable and safe for concurrent use.
type Guard struct {
	hosts []host                 // allowed by name, wherever the name leads
	allow func(netip.Addr) error // decides about everything else; nil refuses
	hint  string                 // how to have the policy changed
}

// Flink guards the way to Flink clusters. In a cluster it allows what the list names: hosts ("flink.example",
// "*.flink.svc", with or without ":8081"), addresses and networks ("10.0.0.0/8"), and "*" for everything; an empty
// list allows nothing but what [Guard.Plus] adds. For a local user any address is allowed. In both cases link-local
// and metadata addresses are refused.
func Flink(allow []string, local bool) (*Guard, error) {
	g := &Guard{hint: "see SQUIRRLY_FLINK_ALLOW"}
	var networks prefixes
	for _, entry := range allow {
		entry = strings.TrimSpace(entry)
		if entry == "*" {
			local = true
			continue
		}
		if p, ok := network(entry); ok {
			networks = append(networks, p)
			continue
		}
		h, err := parseHost(entry)
		if err != nil {
			return nil, fmt.Errorf("allow-list entry %q: %w", entry, err)
		}
		g.hosts = append(g.hosts, h)
	}
	switch {
	case local:
		g.allow = func(netip.Addr) error { return nil }
	case len(networks) > 0:
		g.allow = networks.check
	}
	return g, nil
}

// Outbound guards the way to endpoints that users name, such as webhooks. It allows public addresses, and with
// allowPrivate those of the own networks and this machine, but never link-local and metadata addresses.
func Outbound(allowPrivate bool) *Guard {
	options := []ssrf.Option{ssrf.WithAnyPort()}
	if allowPrivate {
		options = append(options, ssrf.WithAllowedV4Prefixes(privateV4...), ssrf.WithAllowedV6Prefixes(privateV6...))
	}
	return &Guard{allow: ssrf.New(options...).SafeAddr, hint: "see SQUIRRLY_OUTBOUND_PRIVATE"}
}

// Plus returns a guard that also allows the named hosts, which a trusted party resolved, for example [RestHosts].
func (g *Guard) Plus(names ...string) *Guard {
	more := *g
	more.hosts = append([]host(nil), g.hosts...)
	for _, name := range names {
		more.hosts = append(more.hosts, host{name: canonical(name)})
	}
	return &more
}

// RestHosts are the names of the REST service of a FlinkDeployment inside its Kubernetes cluster: none if a part is
// not a DNS label, since a namespace with a dot in it would name a host elsewhere.
func RestHosts(deployment, namespace string) []string {
	if !isLabel(deployment) || !isLabel(namespace) {
		return nil
	}
	name := deployment + "-rest." + namespace
	return []string{name, name + ".svc", name + ".svc.cluster.local"}
}

// CheckURL refuses a URL as early as that can be done without resolving its name. The error wraps [ErrRefused].
func (g *Guard) CheckURL(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Hostname() == "":
		return fmt.Errorf("%w: not a URL", ErrRefused)
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%w: scheme %q", ErrRefused, u.Scheme)
	case u.User != nil:
		return fmt.Errorf("%w: the URL holds credentials", ErrRefused)
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil {
		return g.checkAddr(addr, g.names(u.Hostname(), port))
	}
	if g.allow == nil && !g.names(u.Hostname(), port) {
		return g.refuse(u.Host, "it is not in the allow-list")
	}
	return nil
}

// DialContext connects like net.Dialer, but only to addresses that the guard allows.
func (g *Guard) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	name, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	named := g.names(name, port)
	if g.allow == nil && !named {
		return nil, g.refuse(address, "it is not in the allow-list") // before the name is even looked up
	}
	dialer := net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	dialer.ControlContext = func(_ context.Context, _, resolved string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(resolved)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrRefused, err)
		}
		return g.checkAddr(ap.Addr(), named)
	}
	return dialer.DialContext(ctx, network, address) //nolint:wrapcheck // net.OpError says it all.
}

// Transport is an HTTP transport behind the guard. It uses no proxy, since a proxy would resolve names out of sight.
func (g *Guard) Transport() *http.Transport {
	return &http.Transport{
		DialContext:           g.DialContext,
		MaxIdleConns:          32,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: time.Minute,
	}
}

// checkAddr decides about a resolved address; named says that its host is in the allow-list.
func (g *Guard) checkAddr(addr netip.Addr, named bool) error {
	addr = addr.WithZone("").Unmap()
	if reason := forbidden(addr); reason != "" {
		return g.refuse(addr.String(), reason)
	}
	switch {
	case named:
		return nil
	case g.allow == nil:
		return g.refuse(addr.String(), "it is not in the allow-list")
	}
	if err := g.allow(addr); err != nil {
		return fmt.Errorf("%w: %w (%s)", ErrRefused, err, g.hint)
	}
	return nil
}

func (g *Guard) refuse(what, why string) error {
	return fmt.Errorf("%w: %s: %s (%s)", ErrRefused, what, why, g.hint)
}
