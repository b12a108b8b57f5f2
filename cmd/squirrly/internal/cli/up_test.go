package cli_test

import (
	"net"
	"strings"
	"testing"
)

// TestUp_TakenPort: what listens already is told before anything is started, with the flag that chooses another address.
func TestUp_TakenPort(t *testing.T) {
	clean(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for flag, line := range map[string][]string{
		"--port": {"--port", port, "--http", ""}, "--http": {"--port", "-1", "--http", l.Addr().String()},
		"--admin": {"--port", "-1", "--http", "", "--admin", l.Addr().String()},
	} {
		code, _, errs := runCLI(t, t.Context(), "", append([]string{"up", "--data", t.TempDir()}, line...)...)
		if code != 1 || !strings.Contains(errs, flag+": nothing can listen there") || strings.Contains(errs, "is up") {
			t.Errorf("%s: exit %d\n%s", flag, code, errs)
		}
	}
}
