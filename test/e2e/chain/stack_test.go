// Package chain_test runs the whole chain as it is deployed: the four services as processes of their own, each with its own
// user on NATS as deploy/ configures it, a real MinIO and a real Flink. What a service tries and may not fails the test.
package chain_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier"
	"squirrly.dev/test/e2e/parts"
)

// bin is the folder with the binaries under test; TestMain builds them.
var bin string

func TestMain(m *testing.M) {
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (int, error) {
	dir, remove, err := parts.Build(context.Background(), parts.Squirrly...)
	if err != nil {
		return 0, err
	}
	defer remove()
	bin = dir
	return m.Run(), nil
}

// forward is where the notifier of the sample job's test publishes.
const forward = "acme.flink.advice"

// ackWait is short, so that a takeover takes seconds.
const ackWait = 4 * time.Second

// stack is a running Squirrly with everything it needs but Flink.
type stack struct {
	t        testing.TB
	dir      string
	objects  string // where MinIO keeps what it stores
	nats     *parts.Shipped
	minio    *parts.S3
	bus      *bus.Bus
	env      []string
	mu       sync.Mutex
	services map[string]*process
}

var serviceNames = []string{"trigger", "collector", "analyzer", "notifier"}

// newStack starts NATS, MinIO and the four services. env is added to that of the services.
func newStack(t testing.TB, env ...string) *stack { return newStackOn(t, "base", env...) }

// newStackOn is newStack with the NATS of another overlay.
func newStackOn(t testing.TB, overlay string, env ...string) *stack {
	t.Helper()
	s := &stack{t: t, dir: t.TempDir(), objects: t.TempDir(), services: map[string]*process{}}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	var err error
	s.nats, err = parts.StartShipped(ctx, t.TempDir(), overlay, natsusers.Options{
		Channels: notifier.ChannelTypes(), Forward: []string{forward}, Requesters: []natsusers.Requester{{Name: "ci"}},
		Subscribers: []string{"dashboard"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.nats.Stop)
	if s.minio, err = parts.StartMinIO(ctx, s.objects); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.minio.Stop)
	s.env = append([]string{
		"SQUIRRLY_S3_ENDPOINT=" + s.minio.Endpoint,
		"SQUIRRLY_S3_BUCKET=squirrly", "SQUIRRLY_S3_ACCESS_KEY=" + s.minio.AccessKey,
		"SQUIRRLY_S3_SECRET_KEY=" + s.minio.SecretKey, "SQUIRRLY_ADMIN_ADDR=off", "SQUIRRLY_LOG_FORMAT=text",
		"SQUIRRLY_HTTP_ADDR=off", "SQUIRRLY_FLINK_ALLOW=127.0.0.1",
	}, env...)
	replicas := strconv.Itoa(len(strings.Split(s.nats.URL, ",")))
	out, err := s.squirrlyAs(natsusers.Provision, "provision", "--ack-wait", ackWait.String(), "--replicas", replicas, "--subscriber", "dashboard")
	if err != nil {
		t.Fatalf("provision: %v\n%s", err, out)
	}
	s.bus, err = bus.Connect(ctx, bus.Options{URL: s.nats.URL, User: parts.Admin, Password: parts.Admin, CAFile: s.nats.CA, Name: "e2e"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.bus.Close)
	for _, name := range serviceNames {
		s.start(name)
	}
	t.Cleanup(s.stop)
	return s
}

// squirrly runs the command line against this stack as its operator does, and returns what it printed.
func (s *stack) squirrly(args ...string) (string, error) {
	return s.squirrlyAs(natsusers.Operator, args...)
}

func (s *stack) squirrlyAs(user string, args ...string) (string, error) {
	c := exec.Command(filepath.Join(bin, "squirrly"), args...)
	c.Env = slices.Concat(os.Environ(), s.env, s.nats.Env(user))
	var out, errOut strings.Builder
	c.Stdout, c.Stderr = &out, &errOut
	if err := c.Run(); err != nil {
		return out.String(), fmt.Errorf("squirrly %s: %w\n%s", strings.Join(args, " "), err, errOut.String())
	}
	return out.String(), nil
}

// process is one service.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
}

// start runs a service; its log goes to <dir>/<name>.log and is shown when the test fails.
func (s *stack) start(name string) {
	s.t.Helper()
	log, err := os.OpenFile(filepath.Join(s.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	p := &process{cmd: exec.Command(filepath.Join(bin, name)), done: make(chan struct{})}
	p.cmd.Env = slices.Concat(os.Environ(), s.env, s.nats.Env(name))
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait()
		_ = log.Close()
		close(p.done)
	}()
	s.mu.Lock()
	s.services[name] = p
	s.mu.Unlock()
}

// kill ends a service as a crash would, and starts it again.
func (s *stack) kill(name string) {
	s.t.Helper()
	p := s.services[name]
	s.signal(name, syscall.SIGKILL)
	<-p.done
	s.start(name)
}

// freeze stops a service for longer than its message is kept for it, while another instance takes over.
func (s *stack) freeze(name string, d time.Duration) {
	s.t.Helper()
	frozen := s.services[name]
	s.signal(name, syscall.SIGSTOP)
	s.start(name) // the second instance
	time.Sleep(d)
	_ = frozen.cmd.Process.Signal(syscall.SIGCONT)
	s.t.Cleanup(func() { _ = frozen.cmd.Process.Kill(); <-frozen.done })
}

func (s *stack) signal(name string, sig syscall.Signal) {
	s.t.Helper()
	if err := s.services[name].cmd.Process.Signal(sig); err != nil {
		s.t.Fatalf("signal %s: %v", name, err)
	}
}

// stop ends the services in good order, and shows their logs when the test failed.
func (s *stack) stop() {
	for name, p := range s.services {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.done:
		case <-time.After(20 * time.Second):
			s.t.Errorf("%s did not end within 20 s of SIGTERM", name)
			_ = p.cmd.Process.Kill()
			<-p.done
		}
	}
	s.violations()
	if !s.t.Failed() {
		return
	}
	for _, name := range serviceNames {
		b, err := os.ReadFile(filepath.Join(s.dir, name+".log"))
		if err != nil {
			continue
		}
		const most = 6000
		if len(b) > most {
			b = b[len(b)-most:]
		}
		s.t.Logf("--- %s\n%s", name, b)
	}
}

// violations fails the test for what a service tried on NATS and may not.
func (s *stack) violations() {
	for _, name := range serviceNames {
		b, err := os.ReadFile(filepath.Join(s.dir, name+".log"))
		if err != nil {
			s.t.Error(err)
		}
		for line := range strings.Lines(string(b)) {
			if strings.Contains(strings.ToLower(line), "violation") {
				s.t.Errorf("%s: %s", name, line)
			}
		}
	}
}

// until polls for up to d.
func until(t testing.TB, d time.Duration, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(d); time.Now().Before(deadline); time.Sleep(25 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not within %s: %s", d, what)
}

// record reads the record of a run; ok is false while there is none.
func (s *stack) record(id string) (run.Record, bool) {
	rec, err := run.New(s.bus).Get(s.t.Context(), id)
	if err != nil && !errors.Is(err, run.ErrNoRecord) && s.t.Context().Err() == nil {
		s.t.Logf("read record: %v", err)
	}
	return rec, err == nil
}

func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// ask puts a request into the inbox and returns the record of its run once that is over.
func (s *stack) ask(t testing.TB, body string) run.Record {
	t.Helper()
	sent := uuid.NewString()
	event := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"e2e","type":%q,"data":%s}`, sent, events.TypeProfileRequested, body)
	if err := s.bus.Request(t.Context(), events.SubjectRequested, sent, events.ContentType, []byte(event)); err != nil {
		t.Fatal(err)
	}
	id := events.RunIDFromEvent("e2e", sent)
	var rec run.Record
	until(t, 2*time.Minute, "the run is over", func() bool {
		var ok bool
		rec, ok = s.record(id)
		return ok && rec.State.Terminal()
	})
	return rec
}

// s3 is the artifact store of this stack.
func (s *stack) s3() artifact.S3Config {
	return artifact.S3Config{
		Endpoint: s.minio.Endpoint, Bucket: "squirrly", Region: "us-east-1", AccessKey: s.minio.AccessKey,
		SecretKey: daemon.Secret(s.minio.SecretKey),
	}
}
