package flamegraph_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/pprof/profile"

	"squirrly.dev/internal/flamegraph"
)

// FuzzParse: whatever comes in, a graph that comes out holds the invariants,
// survives a merge and a trip through collapsed stacks, and an error is one of
// the four kinds.
func FuzzParse(f *testing.F) {
	for _, file := range []string{"2.9-lock.html", "2.9-lock-empty.html", "worked-2.9.html"} {
		f.Add([]byte(html2("f(" + between(f, read(f, file), "\n\nf(", "\n\nsearch"))))
	}
	for _, file := range []string{"4.5-lock.html", "worked-4.5.html", "diff-4.5.html"} {
		page := read(f, file)
		f.Add([]byte(html3(between(f, page, "'all'", "\n];"), between(f, page, "unpack(cpool);\n\n", "\n\nsearch"))))
	}
	f.Add([]byte(read(f, "worked.collapsed")))
	f.Add([]byte(html2("f(0,0,3,3,'all')\nf(1,0,2,1,'A.a\\'',1,0,0)\nf(1,2,1,5,'k')")))
	f.Add([]byte(html3(",\n' a',\n'!b'", "n(3,10)\nu(9,5,3,0,0)\nn(17)\nf(9,2,0,1)\nd=U")))
	f.Add([]byte(html2("f(0,0,3,3,'all')\nf(1,0,3,1,'" + strings.Repeat("n", 4074) + "f(2,0,1,1,'b')")))
	f.Add([]byte("a_[i];b/C.d$$Lambda$1/0x1.e 3\na;x::y 4\n 5\n"))
	f.Add(pprofOf(f, []*profile.ValueType{{Type: "samples", Unit: "count"}}, map[string][]int64{"a.B.c;d": {2}}))
	f.Add([]byte("a.b.C.d(Ljava/lang/String;I)V;Lx/Y;::z;app//q.R.s:3 2\njava;[tid=1];void u.V.w() 3\n"))
	f.Add([]byte(strings.Replace(html2("f(0,0,3,4,'all')\nf(1,0,3,2,'x')"), "\n\nsearch", "\nrender", 1)))
	f.Add([]byte(inUTF16("\ufeffa;b 3\n", binary.LittleEndian)))
	f.Add([]byte(gzipped(f, "a;b 3\n")))
	f.Add([]byte("a;b 1 2\n"))
	f.Add([]byte("--- 5 ns (1%), 2 samples\n"))
	limits := flamegraph.Limits{Frames: 1000, Depth: 100, Names: 500, NameBytes: 5000}
	kinds := []error{
		flamegraph.ErrUnsupported, flamegraph.ErrTruncated, flamegraph.ErrTooLarge, flamegraph.ErrMalformed,
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		g, err := flamegraph.Parse(bytes.NewReader(file), limits)
		checkMeasure(t, file, limits, g, err)
		if err != nil {
			for _, kind := range kinds {
				if errors.Is(err, kind) {
					return
				}
			}
			t.Fatalf("an error of no kind: %v", err)
		}
		checkInvariants(t, g)
		if g.Len() > limits.Frames || g.NumNames() > limits.Names {
			t.Fatalf("%d frames, %d names", g.Len(), g.NumNames())
		}
		for id := range g.NumNames() {
			if !utf8.ValidString(g.Name(flamegraph.NameID(id))) {
				t.Fatalf("name %d is not UTF-8", id)
			}
		}
		m := flamegraph.Merge(g, g)
		checkInvariants(t, m)
		if m.Total() != 2*g.Total() {
			t.Fatalf("merged %d and %d samples to %d", g.Total(), g.Total(), m.Total())
		}
		if turned, err := g.Reversed(limits); err == nil {
			checkInvariants(t, turned)
			if turned.Total() != g.Total() {
				t.Fatalf("%d samples turned round to %d", g.Total(), turned.Total())
			}
		} else if !errors.Is(err, flamegraph.ErrTooLarge) {
			t.Fatal(err)
		}
		checkRoundTrip(t, g)
	})
}

// between takes a page without its template, which would only slow fuzzing.
func between(f *testing.F, page, from, to string) string {
	_, rest, found := strings.Cut(page, from)
	part, _, ended := strings.Cut(rest, to)
	if !found || !ended {
		f.Fatalf("no %q … %q", from, to)
	}
	return part
}

func checkRoundTrip(t *testing.T, g *flamegraph.Graph) {
	var out bytes.Buffer
	if err := g.WriteCollapsed(&out); err != nil {
		t.Fatal(err)
	}
	if out.Len() == 0 {
		if !g.Empty() {
			t.Fatal("samples without a line")
		}
		return
	}
	// Stacks whose names make the text look like another format are no news.
	back, err := flamegraph.Parse(&out, flamegraph.Limits{})
	if errors.Is(err, flamegraph.ErrUnsupported) || errors.Is(err, flamegraph.ErrTruncated) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if back.Dialect == flamegraph.Collapsed && back.Total() != g.Total() {
		t.Fatalf("%d samples came back as %d", g.Total(), back.Total())
	}
}

func FuzzNormalize(f *testing.F) {
	for _, name := range []string{
		"java/lang/Thread.run", "a/J$$Lambda$14/0x0008.apply", "J$$Lambda$1/123.f", "jdk/proxy2/$Proxy17.get",
		"StreamExecCalc$123.processElement", "foo+0x1c", "x@@GLIBC_2.3", "[t tid=1]", "std::map<a/b>::at",
		"a/GeneratedMethodAccessor31.invoke", "app//a.B.c:3", "La/B;::c(I)V", "void a.B.c(int)", "m@1/a.b.C.d", "a/B.c_[j]",
	} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		normal := flamegraph.Normalize(name)
		if again := flamegraph.Normalize(normal); again != normal {
			t.Errorf("%q: %q, then %q", name, normal, again)
		}
		if len(normal) > len(name) || (utf8.ValidString(name) && !utf8.ValidString(normal)) {
			t.Errorf("%q became %q", name, normal)
		}
		if short := flamegraph.AbbreviatePackages(normal); len(short) > len(normal) {
			t.Errorf("%q became %q", normal, short)
		}
	})
}
