package lab

import (
	"os/exec"
	"syscall"
)

// dieWithParent makes the kernel end the child when this program dies without stopping it.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
