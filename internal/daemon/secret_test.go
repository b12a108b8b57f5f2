package daemon_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"squirrly.dev/internal/daemon"
)

func TestSecretNeverShows(t *testing.T) {
	type holder struct {
		Key   daemon.Secret
		Plain string
	}
	s := holder{Key: "canary", Plain: "plain"}
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
		slog.New(h).Info("x", "key", s.Key, "holder", s, "pointer", &s)
	}
	asJSON, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	asXML, err := xml.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	all := []string{log.String(), string(asJSON), string(asXML)}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		all = append(all, fmt.Sprintf(format, s), fmt.Sprintf(format, s.Key))
	}
	for _, text := range all {
		if strings.Contains(text, "canary") || !strings.Contains(text, "***") {
			t.Errorf("printed as %s", text)
		}
	}
	if s.Key.Reveal() != "canary" {
		t.Error("the secret is lost")
	}
	if daemon.Secret("").String() != "" {
		t.Error("an empty secret looks set")
	}
}
