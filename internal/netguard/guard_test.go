package netguard_test

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"squirrly.dev/internal/netguard"
)

func flink(t *testing.T, local bool, allow ...string) *netguard.Guard {
	t.Helper()
	g, err := netguard.Flink(allow, local)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestCheckURL(t *testing.T) {
	guards := map[string]*netguard.Guard{
		"local":    flink(t, true),
		"cluster":  flink(t, false),
		"list":     flink(t, false, "flink.example", "*.flink.svc", "jm:8081", "10.1.0.0/16", "::1", "[fd01::1]:8081"),
		"all":      flink(t, false, "*"),
		"resolved": flink(t, false).Plus(netguard.RestHosts("orders", "prod")...),
		"public":   netguard.Outbound(false),
		"private":  netguard.Outbound(true),
	}
	for _, c := range []struct {
		url   string
		allow string // the guards that let it pass, or leave it to the dial
	}{
		{"http://localhost:8081", "local list all public private"},
		{"http://127.0.0.1:8081", "local all private"},
		{"http://[::1]:8081", "local list all private"},
		{"http://10.1.2.3:8081", "local list all private"},
		{"http://10.2.2.3:8081", "local all private"},
		{"http://[fd01::1]:8081", "local list all private"},
		{"http://[fd01::1]:9090", "local all private"},
		{"https://hooks.example", "local list all public private"},
		{"https://93.184.215.14", "local all public private"},
		{"https://[2606:4700::1111]", "local all public private"},
		{"http://orders-rest.prod:8081", "local list all resolved public private"},
		{"http://ORDERS-rest.prod.svc.cluster.local.:8081", "local list all resolved public private"},

		{"http://169.254.169.254/latest/meta-data", ""},
		{"http://[fe80::1]:8081", ""},
		{"http://[fe80::1%25eth0]:8081", ""},
		{"http://[fd00:ec2::254]/", ""},
		{"http://[fd20:ce::254]/", ""},
		{"http://100.100.100.200/", ""},
		{"http://168.63.129.16/", ""},
		{"http://[::ffff:169.254.169.254]/", ""},
		{"http://[64:ff9b::a9fe:a9fe]/", ""},
		{"http://[64:ff9b:1::a9fe:a9fe]/", ""},
		{"http://[2002:a9fe:a9fe::1]/", ""},
		{"http://[::169.254.169.254]/", ""},
		{"http://0.0.0.0:8081", ""},
		{"http://[::]:8081", ""},
		{"http://224.0.0.1", ""},
		{"ftp://flink.example", ""},
		{"http://user:pass@flink.example", ""},
		{"flink.example:8081", ""},
		{"http://", ""},
		{"", ""},
	} {
		for name, g := range guards {
			err := g.CheckURL(c.url)
			if want := strings.Contains(" "+c.allow+" ", " "+name+" "); want != (err == nil) {
				t.Errorf("%s: %s gives %v", name, c.url, err)
			}
			if err != nil && !errors.Is(err, netguard.ErrRefused) {
				t.Errorf("%s: %s gives another error: %v", name, c.url, err)
			}
			if err != nil && strings.Contains(err.Error(), "pass") {
				t.Errorf("the error tells the password: %v", err)
			}
		}
	}
}

func TestNamesInTheList(t *testing.T) {
	g := flink(t, false, "flink.example", "*.flink.svc", "jm:8081")
	for url, want := range map[string]bool{
		"http://flink.example:1":        true,
		"http://x.flink.example":        false,
		"http://a.b.flink.svc":          true,
		"http://flink.svc":              false,
		"http://evilflink.svc":          false,
		"http://jm:8081":                true,
		"http://jm":                     false,
		"http://flink.example.evil.com": false,
	} {
		if err := g.CheckURL(url); want != (err == nil) {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestRestHosts(t *testing.T) {
	if got := netguard.RestHosts("orders", "prod"); len(got) != 3 || got[0] != "orders-rest.prod" {
		t.Errorf("got %v", got)
	}
	for _, c := range [][2]string{{"a", "evil.com"}, {"evil.com/", "ns"}, {"", "ns"}, {"a", ""}, {"A", "ns"}, {"-a", "ns"}, {"a", "x.y"}} {
		if got := netguard.RestHosts(c[0], c[1]); got != nil {
			t.Errorf("%q gives %v", c, got)
		}
	}
}

func TestFlinkRefusesBadEntries(t *testing.T) {
	for _, entry := range []string{"", " ", "*.", "a*b", "http://host", "10.0.0.0/99", "user@host"} {
		if _, err := netguard.Flink([]string{entry}, false); err == nil {
			t.Errorf("entry %q was accepted", entry)
		}
	}
}

// TestDial connects to a real server by a name, so that the decision falls on the resolved address.
func TestDial(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer srv.Close()
	_, port, err := net.SplitHostPort(srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		guard *netguard.Guard
		ok    bool
	}{
		"local":                {flink(t, true), true},
		"by name":              {flink(t, false, "localhost"), true},
		"by name and port":     {flink(t, false, "localhost:"+port), true},
		"by address":           {flink(t, false, "127.0.0.0/8"), true},
		"resolved":             {flink(t, false).Plus("localhost"), true},
		"private":              {netguard.Outbound(true), true},
		"nothing listed":       {flink(t, false), false},
		"another port":         {flink(t, false, "localhost:1"), false},
		"another network":      {flink(t, false, "10.0.0.0/8"), false},
		"leads inside (hooks)": {netguard.Outbound(false), false},
	} {
		t.Run(name, func(t *testing.T) {
			client := http.Client{Transport: c.guard.Transport()}
			defer client.CloseIdleConnections()
			resp, err := client.Get("http://localhost:" + port)
			if err == nil {
				resp.Body.Close()
			}
			if c.ok != (err == nil) || err != nil && !errors.Is(err, netguard.ErrRefused) {
				t.Errorf("got %v", err)
			}
		})
	}
}
