// Package link makes addresses of reports that open in a browser for a while, without a password: whoever has the address of
// one run may read the results of that run, and do nothing else. What answers at an address does not belong here.
//
// The address carries the end of its time and an HMAC-SHA256 of run and time. It is a secret as long as it is valid: it goes
// into messages and never into a log, see [Plain].
package link

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"squirrly.dev/internal/daemon"
)

// Parameter is the query parameter of an address that holds its proof.
const Parameter = "access"

const (
	minKey     = 16 // bytes
	runPart    = "{run}"
	reportPath = "/v1/runs/" + runPart + "/report"
)

// The ways in which a proof is none.
var (
	ErrExpired = errors.New("the link has expired")
	ErrInvalid = errors.New("the link is not one of ours")
)

// Config is what all services read that make or take links.
type Config struct {
	Key daemon.Secret `env:"LINK_KEY" about:"at least 16 bytes; empty: links need the token of the HTTP API"`
	TTL time.Duration `env:"LINK_TTL" envDefault:"336h" about:"how long a link opens"`
}

// Validate checks the key and the time.
func (c Config) Validate() error {
	if n := len(c.Key.Reveal()); n > 0 && n < minKey {
		return fmt.Errorf("SQUIRRLY_LINK_KEY has %d bytes: %d or more, such as those of `openssl rand -hex 32`", n, minKey)
	}
	if c.TTL < 0 {
		return errors.New("SQUIRRLY_LINK_TTL must not be negative")
	}
	return nil
}

// ValidBase checks the address at which people read reports: empty, or a URL of http or https. Its host is not looked up.
func ValidBase(base string) error {
	if base == "" {
		return nil
	}
	u, err := url.Parse(strings.ReplaceAll(base, runPart, "run"))
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("SQUIRRLY_REPORT_URL must be the address of the HTTP API as people reach it, such as https://squirrly.example, or one with {run} in it")
	}
	return nil
}

// Report is the address of the report of a run: the base with {run} replaced, or with the path of the HTTP API behind it when
// there is no {run}. It opens for [Config.TTL] from now on; without a key it has no proof. An empty base gives none.
func (c Config) Report(base, run string, now time.Time) string {
	if base == "" {
		return ""
	}
	if !strings.Contains(base, runPart) {
		base = strings.TrimRight(base, "/") + reportPath
	}
	address := strings.ReplaceAll(base, runPart, url.PathEscape(run))
	u, err := url.Parse(address)
	if err != nil || c.Key.Reveal() == "" {
		return address
	}
	query := u.Query()
	query.Set(Parameter, c.Sign(run, now.Add(c.TTL)))
	u.RawQuery = query.Encode()
	return u.String()
}

// Sign proves that somebody may read the results of a run until a time, which is rounded up to a second.
func (c Config) Sign(run string, until time.Time) string {
	end := strconv.FormatInt(until.Add(time.Second-1).Unix(), 10)
	return end + "." + c.mac(run, end)
}

// Check returns until when a proof holds for a run, or why it does not: [ErrExpired], [ErrInvalid].
func (c Config) Check(run, proof string, now time.Time) (time.Time, error) {
	end, mac, ok := strings.Cut(proof, ".")
	if c.Key.Reveal() == "" || !ok || !hmac.Equal([]byte(mac), []byte(c.mac(run, end))) {
		return time.Time{}, ErrInvalid
	}
	seconds, err := strconv.ParseInt(end, 10, 64)
	if err != nil {
		return time.Time{}, ErrInvalid
	}
	until := time.Unix(seconds, 0)
	if !now.Before(until) {
		return until, ErrExpired
	}
	return until, nil
}

func (c Config) mac(run, end string) string {
	h := hmac.New(sha256.New, []byte(c.Key.Reveal()))
	fmt.Fprintf(h, "squirrly report\n%s\n%s", run, end) // neither has a line break that counts: the end is a number, and last
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// Plain is an address without its proof, for logs.
func Plain(address string) string {
	before, query, ok := strings.Cut(address, "?")
	if !ok || !strings.Contains(query, Parameter+"=") {
		return address
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return before
	}
	values.Del(Parameter)
	if len(values) == 0 {
		return before
	}
	return before + "?" + values.Encode()
}
