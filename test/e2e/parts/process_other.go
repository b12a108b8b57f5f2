//go:build !linux

package parts

import "os/exec"

// dieWithParent has no counterpart here: Stop and the context end the child.
func dieWithParent(*exec.Cmd) {}
