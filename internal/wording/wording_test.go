package wording_test

import (
	"math"
	"testing"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

func TestFact(t *testing.T) {
	for want, f := range map[string]events.Fact{
		"97.0 %":              {Value: 0.97, Unit: "share"},
		"0.4 %":               {Value: 0.004, Unit: "share"},
		"100 %":               {Value: 1, Unit: "share"},
		"1.94 TE":             {Value: 1.94, Unit: "te"},
		"1,180 samples":       {Value: 1180, Unit: "samples"},
		"12,345,678":          {Value: 12345678, Unit: "count"},
		"-1,000 ms":           {Value: -1000, Unit: "ms"},
		"1,235 records/s":     {Value: 1234.6, Unit: "records/s"},
		"2":                   {Value: 2},
		"unknown cores":       {Value: math.NaN(), Unit: "cores"},
		"0.33 cores":          {Value: 0.333, Unit: "cores"},
		"100,000,000 samples": {Value: 1e8, Unit: "samples"},
	} {
		if got := wording.Fact(f); got != want {
			t.Errorf("Fact(%v %s) = %q, want %q", f.Value, f.Unit, got, want)
		}
	}
}

func TestClassMethod(t *testing.T) {
	for frame, want := range map[string]string{
		"java.lang.Thread.sleep":       "Thread.sleep",
		"java/lang/Thread.sleep":       "Thread.sleep",
		"demo.Job$Inner.map":           "Job$Inner.map",
		"Thread.sleep":                 "Thread.sleep",
		"java.lang.Object":             "java.lang.Object",
		"main":                         "main",
		"rocksdb::DBImpl::Get":         "rocksdb::DBImpl::Get",
		"std::vector<a.b>::push(x.y)":  "std::vector<a.b>::push(x.y)",
		"com.acme.Foo.<init>":          "Foo.<init>",
		"com.acme.Foo$$Lambda.0x1.run": "0x1.run",
	} {
		if got := wording.ClassMethod(frame); got != want {
			t.Errorf("ClassMethod(%q) = %q, want %q", frame, got, want)
		}
	}
}

func TestLibrary(t *testing.T) {
	for frame, want := range map[string]bool{
		"java.lang.Thread.sleep": true, "org.apache.flink.X.y": true, "com.acme.Foo.map": false,
		"rocksdb::DBImpl::Get": true, "start_thread": true, "org.acme.Y.z": false,
	} {
		if got := wording.Library(frame); got != want {
			t.Errorf("Library(%q) = %t", frame, got)
		}
	}
}

func TestNumbers(t *testing.T) {
	for got, want := range map[string]string{
		wording.Percent(0.97): "97 %", wording.Percent(0.004): "0.4 %", wording.Percent(0.0994): "9.9 %", wording.Percent(0.0996): "10 %",
		wording.Percent(0): "0 %", wording.Percent(-1): "–", wording.Percent(math.NaN()): "–",
		wording.Times(1.44): "1.4×", wording.Times(33.4): "33×", wording.Times(1234): "1,234×", wording.Times(1e300): "1,000,000,000×",
		wording.Rate(862.6): "863", wording.Rate(3.24): "3.2", wording.Rate(0): "0", wording.Rate(-1): wording.Unknown, wording.Rate(4814.5): "4,815",
		wording.Count(1180): "1,180", wording.Count(-1000): "-1,000", wording.Count(uint64(12)): "12", wording.Count(int64(999)): "999",
		wording.Plural(1, "subtask"): "1 subtask", wording.Plural(2000, "subtask"): "2,000 subtasks",
		wording.TE(0.966): "0.97 threads",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestNames(t *testing.T) {
	for got, want := range map[string]string{
		wording.Simple("com.shop.Cart.add"): "Cart.add", wording.Simple("com.shop.Cart"): "Cart", wording.Simple("main"): "main",
		wording.Simple("rocksdb::DBImpl::Get"): "rocksdb::DBImpl::Get", wording.Simple("com.shop.Cart$$Lambda.0x1.run"): "0x1.run",
		wording.Simple("G1ParTask::work(unsigned int)"):                      "G1ParTask::work",
		wording.Simple("std::vector<f(int)>::push(int) const"):               "std::vector<f(int)>::push",
		wording.Simple("(anonymous namespace)::Block::Read(rocksdb::Slice)"): "(anonymous namespace)::Block::Read",
		wording.Simple("rocksdb::(anonymous namespace)::Read(char*)"):        "rocksdb::(anonymous namespace)::Read",
		wording.Simple("rocksdb::Slice::operator()(int)"):                    "rocksdb::Slice::operator()",
		wording.Simple("lambda(x)"):                                          "lambda(x)",
		wording.Place("a.Cart.add", "java.lang.Thread.sleep"):                "Cart.add → Thread.sleep", wording.Place("a.Cart.add", "a.Cart.add"): "Cart.add",
		wording.Place("", "a.Cart.sum"): "Cart.sum", wording.Place("a.Cart.get", ""): "Cart.get",
		wording.Class("a.b.Cart.add"): "a.b.Cart", wording.Package("a.b.Cart.add"): "a.b", wording.Package("Cart.add"): "Cart", wording.Class("main"): "",
		wording.List(nil): "", wording.List([]string{"a"}): "a", wording.List([]string{"a", "b"}): "a and b",
		wording.List([]string{"a", "b", "c"}): "a, b and c",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestVerdict(t *testing.T) {
	for _, limit := range events.Limits() {
		v := events.Verdict{Limit: limit, Headline: "a long sentence", VertexName: "sine", Bound: 1.42}
		got := wording.Verdict(v)
		if got == "" || got == v.Headline || len(got) > 40 {
			t.Errorf("%s: %q", limit, got)
		}
	}
	for want, v := range map[string]events.Verdict{
		"sine limits, up to 1.4×": {Limit: events.LimitVertex, VertexName: "sine", Bound: 1.42},
		"sine limits":             {Limit: events.LimitVertex, VertexName: "sine", Bound: 1.02},
		"h":                       {Limit: events.LimitVertex, Headline: "h"},
		"of a later version":      {Limit: "later", Headline: "of a later version"},
	} {
		if got := wording.Verdict(v); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
