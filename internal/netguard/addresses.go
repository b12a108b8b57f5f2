package netguard

import (
	"errors"
	"net/netip"
	"slices"
)

// prefixes is a list of networks.
type prefixes []netip.Prefix

var errNotListed = errors.New("not in the allow-list")

func (ps prefixes) contain(a netip.Addr) bool {
	return slices.ContainsFunc(ps, func(p netip.Prefix) bool { return p.Contains(a) })
}

func (ps prefixes) check(a netip.Addr) error {
	if !ps.contain(a) {
		return errNotListed
	}
	return nil
}

func mustPrefixes(texts ...string) prefixes {
	ps := make(prefixes, 0, len(texts))
	for _, t := range texts {
		ps = append(ps, netip.MustParsePrefix(t))
	}
	return ps
}

var (
	privateV4 = mustPrefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8")
	privateV6 = mustPrefixes("fc00::/7", "::1/128")

	// metadata are addresses where clouds tell a machine its credentials, outside of the link-local networks.
	metadata = mustPrefixes(
		"100.100.100.200/32", // Alibaba
		"168.63.129.16/32",   // Azure
		"192.0.0.192/32",     // Oracle
		"fd00:ec2::/32",      // AWS
		"fd20:ce::/32",       // Google
	)
	// translated are IPv6 networks that lead to the IPv4 address in their last four bytes.
	translated = mustPrefixes("64:ff9b::/96", "::/96")
	// sixToFour leads to the IPv4 address behind its first two bytes.
	sixToFour = netip.MustParsePrefix("2002::/16")
	// localNAT64 leads to IPv4 addresses in a way that only its own network knows.
	localNAT64 = netip.MustParsePrefix("64:ff9b:1::/48")
)

// forbidden says why an address is never reached, or nothing.
func forbidden(a netip.Addr) string {
	switch {
	case a.IsLoopback():
		return ""
	case a.IsLinkLocalUnicast():
		return "it is link-local"
	case metadata.contain(a):
		return "it is a metadata service"
	case a.IsMulticast() || a.IsUnspecified():
		return "it is not the address of one machine"
	case localNAT64.Contains(a):
		return "it is a translated address"
	}
	if inner, ok := embedded(a); ok {
		return forbidden(inner)
	}
	return ""
}

// embedded is the IPv4 address that an IPv6 address leads to.
func embedded(a netip.Addr) (netip.Addr, bool) {
	if !a.Is6() {
		return netip.Addr{}, false
	}
	b := a.As16()
	switch {
	case translated.contain(a):
		return netip.AddrFrom4([4]byte(b[12:16])), true
	case sixToFour.Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	}
	return netip.Addr{}, false
}
