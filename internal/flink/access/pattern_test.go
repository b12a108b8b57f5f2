package access

import (
	"net/url"
	"testing"
)

func TestPattern(t *testing.T) {
	for pattern, urls := range map[string]map[string]bool{
		"https://flink.example.com/orders": {
			"https://flink.example.com/orders": true, "https://FLINK.example.com.:443/orders/": true, "https://flink.example.com/orders/x": true,
			"http://flink.example.com/orders": false, "https://flink.example.com": false, "https://flink.example.com/orders2": false,
			"https://flink.example.com:8443/orders": false, "https://evil.example.com/orders": false,
			"https://flink.example.com/orders/../admin": false, "https://flink.example.com/orders/%2e%2e/admin": false,
			`https://flink.example.com/orders/..%5cadmin`: false, "https://flink.example.com.evil.org/orders": false,
		},
		"flink.example.com": { // in clear text only if the pattern says so
			"https://flink.example.com": true, "http://flink.example.com": false, "http://flink.example.com:443": false,
			"https://flink.example.com:8443": false,
		},
		"http://jobmanager:8081": {"http://jobmanager:8081": true, "https://jobmanager:8081": false, "http://jobmanager": false},
		"*.flink.svc:8443": {
			"https://orders-rest.flink.svc:8443": true, "https://a.b.flink.svc:8443/x": true, "https://flink.svc:8443": false,
			"https://.flink.svc:8443": false, "https://xflink.svc:8443": false, "https://orders-rest.flink.svc": false,
		},
		"https://[fd00::1]:8443": {"https://[fd00::1]:8443": true, "https://[fd00::2]:8443": false},
		"*":                      {"http://a": true, "https://b:1/c": true},
	} {
		p, err := parsePattern(pattern)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
		}
		for raw, want := range urls {
			u, err := url.Parse(raw)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.matches(u); got != want {
				t.Errorf("%s matches %s: %v", pattern, raw, got)
			}
		}
	}
}
