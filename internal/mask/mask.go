// Package mask hides what looks like a secret in configuration and messages, before anything is stored. It knows keys,
// URLs and assignments; it does not know where a text comes from.
package mask

import "regexp"

const hidden = "***"

// secretWord is part of the names of keys whose values nobody should read. It covers those that Flink hides itself.
const secretWord = `passw(?:or)?d|passphrase|secret|token|credential|api[-_.]?key|access[-_.]?key|account[-_.]?key|service[-_.]?key|` +
	`private[-_.]?key|auth[-_.]?params|basic[-_.]?auth|authorization|jaas|http[-_.]?headers|connection[-_.]?string|sas[-_.]`

var (
	secretKey = regexp.MustCompile(`(?i)` + secretWord)
	// userinfo is what stands between the scheme and the host of a URL.
	userinfo = regexp.MustCompile(`(?i)\b([a-z][a-z0-9+.-]{1,30}://)[^/\s@"'<>]*@`)
	// assignment is name=value or "name": "value" with a secret name.
	assignment = regexp.MustCompile(`(?i)([\w.-]{0,100}(?:` + secretWord + `)[\w.-]{0,100}["']?\s{0,3}[=:]\s{0,3})("[^"]*"|'[^']*'|[^\s,;&"']+)`)
	bearer     = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}`)
)

// Config hides the values of secret keys, and secrets inside other values. The map is left as it is.
func Config(in map[string]string) map[string]string {
	out := make(map[string]string, len(in))
	for key, value := range in {
		if secretKey.MatchString(key) && value != "" {
			value = hidden
		}
		out[key] = Text(value)
	}
	return out
}

// Text hides the credentials of URLs, and values that are assigned to secret names.
func Text(s string) string {
	s = userinfo.ReplaceAllString(s, "${1}"+hidden+"@")
	s = bearer.ReplaceAllString(s, "${1} "+hidden)
	return assignment.ReplaceAllString(s, "${1}"+hidden)
}
