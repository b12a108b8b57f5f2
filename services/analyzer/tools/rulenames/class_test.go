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

// classFile is the file of a class with a field and three methods: one with code, one that is abstract, one that is native.
func classFile() []byte {
	p := &pool{}
	p.add(tagLong, make([]byte, 8)...)
	p.size++ // a long takes two places
	this, code, notes := p.add(7, u2(p.text("org/apache/flink/X"))...), p.text("Code"), p.text("RuntimeVisibleAnnotations")
	field, clinit, gone, fetch := p.text("B"), p.text("<clinit>"), p.text("gone"), p.text("fetch")
	attribute := func(name uint16, b []byte) []byte { return append(append(u2(name), u4(len(b))...), b...) }

	file := append([]byte{0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 61}, u2(p.size+1)...)
	file = append(append(file, p.bytes...), u2(1, this, 0, 0, 1, 0, field, 0, 1)...)
	file = append(append(file, attribute(notes, u2(0))...), u2(3, 8, clinit, 0, 1)...)
	file = append(file, attribute(code, make([]byte, 12))...)
	return append(file, u2(0x0400, gone, 0, 0, isNative, fetch, 0, 0)...)
}

func TestParseClass(t *testing.T) {
	c, err := parseClass(classFile())
	if err != nil {
		t.Fatal(err)
	}
	if c.name != "org.apache.flink.X" {
		t.Errorf("the class is called %s", c.name)
	}
	if diff := cmp.Diff([]string{"<clinit>", "fetch"}, c.methods); diff != "" {
		t.Errorf("an abstract method stands in no stack (-want +got):\n%s", diff)
	}
}

// TestCutOff shows that no prefix of a class file is read as a whole one, or makes the reader fall.
func TestCutOff(t *testing.T) {
	file := classFile()
	for n := range file[:len(file)-1] {
		if _, err := parseClass(file[:n]); err == nil {
			t.Errorf("the first %d of %d bytes pass", n, len(file))
		}
	}
	if _, err := parseClass([]byte(strings.Repeat("x", 64))); err == nil {
		t.Error("a text passes")
	}
}
