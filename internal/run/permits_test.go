package run_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// victim names the server for a process that takes two permits and is killed.
const victim = "SQUIRRLY_TEST_TAKE_PERMITS"

func TestMain(m *testing.M) {
	if url := os.Getenv(victim); url != "" {
		takeAndHang(url)
	}
	os.Exit(m.Run())
}

func takeAndHang(url string) {
	ctx := context.Background()
	b, err := bus.Connect(ctx, bus.Options{URL: url, Name: "victim"})
	if err != nil {
		panic(err)
	}
	runs := run.New(b)
	defer runs.Permits.Hold(ctx, "victim")()
	for _, id := range []string{"v1", "v2"} {
		if ok, err := runs.Permits.Take(ctx, "pool", 2, id); !ok || err != nil {
			panic(fmt.Sprint(ok, err))
		}
	}
	fmt.Println("taken")
	select {}
}

// A process that is killed while it has permits for runs that are not planned loses them with its lease, and not before.
func TestPermits_OfAKilledProcessComeBack(t *testing.T) {
	b := bustest.Start(t)
	permits := run.New(b).Permits
	t.Cleanup(permits.Hold(t.Context(), "test"))
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), victim+"="+bustest.JetStream(b).Conn().ConnectedUrl())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); strings.TrimSpace(line) != "taken" {
		t.Fatal(line, err)
	}
	if ok, err := permits.Take(t.Context(), "pool", 2, "mine"); ok || err != nil {
		t.Fatalf("took a third permit of two: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	began := time.Now()
	for {
		ok, err := permits.Take(t.Context(), "pool", 2, "mine")
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			break
		}
		if time.Since(began) > 20*time.Second {
			t.Fatal("the permits do not come back")
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Logf("back after %s, with leases of %s", time.Since(began), bustest.AckWait/2)
	if holders, err := permits.Holders(t.Context(), "pool"); err != nil || len(holders) != 1 {
		t.Errorf("held by %v, %v", holders, err)
	}
}

// A run gives its permit back with its end, whichever it is, and keeps it until then.
func TestPermits_ComeBackWithTheEnd(t *testing.T) {
	b := bustest.Start(t)
	runs := run.New(b)
	t.Cleanup(runs.Permits.Hold(t.Context(), "test"))
	for _, state := range []events.State{events.StateFailed, events.StateCancelled} {
		id := string(state)
		if ok, err := runs.Permits.Take(t.Context(), "pool", 1, id); !ok || err != nil {
			t.Fatal(ok, err)
		}
		rec := run.Record{Run: id, State: events.StatePlanned, Permit: "pool", Plan: events.Plan{
			Run: id, Deadline: time.Now().Add(time.Hour), Identity: events.Identity{Cluster: "c", Namespace: "n", Job: id},
		}}
		if _, err := runs.Create(t.Context(), rec); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2100 * time.Millisecond) // the holders are looked at again
		if ok, err := runs.Permits.Take(t.Context(), "pool", 1, "other"); ok || err != nil {
			t.Fatalf("took the permit of a run that is under way: %v", err)
		}
		err := runs.End(t.Context(), run.End{
			Run: id, State: state, Code: events.CodeCancelled, Why: run.ErrCancelled, Step: "test", Allowed: func(*run.Record) error { return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		if free, err := runs.Permits.Free(t.Context(), "pool", 1); free != 1 || err != nil {
			t.Errorf("%s: %d permits are free, %v", state, free, err)
		}
	}
}

// However many take at once, in three processes and on three servers, never more have one than there are.
func TestPermits_NeverMore(t *testing.T) {
	for name, b := range map[string]*bus.Bus{"one server": bustest.Start(t), "three servers": second(bustest.Cluster(t))} {
		const most, each = 3, 20
		var now, peak atomic.Int32
		var all sync.WaitGroup
		for p := range 3 {
			runs := run.New(b)
			release := runs.Permits.Hold(t.Context(), "test")
			t.Cleanup(release)
			for i := range each {
				id := fmt.Sprintf("p%d-%d", p, i)
				all.Go(func() {
					for {
						ok, err := runs.Permits.Take(t.Context(), "pool", most, id)
						if err != nil {
							t.Error(err)
							return
						}
						if ok {
							break
						}
						time.Sleep(10 * time.Millisecond)
					}
					if n := now.Add(1); n > peak.Load() {
						peak.Store(n)
					}
					time.Sleep(5 * time.Millisecond)
					now.Add(-1)
					if err := runs.Permits.Release(t.Context(), "pool", id); err != nil {
						t.Error(err)
					}
				})
			}
		}
		all.Wait()
		if peak.Load() > most || peak.Load() < 2 {
			t.Errorf("%s: %d at a time, of %d", name, peak.Load(), most)
		}
	}
}

func second[A, B any](_ A, b B) B { return b }
