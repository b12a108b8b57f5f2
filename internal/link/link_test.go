package link_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/link"
)

var (
	now = time.Unix(1_770_000_000, 0)
	cfg = link.Config{Key: daemon.Secret("0123456789abcdef"), TTL: time.Hour}
)

func TestReport(t *testing.T) {
	for base, want := range map[string]string{
		"":                            "",
		"https://squirrly.example":    "https://squirrly.example/v1/runs/r1/report",
		"https://a.example/squirrly/": "https://a.example/squirrly/v1/runs/r1/report",
		"https://a.example/read/{run}?format=markdown": "https://a.example/read/r1?format=markdown",
	} {
		if got := (link.Config{}).Report(base, "r1", now); got != want {
			t.Errorf("%s without a key: %s", base, got)
		}
		signed := cfg.Report(base, "r1", now)
		if link.Plain(signed) != want {
			t.Errorf("%s: %s without its proof is %s", base, signed, link.Plain(signed))
		}
		if base == "" {
			continue
		}
		u, err := url.Parse(signed)
		if err != nil {
			t.Fatal(err)
		}
		if until, err := cfg.Check("r1", u.Query().Get(link.Parameter), now); err != nil || !until.Equal(now.Add(time.Hour)) {
			t.Errorf("%s: until %s, %v", signed, until, err)
		}
	}
}

func TestCheck(t *testing.T) {
	proof := cfg.Sign("r1", now.Add(time.Hour))
	if _, err := cfg.Check("r1", proof, now.Add(59*time.Minute)); err != nil {
		t.Error(err)
	}
	if _, err := cfg.Check("r1", proof, now.Add(time.Hour)); !errors.Is(err, link.ErrExpired) {
		t.Errorf("after its time: %v", err)
	}
	end, mac, _ := strings.Cut(proof, ".")
	other := link.Config{Key: daemon.Secret("fedcba9876543210")}
	for name, c := range map[string]struct {
		by         link.Config
		run, proof string
	}{
		"another run":   {cfg, "r2", proof},
		"another key":   {other, "r1", proof},
		"no key":        {link.Config{}, "r1", link.Config{}.Sign("r1", now.Add(time.Hour))},
		"a later end":   {cfg, "r1", "9" + end + "." + mac},
		"empty":         {cfg, "r1", ""},
		"no dot":        {cfg, "r1", end},
		"no mac":        {cfg, "r1", end + "."},
		"half a mac":    {cfg, "r1", proof[:len(proof)-4]},
		"moved between": {cfg, "r1\n" + end, proof},
	} {
		if _, err := c.by.Check(c.run, c.proof, now); !errors.Is(err, link.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestValidate(t *testing.T) {
	for _, bad := range []link.Config{{Key: daemon.Secret("short")}, {TTL: -1}} {
		if err := bad.Validate(); err == nil || strings.Contains(err.Error(), "short") {
			t.Errorf("%v", err)
		}
	}
	if err := cfg.Validate(); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"squirrly.example", "ftp://x", "https://", "https://user:pw@x", "javascript:alert(1)//{run}", ":"} {
		if link.ValidBase(bad) == nil {
			t.Errorf("%s is taken", bad)
		}
	}
	for _, good := range []string{"", "https://x", "http://127.0.0.1:8080/a/{run}"} {
		if err := link.ValidBase(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
}
