//go:build unix && !linux

package flinktest

import "syscall"

// attributes make the process leader of a group of its own.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
