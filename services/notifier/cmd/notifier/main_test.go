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
	daemontest.Refuses(t, "SQUIRRLY_NATS_PASSWORD", "SQUIRRLY_WEBHOOK_URL", "SQUIRRLY_WEBHOOK_SECRET")
}
