package stores_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/test/e2e/parts"
)

// Puts go on while servers and writers are killed with SIGKILL and started again. What was reported done can be read
// afterwards, and no object is left that is listed and not whole.
func TestKill(t *testing.T) {
	for name, start := range map[string]func(*testing.T) servers{
		"jetstream on one node": startNATS(1), "jetstream on three nodes": startNATS(3),
		"minio": startS3Server(parts.StartMinIO), "versitygw": startS3Server(parts.StartVersityGW),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			k := killing{t: t, servers: start(t), journal: filepath.Join(t.TempDir(), "journal")}
			k.run()
			done, failed, err := read(k.journal)
			if err != nil {
				t.Fatal(err)
			}
			unreadable := k.unreadable(done)
			t.Logf("%d puts reported done, %d attempts failed; %d times a server killed, %d times the writer; unreadable: %d; %s",
				len(done), failed, k.crashes, k.kills, unreadable, time.Since(began).Round(time.Second))
			if len(done) != *puts || unreadable != 0 {
				t.Errorf("%d of %d puts done, %d of them unreadable", len(done), *puts, unreadable)
			}
		})
	}
}

// killing is one store under attack.
type killing struct {
	t       *testing.T
	servers servers
	journal string
	writer  *parts.Self

	crashes, kills int
}

// each is how many puts lie between two kills.
const each = 8

// run returns when all puts are done.
func (k *killing) run() {
	if err := os.WriteFile(k.journal, nil, 0o600); err != nil {
		k.t.Fatal(err)
	}
	k.write()
	k.t.Cleanup(func() { k.writer.Kill() })
	next := each
	for {
		select {
		case <-k.writer.Done():
			if err := k.writer.Err(); err != nil {
				k.t.Fatal(err)
			}
			return
		case <-time.After(10 * time.Millisecond):
		}
		done, _, err := read(k.journal)
		if err != nil {
			k.t.Fatal(err)
		}
		if len(done) < next {
			continue
		}
		next = len(done) + each
		time.Sleep(time.Duration(rand.IntN(50)) * time.Millisecond) // anywhere within a put
		k.kill()
	}
}

func (k *killing) kill() {
	const writerInThree = 3
	if rand.IntN(writerInThree) == 0 {
		k.kills++
		k.writer.Kill()
		k.write()
		return
	}
	k.crashes++
	if err := k.servers.crash(k.t.Context()); err != nil {
		k.t.Fatal(err)
	}
}

// write starts a writer.
func (k *killing) write() {
	how, err := json.Marshal(k.servers.access())
	if err != nil {
		k.t.Fatal(err)
	}
	k.writer, err = parts.StartSelf(k.t.Context(), filepath.Dir(k.journal), roleVariable+"="+roleWriter,
		storeVariable+"="+string(how), putsVariable+"="+strconv.Itoa(*puts), journalVariable+"="+k.journal)
	if err != nil {
		k.t.Fatal(err)
	}
}

// unreadable counts the objects that were reported done and cannot be read.
func (k *killing) unreadable(done map[int]bool) int {
	store, err := k.servers.access().open(k.t.Context())
	if err != nil {
		k.t.Fatal(err)
	}
	todo := make(chan int)
	var group sync.WaitGroup
	var mu sync.Mutex
	bad := 0
	for range writers {
		group.Go(func() {
			for n := range todo {
				if err := readable(k.t.Context(), store, n); err != nil {
					k.t.Errorf("object %d: %v", n, err)
					mu.Lock()
					bad++
					mu.Unlock()
				}
			}
		})
	}
	for n := range done {
		todo <- n
	}
	close(todo)
	group.Wait()
	return bad
}

func readable(ctx context.Context, store *artifact.Store, n int) error {
	_, err := store.Await(ctx, ref(n), artifact.MaxBytes)
	return err
}
