package parts

import (
	"os/exec"
	"syscall"
)

// dieWithParent makes the kernel end the child when the test process dies without stopping it, as on a test timeout.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
