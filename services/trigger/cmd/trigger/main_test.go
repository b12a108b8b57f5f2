package main

import (
	"testing"

	"squirrly.dev/internal/daemon/daemontest"
)

func TestMain(m *testing.M) { daemontest.Main(m, main) }

// The process ends when it is asked to, also while it waits for NATS.
func TestProcess_Ends(t *testing.T) { daemontest.Ends(t) }

// The process does not start with a placeholder for a secret.
func TestProcess_Placeholders(t *testing.T) {
	daemontest.Refuses(t, "SQUIRRLY_NATS_PASSWORD", "SQUIRRLY_S3_ACCESS_KEY", "SQUIRRLY_S3_SECRET_KEY", "SQUIRRLY_HTTP_TOKEN", "SQUIRRLY_LINK_KEY")
}
