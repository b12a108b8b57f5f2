package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// part is the path of a server that `make parts` has built below root.
func part(root, name string) (string, error) {
	found, err := filepath.Glob(filepath.Join(root, ".cache", "parts", name+"-v*", name))
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("%s is not built: run make parts", name)
	}
	slices.SortFunc(found, func(a, b string) int { return newer(a, b) })
	return found[0], nil
}

// newer sorts the file that was built last to the front.
func newer(a, b string) int {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	if errX != nil || errY != nil {
		return 0
	}
	return y.ModTime().Compare(x.ModTime())
}
