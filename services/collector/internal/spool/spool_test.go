package spool_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/services/collector/internal/spool"
)

// A page gives back what it took, wherever it lies, also after an attempt that broke off, and leaves nothing behind.
func TestPage(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	large, err := spool.Large()
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]*spool.Page{"in memory": spool.Small(), "in a file": large} {
		want := bytes.Repeat([]byte("page "), 1000)
		if _, err := p.Write([]byte("half a page of an attempt that broke off")); err != nil {
			t.Fatal(err)
		}
		if err := p.Reset(); err != nil {
			t.Fatal(err)
		}
		for part := range bytes.SplitAfterSeq(want, []byte(" ")) {
			if _, err := p.Write(part); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if got, err := io.ReadAll(p.Reader()); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: read %d bytes, %v", name, len(got), err)
			}
		}
		if p.Size() != int64(len(want)) || p.Sum() != artifact.Sum(want) {
			t.Errorf("%s: size %d, hash %s", name, p.Size(), p.Sum())
		}
		left, err := os.ReadDir(dir)
		if err != nil || len(left) > 0 {
			t.Errorf("%s: files %v, %v", name, left, err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestSmall_Refuses(t *testing.T) {
	p := spool.Small()
	if _, err := p.Write(make([]byte, spool.MaxInMemory)); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Write([]byte{1}); !errors.Is(err, spool.ErrLarge) {
		t.Errorf("error %v", err)
	}
}
