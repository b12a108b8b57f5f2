package deploy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus"
	"squirrly.dev/test/e2e/parts"
)

var (
	streamName = regexp.MustCompile("`((?:KV_|OBJ_)?SQUIRRLY_[A-Z]+)`")
	keptDays   = regexp.MustCompile(`(\d+) days`)
	mostBytes  = regexp.MustCompile(`(\d+) ([MG])iB`)
)

// The table of docs/kubernetes.md says what a provisioned server keeps, and for how long.
func TestPage_RetentionIsThatOfTheServer(t *testing.T) {
	t.Parallel()
	url := jetStream(t, "kept")
	if err := connected(t, url).Provision(t.Context(), bus.Topology{}); err != nil {
		t.Fatal(err)
	}
	conn, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	root, err := parts.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "docs", "kubernetes.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rows, _ := strings.Cut(string(text), "\n## Retention\n")
	rows, _, _ = strings.Cut(rows, "\n## ")
	seen := 0
	for row := range strings.Lines(rows) {
		name := streamName.FindStringSubmatch(row)
		if name == nil {
			continue
		}
		seen++
		stream, err := js.Stream(t.Context(), name[1])
		if err != nil {
			t.Errorf("%s: %v", name[1], err)
			continue
		}
		c := stream.CachedInfo().Config
		if age := time.Duration(number(keptDays.FindStringSubmatch(row))) * 24 * time.Hour; c.MaxAge != age {
			t.Errorf("%s keeps %s, the page says %s", name[1], c.MaxAge, age)
		}
		want := int64(-1)
		if most := mostBytes.FindStringSubmatch(row); most != nil {
			want = number(most) << map[string]int{"M": 20, "G": 30}[most[2]]
		}
		if c.MaxBytes != want {
			t.Errorf("%s holds %d bytes at most, the page says %d", name[1], c.MaxBytes, want)
		}
	}
	if seen != 7 {
		t.Errorf("%d streams in the table", seen)
	}
}

// number is the first group of a match; 0 is none.
func number(match []string) int64 {
	if match == nil {
		return 0
	}
	n, _ := strconv.ParseInt(match[1], 10, 64)
	return n
}
