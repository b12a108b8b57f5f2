package collector

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// TestMain lets many tests run at the same time: they wait far more than they work.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}
