package flamegraph_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/flamegraph"
)

// parseFile parses a file of testdata and checks the invariants.
func parseFile(t *testing.T, name string) *flamegraph.Graph {
	t.Helper()
	g, err := flamegraph.Parse(strings.NewReader(read(t, name)), flamegraph.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	checkInvariants(t, g)
	return g
}

func parseText(t *testing.T, text string) *flamegraph.Graph {
	t.Helper()
	g, err := flamegraph.Parse(strings.NewReader(text), flamegraph.Limits{})
	if err != nil {
		t.Fatalf("parse %.80q: %v", text, err)
	}
	checkInvariants(t, g)
	return g
}

func read(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// checkInvariants verifies what the package comment promises, by other means
// than the package itself.
func checkInvariants(t testing.TB, g *flamegraph.Graph) {
	t.Helper()
	var self uint64
	below := make([]uint64, g.Len())
	seen := flamegraph.FrameID(0)
	for id, f := range g.All() {
		if id != seen {
			t.Fatalf("frame %d comes as number %d", id, seen)
		}
		seen++
		self += f.Self
		if f.End <= id || int(f.End) > g.Len() || int(f.Name) >= g.NumNames() {
			t.Fatalf("frame %d: %+v", id, *f)
		}
		if f.Parent == flamegraph.None {
			if id != flamegraph.Root || f.Level != 0 || f.Width != g.Total() {
				t.Fatalf("root %d: %+v", id, *f)
			}
			continue
		}
		p := g.Frame(f.Parent)
		if f.Parent >= id || f.End > p.End || f.Level != p.Level+1 {
			t.Fatalf("frame %d: %+v under %+v", id, *f, *p)
		}
		below[f.Parent] += f.Width
	}
	if int(seen) != g.Len() || self != g.Total() {
		t.Fatalf("%d of %d frames, self %d of %d", seen, g.Len(), self, g.Total())
	}
	for id, f := range g.All() {
		if below[id] > f.Width || f.Self != f.Width-below[id] {
			t.Fatalf("frame %d: %+v, callees %d", id, *f, below[id])
		}
	}
}

// dump shows a graph line by line. Names that 2.9 may have cut are shortened.
func dump(g *flamegraph.Graph) string {
	var b strings.Builder
	for id, f := range g.All() {
		name := g.NameOf(id)
		if len(name) > 4000 {
			name = name[:40]
		}
		fmt.Fprintf(&b, "%*s%s %s width=%d self=%d %v\n", 2*int(f.Level), "", name, f.Kind, f.Width, f.Self, g.Counts(id))
	}
	return b.String()
}

func cppAsNative(g *flamegraph.Graph) string {
	return strings.ReplaceAll(dump(g), " cpp width=", " native width=")
}

const workedTree = `all native width=10 self=0 {0 0 0}
  Main.run jit width=9 self=0 {0 0 0}
    A.map inlined width=5 self=0 {3 0 0}
      java/util/HashMap.get jit width=3 self=3 {0 0 0}
      java/util/HashMap.put jit width=2 self=2 {0 0 0}
    B.it's interpreted width=4 self=4 {0 0 4}
  [unknown] native width=1 self=0 {0 0 0}
    __libc_read native width=1 self=0 {0 0 0}
      sys_read kernel width=1 self=1 {0 0 0}
`

func TestParse_Worked(t *testing.T) {
	t.Parallel()
	for name, dialect := range map[string]flamegraph.Dialect{
		"worked.collapsed": flamegraph.Collapsed,
		"worked-2.9.html":  flamegraph.HTML2,
		"worked-4.5.html":  flamegraph.HTML3,
	} {
		g := parseFile(t, name)
		if diff := cmp.Diff(workedTree, dump(g)); diff != "" || g.Dialect != dialect {
			t.Errorf("%s: %s:\n%s", name, g.Dialect, diff)
		}
	}
}

func TestParse_RealPages(t *testing.T) {
	t.Parallel()
	tests := []struct {
		file, title string
		dialect     flamegraph.Dialect
		total       uint64
		cut         int
		hot         string
		least       float64 // share of the samples with hot in the stack
	}{
		{"2.9-itimer.html", "CPU profile", flamegraph.HTML2, 243, 1, "Workload.burn", 0.3},
		{"2.9-cpu.html", "CPU profile", flamegraph.HTML2, 208, 1, "Workload.burn", 0.3},
		{"2.9-wall.html", "Wall clock profile", flamegraph.HTML2, 1447, 1, "Workload.sleep", 0.03},
		{"2.9-alloc.html", "Allocation profile", flamegraph.HTML2, 3501, 0, "byte[]", 0.3},
		{"2.9-lock.html", "Lock profile", flamegraph.HTML2, 256, 0, "Workload.contend", 0.9},
		{"2.9-lock-empty.html", "Lock profile", flamegraph.HTML2, 0, 0, "", 0},
		{"3.0-itimer.html", "CPU profile", flamegraph.HTML3, 461, 0, "Workload.burn", 0.3},
		{"4.5-itimer.html", "CPU profile", flamegraph.HTML3, 608, 0, "Workload.burn", 0.3},
		{"4.5-cpu.html", "CPU profile", flamegraph.HTML3, 288, 0, "Workload.burn", 0.3},
		{"4.5-wall.html", "Wall clock profile", flamegraph.HTML3, 1550, 0, "Workload.sleep", 0.03},
		{"4.5-alloc.html", "Allocation profile", flamegraph.HTML3, 2181, 0, "byte[]", 0.3},
		{"4.5-lock.html", "Lock profile", flamegraph.HTML3, 120, 0, "Workload.contend", 0.9},
		{"4.5-lock-empty.html", "Lock profile", flamegraph.HTML3, 0, 0, "", 0},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			t.Parallel()
			g := parseFile(t, test.file)
			if g.Title != test.title || g.Dialect != test.dialect || g.Total() != test.total || g.CutNames != test.cut {
				t.Errorf("%q, %s, %d samples, %d cut", g.Title, g.Dialect, g.Total(), g.CutNames)
			}
			if g.Empty() != (test.total == 0) {
				t.Error("Empty contradicts the total")
			}
			if share := share(g, test.hot); share < test.least {
				t.Errorf("%s is in %.2f of the samples", test.hot, share)
			}
		})
	}
}

func share(g *flamegraph.Graph, name string) float64 {
	for id, u := range g.Usage() {
		if g.Name(flamegraph.NameID(id)) == name {
			return float64(u.Width) / float64(g.Total())
		}
	}
	return 0
}

// The same samples, written in two forms, are the same tree, but for C++ names
// that look native in collapsed stacks.
func TestParse_SameInEveryDialect(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"2.9-itimer.html", "2.9-itimer.collapsed"},
		{"2.9-cpu.html", "2.9-cpu.collapsed"},
		{"2.9-wall.html", "2.9-wall.collapsed"},
		{"2.9-alloc.html", "2.9-alloc.collapsed"},
		{"2.9-lock.html", "2.9-lock.collapsed"},
		{"3.0-itimer.html", "3.0-itimer.collapsed"},
		{"4.5-itimer.html", "4.5-itimer.collapsed"},
		{"4.5-wall.html", "4.5-wall.collapsed"},
		{"4.5-alloc.html", "4.5-alloc.collapsed"},
		{"2.9-itimer.html", "2.9-itimer.to-4.5.html"},
		{"2.9-wall.html", "2.9-wall.to-4.5.html"},
	} {
		if diff := cmp.Diff(cppAsNative(parseFile(t, pair[0])), cppAsNative(parseFile(t, pair[1]))); diff != "" {
			t.Errorf("%s and %s:\n%s", pair[0], pair[1], diff)
		}
	}
}

func TestParse_DiffPage(t *testing.T) {
	t.Parallel()
	want := `all native width=14 self=0 {0 0 0}
  Main.run jit width=14 self=0 {0 0 0}
    A.map inlined width=5 self=0 {5 0 0}
      java/util/HashMap.get jit width=5 self=5 {0 0 0}
    C.new jit width=9 self=9 {0 0 0}
`
	if diff := cmp.Diff(want, dump(parseFile(t, "diff-4.5.html"))); diff != "" {
		t.Error(diff)
	}
}

// html2 and html3 are the least that a page of each dialect must have.
func html2(frames string) string {
	return "<!DOCTYPE html>\n<h1>T</h1>\n\tfunction f(level, left, width, type, title, inln, c1, int) {\n" +
		frames + "\n\nsearch();\n</script></body></html>\n"
}

func html3(pool, frames string) string {
	return "<!DOCTYPE html>\n<h1>T</h1>\nconst cpool = [\n'all'" + pool + "\n];\nunpack(cpool);\n\n" +
		frames + "\n\nsearch();\n</script></body></html>\n"
}

func TestParse_Names(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"2.9 quote and digits", html2(`f(0,0,1,3,'all')` + "\n" + `f(1,0,1,1,'a\',3,0,0')`), `a',3,0,0`},
		{"2.9 quote, digits, counts", html2(`f(0,0,1,3,'all')` + "\n" + `f(1,0,1,1,'a\')',1,0,0)`), `a')`},
		{"2.9 commas", html2(`f(0,0,1,3,'all')` + "\n" + `f(1,0,1,4,'std::map<int, char>::at(int)')`), `std::map<int, char>::at(int)`},
		{"2.9 backslash", html2(`f(0,0,1,3,'all')` + "\n" + `f(1,0,1,1,'a\b')`), `a\b`},
		{"2.9 not UTF-8", html2("f(0,0,1,3,'all')\nf(1,0,1,1,'a\xffb')"), "a\ufffdb"},
		{"2.9 line break", html2("f(0,0,1,3,'all')\r\nf(1,0,1,1,'a')\r"), "a"},
		{"3 prefix written as a quote", html3(",\n' aaaaaaa',\n'\\'b'", "n(3,1)\nu(17)"), "aaaaaaab"},
		{"3 prefix written as a backslash", html3(",\n' "+strings.Repeat("a", 60)+"',\n'\\\\b'", "n(3,1)\nu(17)"), strings.Repeat("a", 60) + "b"},
		{"3 escapes", html3(",\n' a\\'\\\\\\'b'", "n(3,1)\nu(9)"), `a'\'b`},
		{"3 prefix cuts a rune", html3(",\n' \u00e4',\n'!\xb6'", "n(3,1)\nu(17)"), "\u00f6"},
		{"3 all as a name", html3(",\n'#s'", "n(3,1)\nu(9)"), "alls"},
		{"collapsed spaces", "a b;c d 1\n", "c d"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := parseText(t, test.text)
			if got := g.NameOf(flamegraph.FrameID(g.Len() - 1)); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// A cut line loses its end and its line break, so several frames share a line.
func TestParse_CutNames(t *testing.T) {
	t.Parallel()
	cut := func(start string) string { return (start + strings.Repeat("n", 5000))[:4094] }
	g := parseText(t, html2("f(0,0,3,3,'all')\n"+cut("f(1,0,3,1,'A.")+cut("f(2,0,2,1,'B.")+"f(3,0,1,1,'leaf')\nf(2,2,1,1,'tail')"))
	if g.CutNames != 2 || g.Len() != 5 || g.Frame(2).Self != 1 || g.NameOf(3) != "leaf" {
		t.Errorf("%d cut:\n%s", g.CutNames, dump(g))
	}
}

func TestParse_Counts(t *testing.T) {
	t.Parallel()
	g := parseText(t, html2("f(0,0,9,3,'all')\nf(1,0,9,1,'A.a',99999,8,7)"))
	if got := g.Counts(1); got != (flamegraph.Counts{Inlined: 9}) {
		t.Errorf("hostile counts: %v", got)
	}
}

func TestParse_Refuses(t *testing.T) {
	t.Parallel()
	root2, root3 := "f(0,0,10,3,'all')\n", "n(3,10)\n"
	huge := "18446744073709551615"
	tests := []struct {
		name, text string
		want       error
	}{
		{"nothing", "", flamegraph.ErrTruncated},
		{"blanks", "\n \n", flamegraph.ErrTruncated},
		{"start of a page", "<!DOCTYPE html>\n<html lang='en'>\n<head>", flamegraph.ErrTruncated},
		{"another page", "<!DOCTYPE html>\n<html><body>404</body></html>", flamegraph.ErrUnsupported},
		{"a long page", "<html>" + strings.Repeat(" ", 1<<17), flamegraph.ErrUnsupported},
		{"heat map", "<html>\n<h1 id=\"title\">Heatmap</h1>\n</html>", flamegraph.ErrUnsupported},
		{"JFR", "FLR\x00\x00\x02", flamegraph.ErrUnsupported},
		{"gzip", "\x1f\x8b\x08\x00", flamegraph.ErrTruncated},
		{"JSON", `{"errors":["no"]} 1`, flamegraph.ErrUnsupported},
		{"text", "hello world\n", flamegraph.ErrUnsupported},
		{"binary", "a;b\x00 1\n", flamegraph.ErrUnsupported},

		{"2.9 no frames", html2(""), flamegraph.ErrMalformed},
		{"2.9 no root", html2("f(1,0,10,3,'all')"), flamegraph.ErrMalformed},
		{"2.9 two roots", html2(root2 + "f(0,0,10,3,'all')"), flamegraph.ErrMalformed},
		{"2.9 root not at 0", html2("f(0,5,10,3,'all')"), flamegraph.ErrMalformed},
		{"2.9 level jump", html2(root2 + "f(2,0,1,1,'a')"), flamegraph.ErrMalformed},
		{"2.9 wide child", html2(root2 + "f(1,0,11,1,'a')"), flamegraph.ErrMalformed},
		{"2.9 children too wide", html2(root2 + "f(1,0,6,1,'a')\nf(1,6,6,1,'b')"), flamegraph.ErrMalformed},
		{"2.9 left goes back", html2(root2 + "f(1,2,5,1,'a')\nf(1,1,1,1,'b')"), flamegraph.ErrMalformed},
		{"2.9 left outside", html2(root2 + "f(1,11,0,1,'a')"), flamegraph.ErrMalformed},
		{"2.9 left + width overflows", html2(root2 + "f(1,9,9999999999999999999,1,'a')"), flamegraph.ErrMalformed},
		{"2.9 number too large", html2("f(0,0," + huge + ",3,'all')"), flamegraph.ErrMalformed},
		{"2.9 too many samples", html2("f(0,0,9007199254740993,3,'all')"), flamegraph.ErrMalformed},
		{"2.9 level too large", html2(root2 + "f(9999999999999999999,0,1,1,'a')"), flamegraph.ErrMalformed},
		{"2.9 unknown kind", html2(root2 + "f(1,0,1,7,'a')"), flamegraph.ErrMalformed},
		{"2.9 stray line", html2(root2 + "alert(1)"), flamegraph.ErrMalformed},
		{"2.9 call without arguments", html2(root2 + "f()"), flamegraph.ErrMalformed},
		{"2.9 negative", html2(root2 + "f(1,-1,1,1,'a')"), flamegraph.ErrMalformed},
		{"2.9 no name", html2(root2 + "f(1,0,1,1,"), flamegraph.ErrMalformed},
		{"2.9 long name", html2(root2 + "f(1,0,1,1,'" + strings.Repeat("n", 20000) + "')"), flamegraph.ErrTooLarge},
		{"2.9 long line", html2(root2 + "f(1,0,1,1,'" + strings.Repeat("n", 5<<20) + "')"), flamegraph.ErrTooLarge},

		{"3 no frames", html3("", ""), flamegraph.ErrMalformed},
		{"3 level jump", html3(",\n' a'", root3+"f(9,2,0,1)"), flamegraph.ErrMalformed},
		{"3 wide child", html3(",\n' a'", root3+"u(9,11)"), flamegraph.ErrMalformed},
		{"3 sibling outside", html3(",\n' a'", root3+"u(9,6)\nn(9)"), flamegraph.ErrMalformed},
		{"3 left overflows", html3(",\n' a'", root3+"f(9,1,9999999999999999999,1)\nf(9,1,9999999999999999999,1)"), flamegraph.ErrMalformed},
		{"3 unknown name", html3("", root3+"u(17,1)"), flamegraph.ErrMalformed},
		{"3 unknown kind", html3(",\n' a'", root3+"u(15,1)"), flamegraph.ErrMalformed},
		{"3 key too large", html3("", "n("+huge+",1)"), flamegraph.ErrMalformed},
		{"3 too few numbers", html3(",\n' a'", root3+"f(9,1)"), flamegraph.ErrMalformed},
		{"3 too many numbers", html3(",\n' a'", root3+"f(9,1,0,1,0,0,0,0)"), flamegraph.ErrMalformed},
		{"3 two counts", html3(",\n' a'", root3+"u(9,1,0,0)"), flamegraph.ErrMalformed},
		{"3 text behind", html3(",\n' a'", root3+"u(9,1)x"), flamegraph.ErrMalformed},
		{"3 prefix too long", html3(",\n'~a'", root3), flamegraph.ErrMalformed},
		{"3 control character as prefix", html3(",\n'\x01a'", root3), flamegraph.ErrMalformed},
		{"3 empty packed name", html3(",\n''", root3), flamegraph.ErrMalformed},
		{"3 stray line in the pool", html3("\nalert(1)", root3), flamegraph.ErrMalformed},

		{"collapsed later line", "a;b 1\na;b\n", flamegraph.ErrMalformed},
		{"collapsed fraction", "a;b 1\na;b 1.5\n", flamegraph.ErrMalformed},
		{"collapsed overflow", "a 9007199254740992\nb 1\n", flamegraph.ErrMalformed},
		{"collapsed depth", "a 1\n" + strings.Repeat("a;", 5000) + "b 1\n", flamegraph.ErrTooLarge},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g, err := flamegraph.Parse(strings.NewReader(test.text), flamegraph.Limits{})
			if !errors.Is(err, test.want) || g != nil {
				t.Errorf("got %v, %v, want %v", g, err, test.want)
			}
		})
	}
}

func TestParse_RefusesOtherPages(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"tree-2.9.html", "tree-4.5.html"} {
		_, err := flamegraph.Parse(strings.NewReader(read(t, file)), flamegraph.Limits{})
		if !errors.Is(err, flamegraph.ErrUnsupported) || !strings.Contains(err.Error(), "call tree") {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// A page that was cut anywhere is never taken for a whole one.
func TestParse_Truncated(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"worked-2.9.html", "worked-4.5.html", "2.9-lock-empty.html"} {
		page := strings.TrimRight(read(t, file), "\n")
		frames := strings.Index(page, "\n\n") - 50
		for n := 0; n < len(page); n++ {
			if n < frames {
				n += 97 // the template takes most of the page
			}
			g, err := flamegraph.Parse(strings.NewReader(page[:n]), flamegraph.Limits{})
			if g != nil || (!errors.Is(err, flamegraph.ErrTruncated) && !errors.Is(err, flamegraph.ErrMalformed)) {
				t.Fatalf("%s cut at %d of %d: %v", file, n, len(page), err)
			}
		}
	}
}

func TestParse_ErrorNamesLine(t *testing.T) {
	t.Parallel()
	_, err := flamegraph.Parse(strings.NewReader(html2("f(0,0,1,3,'all')\nf(2,0,1,1,'a')")), flamegraph.Limits{})
	if err == nil || !strings.Contains(err.Error(), "line 5: ") {
		t.Errorf("%v", err)
	}
}

func TestParse_ReadError(t *testing.T) {
	t.Parallel()
	lost := errors.New("connection lost")
	page := read(t, "4.5-wall.html")
	for _, n := range []int{0, 100, len(page) - 20} {
		r := io.MultiReader(strings.NewReader(page[:n]), iotest.ErrReader(lost))
		if _, err := flamegraph.Parse(r, flamegraph.Limits{}); !errors.Is(err, lost) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

func TestParse_Limits(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"2.9-wall.html", "4.5-wall.html", "4.5-wall.collapsed"} {
		text := read(t, file)
		for name, limits := range map[string]flamegraph.Limits{
			"bytes":  {Bytes: int64(len(text)) - 1},
			"head":   {Bytes: 100},
			"frames": {Frames: 100},
			"depth":  {Depth: 5},
			"names":  {Names: 20},
			"length": {NameBytes: 30},
		} {
			if _, err := flamegraph.Parse(strings.NewReader(text), limits); !errors.Is(err, flamegraph.ErrTooLarge) {
				t.Errorf("%s, %s: %v", file, name, err)
			}
		}
		exact := flamegraph.Limits{Bytes: int64(len(text)), Frames: math.MaxInt, Names: math.MaxInt, Depth: math.MaxInt}
		if _, err := flamegraph.Parse(iotest.OneByteReader(strings.NewReader(text)), exact); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}
