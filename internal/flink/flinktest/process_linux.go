package flinktest

import "syscall"

// attributes make the process leader of a group of its own, and let the kernel end it when the program that started it
// dies without stopping it, as on a test timeout.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
