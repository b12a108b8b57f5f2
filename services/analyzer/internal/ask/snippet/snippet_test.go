package snippet_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/services/analyzer/internal/ask/snippet"
)

const java = `package com.shop.cart;

import java.util.*;

/* class Wrong { void map() { } */
@Deprecated
public final class Cart<T extends Comparable<T>> extends Base implements MapFunction<String, Integer> {
    private static final String BRACE = "} // \" {";
    private static final char OPEN = '{', QUOTE = '\'', UNI = '\u007b';
    private final Map<String, List<int[]>> index = new HashMap<>(16) {
        @Override
        protected boolean removeEldest(Map.Entry<String, List<int[]>> e) { return size() > 9; }
    };

    public Cart(int size) throws IOException {
        super(size);
    }

    @Override
    @SuppressWarnings({"unchecked", "raw"})
    public Integer map(String line) throws Exception, java.io.IOException {
        // a comment with a brace }
        String text = """
            { not "code"
            """;
        if (line.isEmpty()) { return 0; }
        return run(() -> parse(line));
    }

    abstract int missing(int i);

    static <K, V> Map<K, List<V>> group(List<V> all) {
        return all.stream().map(v -> new Object() { int hash() { return 1; } }).toList();
    }

    class Inner {
        void open() { }
        enum Kind { A, B { void kind() { } }; Kind other() { return A; } }
    }

    interface Visitor { default void visit() { } void end(); }

    record Line(String sku, int count) {
        Line { check(sku); }
        int total() { return count; }
    }
}
`

const scala = `package com.shop
package stream

object Prices {
  val sql = s"SELECT ${cols.map(c => s"{$c")} FROM t }"
  def parse(s: String): Price = {
    /* nested /* comment */ } */
    val c = '{'
    Price(s)
  }
  def twice(x: Int) = x * 2

  class Enrich extends RichMapFunction[String, Price] {
    @transient
    override def map(in: String)(implicit p: Parser): Price =
      p.parse(in)
        .fold(fail)(identity)

    def abstractOne(x: Int): Int
    def last: Int = 1
  }
}
`

const kotlin = `package com.shop

data class Item(val sku: String, val n: Int = 1)

fun top(x: Int): Int = x + 1

class Enrich(private val url: String) : RichMapFunction<String, Item>() {
    companion object {
        fun of(u: String): Enrich { return Enrich("{$u") }
    }

    override fun map(value: String): Item {
        val f = object : Runnable { override fun run() { println("${value.map { "}" }}") } }
        return Item(value)
    }

    fun <T : Any> List<T>.second(): T = this[1]
    suspend fun ` + "`with spaces`" + `() { }
}
`

const python = `import os

class Enrich(MapFunction):
    """def not_me(self): {"""

    @udf
    def map(self, value):
        def inner(x):
            return x  # def no(): pass

        return """
text at the margin
""" + inner(value)

    async def call(self): return 1

def top(
    a,
):
    return a
`

func list(name, text string) []string {
	var out []string
	for _, m := range snippet.Methods(name, text) {
		out = append(out, fmt.Sprintf("%s %s.%s %d-%d", m.Package, m.Class, m.Name, m.From, m.To))
	}
	return out
}

func TestMethods(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"Cart.java", java, []string{
			"com.shop.cart Cart.removeEldest 11-12", "com.shop.cart Cart.<init> 15-17", "com.shop.cart Cart.map 19-28",
			"com.shop.cart Cart.group 32-34", "com.shop.cart Cart.hash 33-33", "com.shop.cart Cart$Inner.open 37-37",
			"com.shop.cart Cart$Inner$Kind.other 38-38", "com.shop.cart Cart$Visitor.visit 41-41",
			"com.shop.cart Cart$Line.total 45-45",
		}},
		{"Prices.scala", scala, []string{
			"com.shop.stream Prices.parse 6-10", "com.shop.stream Prices.twice 11-11",
			"com.shop.stream Prices$Enrich.map 14-17", "com.shop.stream Prices$Enrich.last 20-20",
		}},
		{"Enrich.kt", kotlin, []string{
			"com.shop .top 5-5", "com.shop Enrich$Companion.of 9-9", "com.shop Enrich.map 12-15",
			"com.shop Enrich.run 13-13", "com.shop Enrich.second 17-17", "com.shop Enrich.with spaces 18-18",
		}},
		{"job.py", python, []string{
			" Enrich.map 6-13", " Enrich.inner 8-9", " Enrich.call 15-15", " .top 17-20",
		}},
		{"notes.md", java, nil},
	} {
		if diff := cmp.Diff(c.want, list(c.name, c.text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestNamed(t *testing.T) {
	for frame, want := range map[string]string{
		"com.shop.cart.Cart.map":                   "Cart.map",
		"com.shop.cart.Cart.lambda$map$0":          "Cart.map",
		"com.shop.cart.Cart.lambda$map":            "Cart.map",
		"com.shop.cart.Cart.<init>":                "Cart.<init>",
		"com.shop.cart.Cart.lambda$new$1":          "Cart.<init>",
		"com.shop.cart.Cart$1.removeEldest":        "Cart.removeEldest",
		"com.shop.cart.Cart$2.hash":                "Cart.hash",
		"com.shop.cart.Cart$Inner$Kind.other":      "Cart$Inner$Kind.other",
		"com.shop.cart.Cart$$Lambda.map":           "",
		"com.other.Cart.map":                       "",
		"com.shop.cart.Cart.flatMap":               "",
		"com.shop.stream.Prices$.parse":            "Prices.parse",
		"com.shop.stream.Prices$.$anonfun$parse$1": "Prices.parse",
		"com.shop.stream.Prices$Enrich.map":        "Prices$Enrich.map",
		"com.shop.EnrichKt.top":                    ".top",
		"com.shop.Enrich$map$f$1.run":              "",
		"com.shop.Enrich.second":                   "Enrich.second",
		"JavaThread::run()":                        "",
	} {
		got := ""
		for _, f := range []struct{ name, text string }{{"a/Cart.java", java}, {"Prices.scala", scala}, {"Enrich.kt", kotlin}} {
			for _, m := range snippet.Methods(f.name, f.text) {
				if m.Named(frame) {
					got = m.Class + "." + m.Name
				}
			}
		}
		if got != want {
			t.Errorf("%s names %q, want %q", frame, got, want)
		}
	}
}

func TestText(t *testing.T) {
	for _, m := range snippet.Methods("Cart.java", java) {
		text := m.Text(java)
		if m.Name == "map" && (!strings.HasPrefix(text, "    @Override\n    @Suppress") || !strings.HasSuffix(text, "\n    }")) {
			t.Errorf("Text is %q", text)
		}
	}
}

// TestHostileSize holds the time to what grows with the text: none of these may take longer than its reading.
func TestHostileSize(t *testing.T) {
	const n = 1 << 17
	for _, unit := range []string{"'", "\"", "{", "(", ">(){", "`", "/*", "def a =\n", "a a(", "${", "class A {", "@A(", "\"${", "\t"} {
		text := strings.Repeat(unit, n/len(unit))
		for _, name := range []string{"a.java", "a.scala", "a.kt", "a.py"} {
			for _, m := range snippet.Methods(name, text) {
				if m.From < 1 || m.To < m.From {
					t.Fatalf("%s of %q: lines %d to %d", name, unit, m.From, m.To)
				}
			}
		}
	}
}

func FuzzMethods(f *testing.F) {
	for name, text := range map[string]string{"a.java": java, "a.scala": scala, "a.kt": kotlin, "a.py": python} {
		f.Add(name, text)
	}
	f.Add("a.scala", "def `a` = s\"${\"${\"")
	f.Add("a.kt", "fun <<< ( { } )")
	f.Fuzz(func(t *testing.T, name, text string) {
		lines := strings.Count(text, "\n") + 1
		for _, m := range snippet.Methods(name, text) {
			if m.From < 1 || m.To < m.From || m.To > lines || m.Name == "" {
				t.Fatalf("method %+v in %d lines", m, lines)
			}
			if !strings.Contains(text, m.Text(text)) {
				t.Fatalf("%q is not in the text", m.Text(text))
			}
			m.Named("a." + m.Class + "." + m.Name)
		}
	})
}
