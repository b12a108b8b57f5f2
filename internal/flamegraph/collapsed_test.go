package flamegraph_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/flamegraph"
)

func TestParseCollapsed_Kinds(t *testing.T) {
	t.Parallel()
	g := parseText(t, "\n[tid];a/B.c;A.b;ns::f;-[x y];x_[k];i_[i];j_[j];z_[0];c_[1];q_[q];/lib/x.so 1\r\n\n")
	want := `all native width=1 self=0 {0 0 0}
  [tid] native width=1 self=0 {0 0 0}
    a/B.c jit width=1 self=0 {0 0 0}
      A.b jit width=1 self=0 {0 0 0}
        ns::f cpp width=1 self=0 {0 0 0}
          -[x y] cpp width=1 self=0 {0 0 0}
            x kernel width=1 self=0 {0 0 0}
              i inlined width=1 self=0 {1 0 0}
                j jit width=1 self=0 {0 0 0}
                  z interpreted width=1 self=0 {0 0 1}
                    c c1 width=1 self=0 {0 1 0}
                      q_[q] native width=1 self=0 {0 0 0}
                        /lib/x.so native width=1 self=1 {0 0 0}
`
	if diff := cmp.Diff(want, dump(g)); diff != "" {
		t.Error(diff)
	}
}

// The path of the last line is reused only as far as whole frames agree.
func TestParseCollapsed_Neighbours(t *testing.T) {
	t.Parallel()
	g := parseText(t, "a;bc;d 1\na;b;d 2\na;b 4\na;bc 8\na 16\n 32\na;bc;d 64\na;bc_[k];d 128\n")
	want := `all native width=255 self=32 {0 0 0}
  a native width=223 self=16 {0 0 0}
    b native width=6 self=4 {0 0 0}
      d native width=2 self=2 {0 0 0}
    bc native width=73 self=8 {0 0 0}
      d native width=65 self=65 {0 0 0}
    bc kernel width=128 self=0 {0 0 0}
      d native width=128 self=128 {0 0 0}
`
	if diff := cmp.Diff(want, dump(g)); diff != "" {
		t.Error(diff)
	}
}

func TestWriteCollapsed_Exact(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := parseFile(t, "worked-2.9.html").WriteCollapsed(&out); err != nil {
		t.Fatal(err)
	}
	want := `Main.run;A.map_[i];java/util/HashMap.get 3
Main.run;A.map_[i];java/util/HashMap.put 2
Main.run;B.it's_[0] 4
[unknown];__libc_read;sys_read_[k] 1
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

// shape is dump without counts, which collapsed stacks hold only as kinds, and
// with native and C++ as one.
func shape(g *flamegraph.Graph) string {
	var lines []string
	for line := range strings.Lines(cppAsNative(g)) {
		line, _, _ = strings.Cut(line, " {")
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestWriteCollapsed_RoundTrip(t *testing.T) {
	t.Parallel()
	for _, file := range []string{
		"2.9-itimer.html", "2.9-cpu.html", "2.9-wall.html", "2.9-alloc.html", "2.9-lock.html", "3.0-itimer.html",
		"4.5-itimer.html", "4.5-cpu.html", "4.5-wall.html", "4.5-alloc.html", "4.5-lock.html",
	} {
		g := parseFile(t, file)
		var out bytes.Buffer
		if err := g.WriteCollapsed(&out); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(shape(g), shape(parseText(t, out.String()))); diff != "" {
			t.Errorf("%s:\n%s", file, diff)
		}
	}
}

func TestWriteCollapsed_Hostile(t *testing.T) {
	t.Parallel()
	g := parseText(t, html2("f(0,0,1,3,'all')\nf(1,0,1,1,'a;b\rc')"))
	var out bytes.Buffer
	if err := g.WriteCollapsed(&out); err != nil || out.String() != "a,b c_[j] 1\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestWriteCollapsed_Error(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	full := errors.New("disk full")
	if err := r.CloseWithError(full); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"worked.collapsed", "4.5-wall.html"} {
		if err := parseFile(t, file).WriteCollapsed(w); !errors.Is(err, full) {
			t.Errorf("%s: %v", file, err)
		}
	}
}
