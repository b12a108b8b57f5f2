package trigger_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger"
)

// brokerVariable tells a process of the test's binary that it is a trigger, and its server.
const brokerVariable = "SQUIRRLY_TEST_TRIGGER_NATS"

// TestMain is a trigger instead of the tests, where it is told to be one.
func TestMain(m *testing.M) {
	if url := os.Getenv(brokerVariable); url != "" {
		fmt.Fprintln(os.Stderr, stuckTrigger(url))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// stuckTrigger is a trigger that hangs when it makes the first record: it has a permit by then.
func stuckTrigger(url string) error {
	ctx := context.Background()
	b, err := bus.Connect(ctx, bus.Options{
		URL: url, Name: "squirrly-trigger", User: natsusers.Trigger, Password: bustest.Password(natsusers.Trigger),
		Client: []nats.Option{nats.SetCustomDialer(hangs{})},
	})
	if err != nil {
		return err
	}
	way, err := access.Open(access.Config{Local: true}, access.Options{})
	if err != nil {
		return err
	}
	s, err := trigger.New(trigger.Config{HTTPAddr: "off", AtATime: []string{"1"}}, trigger.Deps{Bus: b, Flink: way})
	if err != nil {
		return err
	}
	return s.Run(ctx)
}

// hangs makes connections that hang at the first write of a record, and say so.
type hangs struct{ net.Dialer }

func (d hangs) Dial(network, address string) (net.Conn, error) {
	c, err := d.Dialer.Dial(network, address)
	return hanging{c}, err
}

type hanging struct{ net.Conn }

func (c hanging) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("PUB $KV."+events.BucketRuns+".run.")) {
		fmt.Println("stuck")
		select {}
	}
	return c.Conn.Write(p)
}

// killedWithPermit lets a trigger of its own take a permit for the first request of the inbox, and kills it with SIGKILL before
// there is a record.
func killedWithPermit(t *testing.T, b *bus.Bus, id string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(os.Environ(), brokerVariable+"="+bustest.JetStream(b).Conn().ConnectedUrl())
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
	holders, err := run.New(b).Permits.Holders(t.Context(), "local")
	if err != nil || !slices.Equal(holders, []string{id}) {
		t.Errorf("permits are held by %v, %v", holders, err)
	}
	_ = c.Process.Kill()
	_ = c.Wait()
	if all := records(t, b); len(all) > 0 {
		t.Errorf("there are records: %+v", all)
	}
}

// plans counts how often the plan of a run was told.
func plans(t *testing.T, b *bus.Bus, rec run.Record) int {
	t.Helper()
	s, err := bustest.JetStream(b).Stream(t.Context(), events.StreamEvents)
	if err != nil {
		t.Fatal(err)
	}
	subject := rec.Plan.Identity.Subject(events.TypeProfilePlanned, rec.Run)
	info, err := s.Info(t.Context(), jetstream.WithSubjectFilter(subject))
	if err != nil {
		t.Fatal(err)
	}
	return int(info.State.Subjects[subject])
}

// A trigger is killed while it holds the only permit, for a run that it had not planned yet. When its request comes to
// another trigger, the run is planned once, with that permit; when it does not come any more, the permit is free for the next
// one as soon as the lease of the dead process is over.
func TestPermits_OfAKilledTrigger(t *testing.T) {
	const first, second = "first", "second"
	for name, gone := range map[string]bool{"its request comes again": false, "its request is gone": true} {
		t.Run(name, func(t *testing.T) {
			b, rest := bustest.Start(t), flinks(t)
			stored := time.Now()
			request := func(id string) string {
				body := fmt.Sprintf(`{"target":{"url":"%s/%s"}}`, rest, id)
				if err := b.Request(t.Context(), events.SubjectRequested, id, "", []byte(body)); err != nil {
					t.Fatal(err)
				}
				return events.RunIDFromMsgID(id, stored)
			}
			a := request(first)
			killedWithPermit(t, b, a)
			if gone {
				s, err := bustest.JetStream(b).Stream(t.Context(), events.StreamRequests)
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Purge(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			_, peak := underWay(t, b, func(run.Record) {})
			start(t, b, access.Config{Local: true}, trigger.Config{HTTPAddr: "off", AtATime: []string{"1"}})
			if !gone {
				if rec := await(t, b, a, is(events.StatePlanned)); plans(t, b, rec) != 1 {
					t.Errorf("the plan is told %d times", plans(t, b, rec))
				}
				next := request(second)
				eventually(t, "the next one waits, and says so", func() bool {
					w, waits, err := run.New(b).Permits.WaitingOf(t.Context(), next)
					return err == nil && waits && w.Pool == "local" && w.AtATime == 1
				})
				if err := b.Cancel(t.Context(), a); err != nil {
					t.Fatal(err)
				}
			}
			next := request(second)
			if rec := await(t, b, next, is(events.StatePlanned)); plans(t, b, rec) != 1 || rec.Permit != "local" {
				t.Errorf("the plan of the next one is told %d times, its permit is of %q", plans(t, b, rec), rec.Permit)
			}
			eventually(t, "nothing is said to wait", func() bool {
				_, waits, err := run.New(b).Permits.WaitingOf(t.Context(), next)
				return err == nil && !waits
			})
			holders, err := run.New(b).Permits.Holders(t.Context(), "local")
			if err != nil || !slices.Equal(holders, []string{next}) || peak.Load() != 1 {
				t.Errorf("at the end permits are held by %v, %v; %d runs were under way at a time", holders, err, peak.Load())
			}
		})
	}
}
