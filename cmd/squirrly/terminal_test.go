package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"unicode"

	"github.com/creack/pty"
)

// In a real terminal of 60, 80 and 120 columns nothing is wider than it, no number is torn from its unit, and what steers the
// terminal are colours alone; none where NO_COLOR asks for none.
func TestTerminal_Widths(t *testing.T) {
	recorded, err := filepath.Abs(filepath.Join("..", "..", "test", "diagnosis", "recorded"))
	if err != nil {
		t.Fatal(err)
	}
	for _, columns := range []uint16{60, 80, 120} {
		for name, args := range map[string][]string{
			"two faults": {"analyze", filepath.Join(recorded, "two-faults", "bad")},
			"one":        {"analyze", filepath.Join(recorded, "sleepy-map", "bad")},
			"calm":       {"analyze", filepath.Join(recorded, "sleepy-map", "good")},
			"whole":      {"analyze", filepath.Join(recorded, "two-faults", "bad"), "--full"},
			"sections":   {"analyze", filepath.Join(recorded, "blocked-sink", "bad"), "--layout", "sections"},
			"doctor":     {"doctor"},
			"help":       {"profile", "--help"},
		} {
			for _, colour := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s at %d, colour %t", name, columns, colour), func(t *testing.T) {
					t.Parallel()
					judge(t, terminal(t, columns, colour, args...), int(columns), colour)
				})
			}
		}
	}
}

// terminal runs the program in a terminal and returns all that it writes there.
func terminal(t *testing.T, columns uint16, colour bool, args ...string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, args...)
	c.Args[0] = "squirrly" // which makes of the test what main is
	c.Env = []string{"TERM=xterm-256color", "HOME=" + t.TempDir(), "KUBECONFIG=/nonexistent", "PATH=" + os.Getenv("PATH")}
	if !colour {
		c.Env = append(c.Env, "NO_COLOR=1")
	}
	tty, err := pty.StartWithSize(c, &pty.Winsize{Rows: 50, Cols: columns})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tty.Close() }()
	var out bytes.Buffer
	if _, err := io.Copy(&out, tty); err != nil && !errors.Is(err, syscall.EIO) { // EIO is how Linux says that the other side is closed
		t.Fatal(err)
	}
	_ = c.Wait() // some of them fail on purpose
	return out.String()
}

var (
	colours = regexp.MustCompile(`\x1b\[[0-9;]*m`)
	links   = regexp.MustCompile(`https?://\S+`) // cannot be broken
	torn    = regexp.MustCompile(`(^|\s)[±≤≥]?\s*\d[\d.,]*$`)
	unit    = regexp.MustCompile(`^(%|×|s|ms|MiB|KiB|GiB|cores?|samples?|thread equivalents?)([\s.,;:)]|$)`)
)

func judge(t *testing.T, out string, columns int, colour bool) {
	t.Helper()
	if strings.TrimSpace(out) == "" {
		t.Fatal("nothing is written")
	}
	if has := colours.MatchString(out); has && !colour {
		t.Error("coloured, though NO_COLOR is set")
	}
	before := ""
	for line := range strings.Lines(colours.ReplaceAllString(out, "")) {
		line = strings.TrimRight(line, "\r\n")
		for _, r := range line {
			if unicode.IsControl(r) {
				t.Errorf("%q steers the terminal", line)
				break
			}
		}
		command := strings.HasPrefix(line, "  squirrly ") // to copy
		if n := len([]rune(links.ReplaceAllString(line, ""))); n > columns && !command {
			t.Errorf("%d columns: %s", n, line)
		}
		if text := strings.TrimSpace(line); torn.MatchString(before) && unit.MatchString(text) {
			t.Errorf("a number is torn from its unit:\n%s\n%s", before, line)
		}
		before = line
	}
}
