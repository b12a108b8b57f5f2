package netguard

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// host is one entry of an allow-list that is a name.
type host struct {
	name   string // lower case, without a final dot; for a suffix it begins with a dot
	suffix bool
	port   string // empty is any
}

// parseHost reads "name", "*.suffix" or an address, each with or without a port.
func parseHost(entry string) (host, error) {
	name, port, err := net.SplitHostPort(entry)
	if err != nil {
		name, port = entry, ""
	}
	name = canonical(strings.Trim(name, "[]"))
	suffix := strings.HasPrefix(name, "*.")
	if suffix {
		name = name[1:]
	}
	_, portErr := strconv.ParseUint(port, 10, 16)
	if name == "" || name == "." || strings.ContainsAny(name, "*/@ ?#") || port != "" && portErr != nil {
		return host{}, errors.New("expected a host, host:port, *.suffix, address or network")
	}
	return host{name: name, suffix: suffix, port: port}, nil
}

// network reads a network or a bare address.
func network(entry string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(entry); err == nil {
		return p.Masked(), true
	}
	if a, err := netip.ParseAddr(entry); err == nil {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	return netip.Prefix{}, false
}

// names reports whether the allow-list holds the host by name.
func (g *Guard) names(name, port string) bool {
	name = canonical(name)
	for _, h := range g.hosts {
		match := h.name == name || h.suffix && strings.HasSuffix(name, h.name)
		if match && (h.port == "" || h.port == port) {
			return true
		}
	}
	return false
}

// isLabel reports whether a name is a DNS label as Kubernetes has them.
func isLabel(name string) bool {
	return name != "" && len(name) <= 63 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" &&
		name[0] != '-' && name[len(name)-1] != '-'
}

func canonical(name string) string { return strings.TrimSuffix(strings.ToLower(name), ".") }
