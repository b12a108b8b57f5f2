//go:build unix

package local

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// errLocked says that another process uses the data directory.
var errLocked = errors.New("another squirrly uses it; stop that one, or give --data another directory")

// lock takes an advisory lock that ends with the process at the latest.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return func() {}, fmt.Errorf("open lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return func() {}, errLocked
		}
		return func() {}, fmt.Errorf("lock: %w", err)
	}
	return func() { _ = f.Close() }, nil
}
