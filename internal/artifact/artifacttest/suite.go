// Package artifacttest holds what every artifact store must pass, whatever its server is, and servers to run it on.
// Tests only.
package artifacttest

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/pkg/events"
)

// Key is that of a capture with this body.
func Key(body []byte) string {
	return artifact.CaptureKey("local/default/job/run/", "10.0.0.1:4711-abc", events.ModeWall, artifact.Sum(body))
}

// Ref is the reference to a capture with this body.
func Ref(body []byte) events.ObjectRef {
	return events.ObjectRef{Key: Key(body), SHA256: artifact.Sum(body), Size: int64(len(body))}
}

// Store runs the suite on a store whose bucket is there and used by nobody else.
func Store(t *testing.T, s *artifact.Store) {
	t.Run("ready", func(t *testing.T) {
		if err := s.Ready(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("put then get", func(t *testing.T) { putThenGet(t, s) })
	t.Run("put from a file, read as it comes", func(t *testing.T) { stream(t, s) })
	t.Run("put at the same time", func(t *testing.T) { putAtTheSameTime(t, s) })
	t.Run("get refuses", func(t *testing.T) { getRefuses(t, s) })
	t.Run("check", func(t *testing.T) { check(t, s) })
	t.Run("survey", func(t *testing.T) { survey(t, s) })
	t.Run("await what comes later", func(t *testing.T) { await(t, s) })
}

func putThenGet(t *testing.T, s *artifact.Store) {
	for what, body := range map[string][]byte{
		"one byte": {0}, "small": []byte("<html>"), "one chunk": bytes.Repeat([]byte("chunk567"), 16<<10),
		"three MiB": bytes.Repeat([]byte("flame "), 1<<19), "three MiB and a bit": append(bytes.Repeat([]byte("frame "), 1<<19), 7),
	} {
		t.Run(what, func(t *testing.T) {
			for range 2 {
				ref, err := s.Put(t.Context(), Key(body), body)
				if err != nil || ref != Ref(body) {
					t.Fatalf("put: %+v, %v", ref, err)
				}
			}
			got, err := s.Get(t.Context(), Ref(body), artifact.MaxBytes)
			if err != nil || !bytes.Equal(got, body) {
				t.Errorf("got %d bytes, want %d: %v", len(got), len(body), err)
			}
		})
	}
}

func stream(t *testing.T, s *artifact.Store) {
	body := bytes.Repeat([]byte("stream "), 1<<16)
	name := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(name, body, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if err := s.PutFrom(t.Context(), Ref(body), file); err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	all := func(r io.Reader) { got.Reset(); _, _ = got.ReadFrom(r) }
	if err := s.Read(t.Context(), Ref(body), artifact.MaxBytes, all); err != nil || !bytes.Equal(got.Bytes(), body) {
		t.Errorf("read %d bytes, want %d: %v", got.Len(), len(body), err)
	}
	few := make([]byte, 7)
	if err := s.AwaitRead(t.Context(), Ref(body), artifact.MaxBytes, func(r io.Reader) { _, _ = io.ReadFull(r, few) }); err != nil || string(few) != "stream " {
		t.Errorf("read %q: %v", few, err)
	}
	other := Ref(body)
	other.SHA256 = artifact.Sum([]byte("another"))
	times := 0
	if err := s.Read(t.Context(), other, artifact.MaxBytes, func(io.Reader) { times++ }); !errors.Is(err, artifact.ErrCorrupt) || times != 2 {
		t.Errorf("another hash: %v, read %d times", err, times)
	}
	if err := s.PutFrom(t.Context(), Ref(append(body, 1)), file); err == nil {
		t.Error("a file that is too short was stored")
	}
}

func putAtTheSameTime(t *testing.T, s *artifact.Store) {
	body := bytes.Repeat([]byte("x"), 300<<10)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			ref, err := s.Put(t.Context(), Key(body), body)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := s.Get(t.Context(), ref, artifact.MaxBytes); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func getRefuses(t *testing.T, s *artifact.Store) {
	body := []byte("what was stored")
	stored, err := s.Put(t.Context(), Key(body), body)
	if err != nil {
		t.Fatal(err)
	}
	change := func(fn func(*events.ObjectRef)) events.ObjectRef {
		ref := stored
		fn(&ref)
		return ref
	}
	for what, c := range map[string]struct {
		ref   events.ObjectRef
		limit int64
		want  error
	}{
		"absent":           {change(func(r *events.ObjectRef) { r.Key = "gone" }), 100, artifact.ErrGone},
		"another hash":     {change(func(r *events.ObjectRef) { r.SHA256 = artifact.Sum(nil) }), 100, artifact.ErrCorrupt},
		"shorter":          {change(func(r *events.ObjectRef) { r.Size-- }), 100, artifact.ErrCorrupt},
		"longer":           {change(func(r *events.ObjectRef) { r.Size++ }), 100, artifact.ErrCorrupt},
		"above the limit":  {stored, 14, artifact.ErrTooLarge},
		"size not told":    {change(func(r *events.ObjectRef) { r.Size = 0 }), 15, nil},
		"larger than told": {change(func(r *events.ObjectRef) { r.Size = 0 }), 14, artifact.ErrTooLarge},
	} {
		t.Run(what, func(t *testing.T) {
			if _, err := s.Get(t.Context(), c.ref, c.limit); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func check(t *testing.T, s *artifact.Store) {
	body := []byte("what is looked for")
	ref := Ref(body)
	if err := s.Check(t.Context(), ref); !errors.Is(err, artifact.ErrGone) {
		t.Errorf("before the put: %v", err)
	}
	if _, err := s.Put(t.Context(), ref.Key, body); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context(), ref); err != nil {
		t.Errorf("after the put: %v", err)
	}
	ref.SHA256 = artifact.Sum(nil)
	if err := s.Check(t.Context(), ref); !errors.Is(err, artifact.ErrCorrupt) {
		t.Errorf("another object under the key: %v", err)
	}
}

func survey(t *testing.T, s *artifact.Store) {
	body := bytes.Repeat([]byte("listed"), 50<<10)
	ref, err := s.Put(t.Context(), Key(body), body)
	if err != nil {
		t.Fatal(err)
	}
	for _, deep := range []bool{false, true} {
		all, err := s.Survey(t.Context(), deep)
		if err != nil {
			t.Fatal(err)
		}
		if f := all.Objects[ref.Key]; f.Size != ref.Size || f.SHA256 != ref.SHA256 {
			t.Errorf("deep %t: %+v", deep, f)
		}
		for key, f := range all.Objects {
			if f.Broken != nil {
				t.Errorf("deep %t: %s: %v", deep, key, f.Broken)
			}
		}
	}
}

// await names an object before it is there, as a reader sees it who asks one that lags.
func await(t *testing.T, s *artifact.Store) {
	body := bytes.Repeat([]byte("late"), 100<<10)
	var put sync.WaitGroup
	started := make(chan struct{})
	put.Go(func() {
		<-started
		if _, err := s.Put(t.Context(), Key(body), body); err != nil {
			t.Error(err)
		}
	})
	if _, err := s.Get(t.Context(), Ref(body), artifact.MaxBytes); !errors.Is(err, artifact.ErrGone) {
		t.Errorf("before: %v", err)
	}
	close(started)
	got, err := s.Await(t.Context(), Ref(body), artifact.MaxBytes)
	if err != nil || !bytes.Equal(got, body) {
		t.Errorf("got %d bytes: %v", len(got), err)
	}
	put.Wait()
}
