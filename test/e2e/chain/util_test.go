package chain_test

import (
	"errors"
	"os/exec"

	"github.com/nats-io/nats.go"
)

type natsMsg = nats.Msg

func asExit(err error, into **exec.ExitError) bool { return errors.As(err, into) }

func stderrOf(e *exec.ExitError) string {
	if e == nil {
		return ""
	}
	return string(e.Stderr)
}
