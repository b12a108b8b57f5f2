package pseudonym_test

import (
	"strings"
	"testing"

	"squirrly.dev/services/analyzer/internal/ask/pseudonym"
)

// learned is a map of a small job.
func learned() *pseudonym.Map {
	m := pseudonym.New()
	m.Frame("com.shop.Cart.map")
	m.Frame("com.shop.Cart$Item.map")
	m.Frame("com.shop.Cart$Item.open")
	m.Frame("com.shop.io.Reader.read")
	m.Frame("Job.main")
	m.Name("job", "Cart pricing")
	m.Name("vertex", "Source: carts -> price")
	return m
}

func TestFrame(t *testing.T) {
	m := learned()
	for frame, want := range map[string]string{
		"com.shop.Cart.map":                 "u1.C1.m1",
		"com.shop.Cart$Item.map":            "u1.C2.m1",
		"com.shop.Cart$Item.open":           "u1.C2.m2",
		"com.shop.io.Reader.read":           "u2.C3.m3",
		"Job.main":                          "u0.C4.m4",
		"java.lang.Thread.sleep":            "java.lang.Thread.sleep",
		"org.apache.flink.runtime.Task.run": "org.apache.flink.runtime.Task.run",
		"StreamExecCalc$*.processElement":   "StreamExecCalc$*.processElement",
		"JavaThread::run()":                 "JavaThread::run()",
		"pthread_cond_wait":                 "pthread_cond_wait",
	} {
		if got := m.Frame(frame); got != want {
			t.Errorf("Frame(%s) = %s, want %s", frame, got, want)
		}
		if got := m.Unmask(want); got != frame {
			t.Errorf("Unmask(%s) = %s, want %s", want, got, frame)
		}
	}
}

func TestText(t *testing.T) {
	m := learned()
	for _, c := range []struct{ text, want, back string }{
		{"Cart.map → Thread.sleep", "u1.C1.m1 → Thread.sleep", "com.shop.Cart.map → Thread.sleep"},
		{"Cart pricing is slow", "job1 is slow", "Cart pricing is slow"},
		{"Source: carts -> price is 98 % busy.", "vertex1 is 98 % busy.", "Source: carts -> price is 98 % busy."},
		{"Carts and ACart stay, Cart goes", "Carts and ACart stay, u1.C1 goes", "Carts and ACart stay, com.shop.Cart goes"},
		{"com/shop/Cart.map", "u1.C1.m1", "com.shop.Cart.map"},
		{"net.other.Thing.go, net.other.Thing", "u3.C5.m5, u3.C5", "net.other.Thing.go, net.other.Thing"},
		{"java.util.Map.get of com.shop", "java.util.Map.get of u1", "java.util.Map.get of com.shop"},
		{"Cart$1.map", "u1.C1$1.map", "com.shop.Cart$1.map"},
		{"C1 and m1 and u9", "C1 and m1 and u9", "C1 and m1 and u9"},
		{"Java_com_shop_Cart_map, Java_java_lang_Thread_sleep", "native1, Java_java_lang_Thread_sleep", "Java_com_shop_Cart_map, Java_java_lang_Thread_sleep"},
		{"C2.m2 of 3 ms", "C2.m2 of 3 ms", "Cart$Item.open of 3 ms"},
	} {
		got := m.Text(c.text)
		if got != c.want {
			t.Errorf("Text(%q) = %q, want %q", c.text, got, c.want)
		}
		if again := m.Text(got); again != got {
			t.Errorf("Text(%q) = %q: masks are masked again", got, again)
		}
		if back := m.Unmask(got); back != c.back {
			t.Errorf("Unmask(%q) = %q, want %q", got, back, c.back)
		}
	}
}

func TestNameKeepsWordsOfFlink(t *testing.T) {
	m := pseudonym.New()
	for _, name := range []string{"", "Source: Collection Source -> Map", "Sink: Unnamed", "Filter (2/4)"} {
		if got := m.Name("vertex", name); got != name {
			t.Errorf("Name(%q) = %q", name, got)
		}
	}
	if a, b := m.Name("vertex", "orders"), m.Name("vertex", "orders"); a != "vertex1" || a != b {
		t.Errorf("masks %s and %s", a, b)
	}
}

// FuzzText: nothing that was learned is left in a text, and masks of frames come back.
func FuzzText(f *testing.F) {
	f.Add("com.shop.Cart.map", "x com.shop.Cart.map(y) Cart")
	f.Add("a.B$C.<init>", "<a.B$C.<init>>")
	f.Add("é.Ü.ö", "é.Ü.ö é")
	f.Fuzz(func(t *testing.T, frame, text string) {
		m := pseudonym.New()
		masked := m.Frame(frame)
		if m.Frame(frame) != masked {
			t.Fatalf("%q has two masks", frame)
		}
		if masked != frame && m.Unmask(masked) != frame {
			t.Fatalf("Unmask(%q) = %q, want %q", masked, m.Unmask(masked), frame)
		}
		m.Text(text)
		if got := m.Text(" " + frame + " "); masked != frame && strings.Contains(got, " "+frame+" ") {
			t.Fatalf("%q is left in %q", frame, got)
		}
	})
}
