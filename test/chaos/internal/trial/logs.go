package trial

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// Log is what the services wrote about themselves.
type Log struct {
	Superseded int      `json:"superseded"` // deliveries given up because another owns the run
	Gone       int      `json:"gone"`       // objects that were not found
	Panics     []string `json:"panics"`     // first lines
}

// readLogs counts in the output of the services, JSON lines and what the Go runtime writes.
func readLogs(paths []string) (Log, error) {
	var l Log
	for _, path := range paths {
		if err := l.read(path); err != nil {
			return l, err
		}
	}
	return l, nil
}

func (l *Log) read(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read a log: %w", err)
	}
	defer func() { _ = f.Close() }() // read only
	const longest = 4 << 20
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, longest)
	for lines.Scan() {
		l.line(lines.Text())
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

func (l *Log) line(text string) {
	var entry struct {
		Outcome string `json:"outcome"`
		Error   string `json:"error"`
	}
	if json.Unmarshal([]byte(text), &entry) != nil {
		if strings.HasPrefix(text, "panic:") || strings.HasPrefix(text, "fatal error:") {
			l.Panics = append(l.Panics, text)
		}
		return
	}
	if entry.Outcome == "superseded" {
		l.Superseded++
	}
	if strings.Contains(entry.Error, "object is gone") {
		l.Gone++
	}
	if first, _, _ := strings.Cut(entry.Error, "\n"); strings.Contains(first, "panic: ") {
		l.Panics = append(l.Panics, first)
	}
}
