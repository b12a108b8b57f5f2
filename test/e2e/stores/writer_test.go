package stores_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/artifact/artifacttest"
	"squirrly.dev/pkg/events"
)

// What a writer is told.
const (
	storeVariable   = "SQUIRRLY_TEST_STORE"   // access, as JSON
	putsVariable    = "SQUIRRLY_TEST_PUTS"    // number of objects
	journalVariable = "SQUIRRLY_TEST_JOURNAL" // file with a line for each put: "done 12" or "failed 12"
)

// writers put at the same time in one process.
const writers = 4

// body is the nth object: most fit into one chunk of JetStream, some have up to 24.
func body(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	size := 1 + r.IntN(100<<10)
	switch n % 10 {
	case 3, 6:
		size = 1 + r.IntN(1<<20)
	case 9:
		size = 1 + r.IntN(3<<20)
	}
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func ref(n int) events.ObjectRef { return artifacttest.Ref(body(n)) }

// write is the main function of a writer: it puts what the journal does not say to be done, until all is.
func write(ctx context.Context) error {
	var a access
	if err := json.Unmarshal([]byte(os.Getenv(storeVariable)), &a); err != nil {
		return err
	}
	all, err := strconv.Atoi(os.Getenv(putsVariable))
	if err != nil {
		return err
	}
	store, err := a.open(ctx)
	if err != nil {
		return err
	}
	journal, err := os.OpenFile(os.Getenv(journalVariable), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	done, _, err := read(journal.Name())
	if err != nil {
		return err
	}
	todo := make(chan int)
	var group sync.WaitGroup
	for range writers {
		group.Go(func() {
			for n := range todo {
				put(ctx, store, n, journal)
			}
		})
	}
	for n := range all {
		if !done[n] {
			todo <- n
		}
	}
	close(todo)
	group.Wait()
	return journal.Close()
}

// put tries until it is told that the object is stored.
func put(ctx context.Context, store *artifact.Store, n int, journal *os.File) {
	b := body(n)
	for {
		_, err := store.Put(ctx, artifacttest.Key(b), b)
		if err == nil {
			_, _ = fmt.Fprintf(journal, "done %d\n", n) // one write, whole or not at all
			return
		}
		_, _ = fmt.Fprintf(journal, "failed %d\n", n)
		fmt.Fprintln(os.Stderr, err)
		time.Sleep(100 * time.Millisecond)
	}
}

// read tells which objects are done, and how many attempts failed.
func read(journal string) (done map[int]bool, failed int, err error) {
	text, err := os.ReadFile(journal)
	if err != nil {
		return nil, 0, err
	}
	done = map[int]bool{}
	for line := range strings.Lines(string(text)) {
		word, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.Atoi(number)
		switch {
		case err != nil:
			return nil, 0, fmt.Errorf("line %q of the journal: %w", line, err)
		case word == "done":
			done[n] = true
		default:
			failed++
		}
	}
	return done, failed, nil
}
