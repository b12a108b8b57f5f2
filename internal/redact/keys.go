package redact

import (
	"slices"
	"strings"
	"unicode"

	"squirrly.dev/internal/lazyregexp"
)

// How surely a name says that its value is a secret.
type certainty int

const (
	never   certainty = iota
	perhaps           // unless the value is a count, a duration or a size
	surely
)

// tellingEnds end words whose values nobody should read, in lower case and without separators: "dbpassword", "authtoken".
var tellingEnds = []string{
	"password", "passwords", "passwd", "passphrase", "passcode", "pwd", "pswd", "psw", "secret", "secrets", "credential",
	"credentials", "apikey", "apikeys", "accesskey", "secretkey", "privatekey", "accountkey", "jaas",
}

// tellingWords are words that are telling only on their own.
var tellingWords = []string{"creds", "authorization", "jwt", "sas"}

// perhapsEnds and perhapsWords are such that also count or mark things.
var (
	perhapsEnds  = []string{"token", "tokens", "pass"}
	perhapsWords = []string{"cookie", "cookies", "sig", "signature"}
)

// innocent are the words of English, and the names of passes over data, that end in "pass".
var innocent = []string{
	"bypass", "compass", "encompass", "surpass", "trespass", "overpass", "underpass", "multipass", "singlepass", "onepass",
	"twopass", "firstpass", "secondpass", "lowpass", "highpass", "bandpass", "allpass",
}

// beforeKey are the words that make a key a secret, and pairs the other words that only two together tell.
var (
	beforeKey = []string{
		"api", "access", "account", "private", "encryption", "decryption", "signing", "master", "shared", "auth", "service",
		"secret", "storage", "subscription", "ssh", "hmac", "crypto", "cipher",
	}
	pairs = map[string]string{"auth": "params", "basic": "auth", "http": "headers", "connection": "string"}
)

// describing are words after which a name speaks of a secret and does not hold it: how many, how long, where it lies.
var describing = []string{
	"count", "counts", "size", "length", "len", "limit", "max", "min", "number", "ttl", "timeout", "expiry", "expires",
	"expiration", "lifetime", "age", "interval", "period", "duration", "delay", "renewal", "rotation", "ratio", "rate", "per",
	"enabled", "disabled", "required", "type", "kind", "format", "algorithm", "policy", "mode", "name", "names", "class",
	"provider", "providers", "source", "location", "path", "file", "files", "dir", "directory", "url", "uri", "endpoint", "host",
	"port", "version", "encoding", "strategy", "validator", "handler", "factory", "manager", "serializer", "cache", "retries",
	"backoff", "budget", "used", "usage", "scope", "issuer", "audience", "prefix", "pattern", "through",
	"java", "scala", "kt", "py", // a file of source code, before a line of it
}

// counting are words before "token" that make it a thing that is counted.
var counting = []string{"max", "min", "num", "number", "total", "count", "n", "input", "output", "prompt", "completion"}

// judge tells how surely the name of a setting, a field or a parameter, in any case, with or without separators, says that
// the value is a secret, and by which word.
func judge(name string) (certainty, string) {
	if !contains(strings.ToLower(name), words) {
		return never, ""
	}
	words := split(strings.TrimPrefix(name, "-D")) // a property of a JVM
	for i, w := range slices.Backward(words) {
		if slices.Contains(describing, w) {
			return never, ""
		}
		before := ""
		if i > 0 {
			before = words[i-1]
		}
		switch {
		case (w == "token" || w == "tokens") && slices.Contains(counting, before):
			return never, ""
		case endsIn(w, tellingEnds), slices.Contains(tellingWords, w), pairs[before] == w,
			(w == "key" || w == "keys") && slices.Contains(beforeKey, before):
			return surely, w
		case endsIn(w, perhapsEnds) && !endsIn(w, innocent), slices.Contains(perhapsWords, w):
			return perhaps, w
		}
	}
	return never, ""
}

// tells reports that the value under a name is a secret.
func tells(name, value string) bool {
	sure, word := judge(name)
	switch {
	case sure != perhaps:
		return sure == surely
	case strings.HasSuffix(word, "pass"), strings.HasPrefix(word, "cookie"):
		return len(value) > 2 || !number.MatchString(value) // the second pass over the data, not the password 2222
	case strings.HasPrefix(word, "sig"):
		return opaque.MatchString(value)
	case strings.HasSuffix(word, "tokens") && counted.MatchString(value):
		return false
	case strings.HasSuffix(word, "token") && number.MatchString(value):
		return len(value) > 5 // a number that one is given once
	}
	return !amount.MatchString(value)
}

var (
	number = lazyregexp.New(`^[0-9]+$`)
	// amount is a count, a share, a duration or a size.
	amount = lazyregexp.New(`(?i)^[0-9]+(?:\.[0-9]+)?\s?(?:%|[kmgt]i?b?|b|bytes|ns|us|ms|s|sec|min|h|d|(?:second|minute|hour|day)s?)?$`)
	// counted is a number in a sentence.
	counted = lazyregexp.New(`^[0-9][0-9.,]*\s`)
	// opaque is what a signature looks like, and the signature of a method does not.
	opaque = lazyregexp.New(`^[A-Za-z0-9+/=_%.~-]{8,}$`)
)

func endsIn(word string, ends []string) bool {
	return slices.ContainsFunc(ends, func(end string) bool { return strings.HasSuffix(word, end) })
}

// split returns the words of a name in lower case: they end at separators, digits and the humps of camel case.
func split(name string) []string {
	var words []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			words = append(words, strings.ToLower(string(word)))
			word = nil
		}
	}
	runes := []rune(name)
	for i, r := range runes {
		hump := i > 0 && unicode.IsUpper(r) &&
			(unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsUpper(runes[i-1]) && unicode.IsLower(runes[i+1]))
		switch {
		case !unicode.IsLetter(r):
			end()
			continue
		case hump:
			end()
		}
		word = append(word, r)
	}
	end()
	return words
}
