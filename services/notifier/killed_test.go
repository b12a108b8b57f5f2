package notifier_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier"
)

// processVariable tells a process of the test's binary that it is a notifier, and which.
const processVariable = "SQUIRRLY_TEST_NOTIFIER"

// process is a notifier that hangs at some write into the bucket of what was told.
type process struct {
	NATS, Hook, Routes string
	Write              int32 // 1 is the first; it is not sent
}

// TestMain is a notifier instead of the tests, where it is told to be one.
func TestMain(m *testing.M) {
	if text := os.Getenv(processVariable); text != "" {
		fmt.Fprintln(os.Stderr, stuckNotifier(text))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func stuckNotifier(text string) error {
	var p process
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return err
	}
	ctx := context.Background()
	b, err := bus.Connect(ctx, bus.Options{
		URL: p.NATS, Name: "squirrly-notifier", User: natsusers.Notifier, Password: bustest.Password(natsusers.Notifier),
		Client: []nats.Option{nats.SetCustomDialer(&hangs{at: p.Write})},
	})
	if err != nil {
		return err
	}
	s, err := newNotifier(b, p.Hook, p.Routes)
	if err != nil {
		return err
	}
	return s.Run(ctx)
}

// newNotifier makes a notifier with a webhook alone.
func newNotifier(b *bus.Bus, hook, routes string) (*notifier.Service, error) {
	return notifier.New(notifier.Config{
		WebhookURL: daemon.Secret(hook), WebhookSecret: secret, OutboundPrivate: true, Backoff: 10 * time.Millisecond, Attempts: 20, Routes: routes,
	}, notifier.Deps{Bus: b, Log: io.Discard, Lease: time.Second})
}

// hangs makes connections that hang for ever at one of the writes into the bucket, and say so.
type hangs struct {
	net.Dialer

	at   int32
	seen atomic.Int32
}

func (d *hangs) Dial(network, address string) (net.Conn, error) {
	c, err := d.Dialer.Dial(network, address)
	return &hanging{c, d}, err
}

type hanging struct {
	net.Conn

	of *hangs
}

func (c *hanging) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("PUB $KV."+events.BucketNotify+".")) && c.of.seen.Add(1) == c.of.at {
		fmt.Println("stuck")
		select {}
	}
	return c.Conn.Write(p)
}

// receiver takes everything, and knows messages by their ids, as the standard for webhooks asks for.
type receiver struct {
	mu  sync.Mutex
	got map[string]int // by webhook-id
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	_, _ = io.Copy(io.Discard, q.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got[q.Header.Get("webhook-id")]++
	w.WriteHeader(http.StatusNoContent)
}

func (r *receiver) counts() (ids, messages int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range r.got {
		messages += n
	}
	return len(r.got), messages
}

// A notifier is killed with SIGKILL at each of its writes: when it is about to note what it will tell, or what it told. Two
// others take over, at once: a receiver that knows ids is told once, and no receiver more than twice.
func TestKilled(t *testing.T) {
	for name, c := range map[string]struct {
		routes string
		writes int32
		unsent []int32 // writes before which nothing was sent
	}{
		"by itself": {"route: {channels: [webhook]}", 2, []int32{1}},
		"in groups": {"route: {channels: [webhook], group_by: [job]}", 3, []int32{1, 2}},
	} {
		for write := int32(1); write <= c.writes; write++ {
			t.Run(fmt.Sprint(name, " at write ", write), func(t *testing.T) {
				b := bustest.Start(t, "webhook")
				r := &receiver{got: map[string]int{}}
				srv := httptest.NewServer(r)
				t.Cleanup(srv.Close)
				routes := filepath.Join(t.TempDir(), "routes.yaml")
				if err := os.WriteFile(routes, []byte(c.routes), 0o600); err != nil {
					t.Fatal(err)
				}
				publishFailed(t, b, "run-1")
				kill(t, process{bustest.JetStream(b).Conn().ConnectedUrl(), srv.URL, routes, write})
				before := 1
				if slices.Contains(c.unsent, write) {
					before = 0
				}
				if _, n := r.counts(); n != before {
					t.Errorf("the killed notifier sent %d messages, want %d", n, before)
				}
				takeOver(t, b, srv.URL, routes)
				until(t, "message", func() bool { return told(t, b) })
				if ids, n := r.counts(); ids != 1 || n != before+1 {
					t.Errorf("%d messages with %d ids, want %d with one", n, ids, before+1)
				}
			})
		}
	}
}

// kill runs a notifier until it hangs, and kills it.
func kill(t *testing.T, p process) {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(os.Environ(), processVariable+"="+string(text))
	c.Stderr = t.Output()
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "stuck\n" {
		t.Errorf("the process says %q, %v", line, err)
	}
	_ = c.Process.Kill()
	_ = c.Wait()
}

// takeOver runs two notifiers until the test ends.
func takeOver(t *testing.T, b *bus.Bus, hook, routes string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 2 {
		s, err := newNotifier(bustest.As(t, b, natsusers.Notifier), hook, routes)
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			if err := s.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() { stop(); wg.Wait() })
}

// told reports whether the bus has heard that the message was taken, and nothing is left to do.
func told(t *testing.T, b *bus.Bus) bool {
	t.Helper()
	js := bustest.JetStream(b)
	s, err := js.Stream(t.Context(), events.StreamEvents)
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.GetMsg(t.Context(), 1, jetstream.WithGetMsgSubject(events.SubjectNotices))
	if err != nil || m == nil {
		return false
	}
	c, err := js.Consumer(t.Context(), events.StreamEvents, bus.NotifierDurable("webhook"))
	if err != nil {
		t.Fatal(err)
	}
	i := c.CachedInfo()
	return i.NumPending+uint64(i.NumAckPending) == 0
}
