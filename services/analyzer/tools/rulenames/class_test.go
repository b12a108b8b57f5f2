package main

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pool builds a constant pool.
type pool struct {
	bytes []byte
	size  uint16
}

func (p *pool) add(tag byte, rest ...byte) uint16 {
	p.size++
	p.bytes = append(append(p.bytes, tag), rest...)
	return p.size
}

func u2(x ...uint16) (out []byte) {
	for _, v := range x {
		out = binary.BigEndian.AppendUint16(out, v)
	}
	return out
}

func u4(x int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(x)) }

func (p *pool) text(s string) uint16 { return p.add(tagText, append(u2(uint16(len(s))), s...)...) }
func (p *pool) str(s string) uint16  { return p.add(8, u2(p.text(s))...) }
func (p *pool) class(s string) uint16 {
	return p.add(7, u2(p.text(s))...)
}

func (p *pool) member(tag byte, class, name string) uint16 {
	return p.add(tag, u2(p.class(class), p.add(12, u2(p.text(name), p.text("x"))...))...)
}

// optionsClass is the class file of a class with three options: one plain, one behind a prefix, one that is deprecated.
func optionsClass() []byte {
	p := &pool{}
	p.add(tagLong, make([]byte, 8)...)
	p.size++ // a long takes two places
	this, code, notes, note := p.class("org/apache/flink/XOptions"), p.text("Code"), p.text("RuntimeVisibleAnnotations"), p.text(suffix)
	value, prefix, field, other := p.text("value"), p.text("metrics.reporter.<name>"), p.text("B"), p.text("Lother;")
	key, made := p.member(10, options+"s", "key"), p.member(10, options, "withDeprecatedKeys")
	asks := p.member(10, options, "key") // the key of an option in the text of another
	putA, putB := p.member(9, "org/apache/flink/XOptions", "A"), p.member(9, "org/apache/flink/XOptions", "B")
	push := func(s string) []byte { return append([]byte{opLdcWide}, u2(p.str(s))...) }
	call := func(op byte, m uint16) []byte { return append([]byte{op}, u2(m)...) }
	var body []byte
	for _, part := range [][]byte{
		{0x03, opTableSwitch, 0, 0},
		u4(20), u4(0), u4(0), u4(20), // one case
		push("System.err"), call(opInvokeVirtual, asks),
		push("a.b-c"), call(opInvokeStatic, key), call(opPutStatic, putA),
		push("interval"), call(opInvokeStatic, key), call(opPutStatic, putB),
		push("c.d"), call(opInvokeStatic, key), push("a value"),
		{opNewArray, 0, 1},
		push("old.d"), push("older.d"),
		call(opInvokeVirtual, made), call(opPutStatic, putA),
	} {
		body = append(body, part...)
	}
	attribute := func(name uint16, b []byte) []byte { return append(append(u2(name), u4(len(b))...), b...) }
	annotations := append(u2(2, other, 1, value), '[')
	annotations = append(append(annotations, u2(1)...), 'e')
	annotations = append(append(annotations, u2(value, value, note, 1, value)...), 's')
	annotations = append(annotations, u2(prefix)...)
	clinit, gone, fetch := p.text("<clinit>"), p.text("gone"), p.text("fetch")

	file := append([]byte{0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 61}, u2(p.size+1)...)
	file = append(append(file, p.bytes...), u2(1, this, 0, 0, 1, 0, field, 0, 1)...)
	file = append(append(file, attribute(notes, annotations)...), u2(3, 8, clinit, 0, 1)...)
	file = append(file, attribute(code, append(append(u2(9, 9), u4(len(body))...), body...))...)
	return append(file, u2(0x0400, gone, 0, 0, isNative, fetch, 0, 0)...)
}

func TestKeys(t *testing.T) {
	c, err := parseClass(optionsClass())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a.b-c", "metrics.reporter.<name>.interval", "c.d", "old.d deprecated", "older.d deprecated"}
	if diff := cmp.Diff(want, c.keys()); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a.b", "c.d deprecated"}, current([]string{"a.b", "a.b deprecated", "c.d deprecated"})); diff != "" {
		t.Errorf("current (-want +got):\n%s", diff)
	}
	if !configures(c.name) || configures("org.apache.flink.connector.x.XOptions") || configures("com.acme.XOptions") {
		t.Error("not the classes with the keys of the configuration")
	}
	var names []string
	for _, m := range c.methods {
		names = append(names, m.name)
	}
	if diff := cmp.Diff([]string{"<clinit>", "fetch"}, names); diff != "" {
		t.Errorf("an abstract method stands in no stack (-want +got):\n%s", diff)
	}
}

// TestCutOff shows that no prefix of a class file is read as a whole one, or makes the reader fall.
func TestCutOff(t *testing.T) {
	file := optionsClass()
	for n := range file[:len(file)-1] {
		if _, err := parseClass(file[:n]); err == nil {
			t.Errorf("the first %d of %d bytes pass", n, len(file))
		}
	}
	if _, err := parseClass([]byte(strings.Repeat("x", 64))); err == nil {
		t.Error("a text passes")
	}
}
