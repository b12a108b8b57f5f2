package flink_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/flink"
)

// answering is a client of a server that answers every question with a text.
func answering(t *testing.T, write func(w io.Writer)) *flink.Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { write(w) }))
	t.Cleanup(s.Close)
	c, err := flink.New(s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// jobs is an overview with so many jobs, each with a name.
func jobs(n int, name string) string {
	return `{"jobs":[` + strings.TrimSuffix(strings.Repeat(`{"jid":"x","name":"`+name+`","state":"RUNNING"},`, n), ",") + `]}`
}

// An answer with more objects than any Flink has is not read to its end; braces within names are text.
func TestAnswer_Objects(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		n    int
		err  error
	}{
		"many":            {jobs(40_000, "orders"), 40_000, nil},
		"braces in names": {jobs(2, strings.Repeat(`{[\"\\`, 40_000)), 2, nil},
		"too many":        {jobs(60_000, "orders"), 0, flink.ErrTooLarge},
		"too long":        {jobs(2, strings.Repeat("x", 9<<20)), 0, flink.ErrTooLarge},
	} {
		c := answering(t, func(w io.Writer) { _, _ = io.WriteString(w, test.text) })
		all, err := c.Jobs(t.Context())
		if !errors.Is(err, test.err) || len(all) != test.n {
			t.Errorf("%s: %d jobs, %v", name, len(all), err)
		}
	}
	sent := 0
	endless := answering(t, func(w io.Writer) {
		_, _ = io.WriteString(w, `{"jobs":[{}`)
		for range 100 << 20 {
			n, err := io.WriteString(w, ",{}")
			if sent += n; err != nil {
				return
			}
		}
	})
	if _, err := endless.Jobs(t.Context()); !errors.Is(err, flink.ErrTooLarge) {
		t.Errorf("without end: %v", err)
	}
}

// Large answers that do not come to their end hold back small ones by nothing, and large ones no longer than their own time.
func TestAnswer_FewLargeOnes(t *testing.T) {
	stop := make(chan struct{})
	slow := answering(t, func(w io.Writer) {
		_, _ = io.WriteString(w, `{"jobs":[{"name":"`+strings.Repeat("x", 2<<20))
		w.(http.Flusher).Flush()
		<-stop
	})
	t.Cleanup(func() { close(stop) }) // before the server, which waits for its answers
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	const many = 8
	failed := make(chan error, many)
	for range many {
		go func() {
			_, err := slow.Jobs(ctx)
			failed <- err
		}()
	}
	small := answering(t, func(w io.Writer) { _, _ = io.WriteString(w, jobs(3, "orders")) })
	if all, err := small.Jobs(ctx); err != nil || len(all) != 3 {
		t.Errorf("a small answer beside them: %d jobs, %v", len(all), err)
	}
	for range many {
		if err := <-failed; err == nil {
			t.Error("an answer without end was taken")
		}
	}
	largest := answering(t, func(w io.Writer) { _, _ = io.WriteString(w, jobs(1, strings.Repeat("x", 3<<20))) })
	if all, err := largest.Jobs(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("a large answer after them: %d jobs, %v", len(all), err)
	}
}
