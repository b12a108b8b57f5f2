package flamegraph_test

import (
	"strings"
	"testing"

	"squirrly.dev/internal/flamegraph"
)

// One method in the styles of the profilers, converters and dumps that people use.
func TestNormalize_Styles(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"com.shop.Cart.add":                        "com.shop.Cart.add",
		"com/shop/Cart.add:38":                     "com.shop.Cart.add",
		"com.shop.Cart.add:38":                     "com.shop.Cart.add",
		"com/shop/Cart.add@117":                    "com.shop.Cart.add",
		"com/shop/Cart.add_[j]":                    "com.shop.Cart.add",
		"com/shop/Cart.add:38_[i]":                 "com.shop.Cart.add",
		"com/shop/Cart.add(I)V":                    "com.shop.Cart.add",
		"com/shop/Cart.add(Lcom/shop/Item;J)[B":    "com.shop.Cart.add",
		"com/shop/Cart.get(I)Ljava/lang/String;":   "com.shop.Cart.get",
		"com/shop/Cart.get(I|)Ljava/lang/String|":  "com.shop.Cart.get",
		"com.shop.Cart.add(java.lang.String, int)": "com.shop.Cart.add",
		"com.shop.Cart.add(Cart.java:38)":          "com.shop.Cart.add",
		"java.lang.Thread.sleep(Native Method)":    "java.lang.Thread.sleep",
		"app//com.shop.Cart.add":                   "com.shop.Cart.add",
		"app//com.shop.Cart.add(Cart.java:38)":     "com.shop.Cart.add",
		"app//Cart.add":                            "Cart.add",
		"java.base@17.0.9/java.lang.Thread.run":    "java.lang.Thread.run",
		"java.base/java.lang.Thread.run":           "java.lang.Thread.run",
		"java.base/java.lang.Thread.run:840":       "java.lang.Thread.run",
		"platform/java.sql@17/java.sql.Driver.get": "java.sql.Driver.get",
		"loader/shop@1.2/com.shop.Cart.add":        "com.shop.Cart.add",
		"Lcom/shop/Cart;::add":                     "com.shop.Cart.add",
		"Lcom/shop/Cart;::add(Lcom/shop/Item;)V":   "com.shop.Cart.add",
		"Lcom/shop/Cart:::add":                     "com.shop.Cart.add",
		"com/shop/Cart:::add":                      "com.shop.Cart.add",
		"com.shop.Cart::add":                       "com.shop.Cart.add",
		"void com.shop.Cart.add(java.lang.String)": "com.shop.Cart.add",
		"com.shop.Item[] com.shop.Cart.all()":      "com.shop.Cart.all",
		"app//com.shop.Job$$Lambda$14/0x0800.f":    "com.shop.Job$$Lambda.f",
		"com.shop.Job$$Lambda/0x00007f0123.f:12":   "com.shop.Job$$Lambda.f",
		"com.shop.Job$$Lambda+0x00007f.f":          "com.shop.Job$$Lambda.f",
		"com.shop.Cart$Line.<init>(Cart.java:3)":   "com.shop.Cart$Line.<init>",
		"com.shop.Job.$anonfun$main$1(Job.scala)":  "com.shop.Job.$anonfun$main$1",
		"StreamExecCalc$12.processElement:33":      "StreamExecCalc$*.processElement",

		// What only looks alike.
		"std::vector<int>::push_back(int const&)":                 "std::vector<int>::push_back(int const&)",
		"G1ParScanThreadState::trim_queue":                        "G1ParScanThreadState::trim_queue",
		"JavaThread::run()":                                       "JavaThread::run()",
		"core::ops::FnOnce::call":                                 "core::ops::FnOnce::call",
		"Source: a/b (1/2)#0":                                     "Source: a/b (1/2)#0",
		"[Sink: x/y.Z (1/2)#0 tid=7]":                             "[Sink: x/y.Z (1/2)#0]",
		"Thread-12":                                               "Thread-12",
		"pool-1-thread-1":                                         "pool-1-thread-1",
		"pekko.actor.default-dispatcher-12":                       "pekko.actor.default-dispatcher-12",
		"memcpy@plt":                                              "memcpy@plt",
		"[ld-musl-x86_64.so.1]":                                   "[ld-musl-x86_64.so.1]",
		"operator new(unsigned long)":                             "operator new(unsigned long)",
		"/usr/lib/jvm/java-17/lib/server/libjvm.so":               "/usr/lib/jvm/java-17/lib/server/libjvm.so",
		"(anonymous namespace)::f":                                "(anonymous namespace)::f",
		"rocksdb::DBImpl::Get(rocksdb::ReadOptions const&, int)":  "rocksdb::DBImpl::Get(rocksdb::ReadOptions const&, int)",
		"com/shop/Hidden/12.run":                                  "com.shop.Hidden.run",
		"github.com/shop/cart.(*Cart).Add":                        "github.com/shop/cart.(*Cart).Add",
		"unlink_chunk.constprop.0":                                "unlink_chunk.constprop.0",
		"java.util.concurrent.ThreadPoolExecutor$Worker.run.more": "java.util.concurrent.ThreadPoolExecutor$Worker.run.more",
	} {
		if got := flamegraph.Normalize(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
		if again := flamegraph.Normalize(want); again != want {
			t.Errorf("%q becomes %q the second time", want, again)
		}
	}
}

// Methods are Java in every style, and the semicolons of a signature part no frames.
func TestParseCollapsed_Styles(t *testing.T) {
	t.Parallel()
	for _, stack := range []string{
		"java.lang.Thread.run;com.shop.Cart.add;com.shop.Item.of",
		"java/lang/Thread.run:840;com/shop/Cart.add:3;com/shop/Item.of:1",
		"java.base@17.0.9/java.lang.Thread.run;app//com.shop.Cart.add;app//com.shop.Item.of",
		"java/lang/Thread.run()V;com/shop/Cart.add(Ljava/lang/String;[[Lcom/shop/X;I)Ljava/lang/Object;;com/shop/Item.of(J)V",
		"java/lang/Thread.run()V;com/shop/Cart.add(Ljava/lang/String|I)V;com/shop/Item.of(Ljava/lang/String;)Lcom/shop/Item;",
		"Ljava/lang/Thread;::run;Lcom/shop/Cart;::add;Lcom/shop/Item;::of",
		"java.lang.Thread::run;com.shop.Cart::add;com.shop.Item::of",
		"void java.lang.Thread.run();void com.shop.Cart.add(java.lang.String);com.shop.Item com.shop.Item.of()",
	} {
		g := flamegraph.Merge(parseText(t, stack+" 3\n"+stack+" 4\n"))
		if got := strings.Join(g.Stack(flamegraph.FrameID(g.Len()-1)), ";"); got != "java.lang.Thread.run;com.shop.Cart.add;com.shop.Item.of" {
			t.Errorf("%s: %s", stack, got)
		}
		for id, f := range g.All() {
			if id != flamegraph.Root && !f.Kind.IsJava() {
				t.Errorf("%s: %s is %s", stack, g.NameOf(id), f.Kind)
			}
		}
	}
}

// Roots of threads and processes, and libraries, are no methods.
func TestParseCollapsed_NotJava(t *testing.T) {
	t.Parallel()
	g := parseText(t, "java;[tid=12];Source: a/b.C (1/2)#0;pool-1-thread-1;[ld-musl-x86_64.so.1];libc.so.6;f.part.0;std::f 1\n")
	for id, f := range g.All() {
		if f.Kind.IsJava() {
			t.Errorf("%s is %s", g.NameOf(id), f.Kind)
		}
	}
}

// The converters of async-profiler 2 number the kinds in two ways and end the page in two.
func TestParse_OldPages(t *testing.T) {
	t.Parallel()
	want := shape(flamegraph.Merge(parseFile(t, "worked.collapsed")))
	for _, file := range []string{"worked-2.0.html", "worked-2.6.html", "worked-2.7.html", "worked-2.8.html"} {
		g := parseFile(t, file)
		if g.Dialect != flamegraph.HTML2 || g.Title != "Wall clock profile" {
			t.Errorf("%s: %s, %q", file, g.Dialect, g.Title)
		}
		// Pages up to 2.7 do not say which Java frames were interpreted.
		same := strings.NewReplacer(" interpreted ", " jit ", " inlined ", " jit ")
		if got := shape(flamegraph.Merge(g)); same.Replace(got) != same.Replace(want) {
			t.Errorf("%s:\n%s", file, got)
		}
	}
	if kinds := dump(parseFile(t, "worked-2.0.html")); !strings.Contains(kinds, "sys_read kernel") || !strings.Contains(kinds, "A.map inlined") {
		t.Error(kinds)
	}
}

// A name that fills the buffer takes the line break with it, also before the end of the page.
func TestParse_OldPageCut(t *testing.T) {
	t.Parallel()
	frame := "f(1,0,1,0,'"
	page := strings.Replace(html2("f(0,0,1,4,'all')\n"+frame+strings.Repeat("n", 4094-len(frame))+"@@"), "@@\n\nsearch();", "render();", 1)
	if g := parseText(t, page); g.CutNames != 1 || g.Total() != 1 {
		t.Errorf("%d cut of %d", g.CutNames, g.Total())
	}
}
