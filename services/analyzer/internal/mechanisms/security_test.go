package mechanisms

import (
	"regexp"
	"strings"
	"testing"
)

// weakens is what reads like advice to secure less.
var weakens = regexp.MustCompile(`(?i)insecure|need not be secure|\bplain data|not encrypted|unencrypted|without (tls|ssl|encryption)|ssl\.enabled|` +
	`(turn|switch)(ed)? off.*(tls|ssl|encrypt|authenti)|weaker (hash|cipher|encryption)|\bmd5\b|murmur|trust all`)

// TestSecurity: no change secures less than before, whatever it costs.
func TestSecurity(t *testing.T) {
	for _, r := range Default().Mechanisms {
		for _, text := range r.Texts() {
			if weakens.MatchString(text) {
				t.Errorf("rule %s: %s", r.ID, text)
			}
		}
		for _, s := range r.Settings() {
			if strings.HasPrefix(s.Key, "security.") && strings.HasSuffix(s.Key, ".enabled") || strings.Contains(s.Key, "ssl.enabled") {
				t.Errorf("rule %s sets %s", r.ID, s.Key)
			}
		}
	}
	if !weakens.MatchString("where the network is trusted, leave the data plain (taskmanager.data.ssl.enabled)") || !weakens.MatchString("use a hash that need not be secure") {
		t.Error("advice that weakens is not recognized")
	}
}
