package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// class is what a class file says of names: §4 of the Java Virtual Machine Specification.
type class struct {
	name    string   // dotted, an inner class after $
	methods []string // those that can stand in a stack: they have code, or are native
	pool    []constant
}

// constant is an entry of the constant pool. What the reader needs is kept: texts, and the entries that refer to others.
type constant struct {
	tag  byte
	text string
	a, b uint16
}

// Tags of the constant pool (§4.4), and the flag of a native method (§4.6).
const (
	tagText   = 1
	tagLong   = 5
	tagDouble = 6
	isNative  = 0x0100
)

var errShort = errors.New("the class file is cut off")

// reader reads big-endian numbers and remembers that they ran out.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.err = errShort
		return make([]byte, min(max(n, 0), 8))
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}

func (r *reader) u1() byte   { return r.take(1)[0] }
func (r *reader) u2() uint16 { return binary.BigEndian.Uint16(r.take(2)) }
func (r *reader) u4() int    { return int(binary.BigEndian.Uint32(r.take(4))) }

// parseClass reads a class file.
func parseClass(file []byte) (*class, error) {
	r := &reader{rest: file}
	if r.u4() != 0xCAFEBABE {
		return nil, errors.New("not a class file")
	}
	r.take(4) // version
	c := &class{}
	if err := c.readPool(r); err != nil {
		return nil, err
	}
	r.take(2) // flags
	c.name = strings.ReplaceAll(c.text(c.at(r.u2()).a), "/", ".")
	r.take(2) // superclass
	r.take(2 * int(r.u2()))
	for n := r.u2(); n > 0 && r.err == nil; n-- {
		c.readField(r)
	}
	for n := r.u2(); n > 0 && r.err == nil; n-- {
		c.readMethod(r)
	}
	return c, r.err
}

func (c *class) readPool(r *reader) error {
	c.pool = make([]constant, r.u2())
	for i := 1; i < len(c.pool) && r.err == nil; i++ {
		k := constant{tag: r.u1()}
		switch k.tag {
		case tagText:
			k.text = string(r.take(int(r.u2())))
		case 3, 4: // int, float
			r.take(4)
		case tagLong, tagDouble:
			r.take(8)
		case 7, 8, 16, 19, 20: // class, string, method type, module, package
			k.a = r.u2()
		case 15: // method handle
			r.take(3)
		case 9, 10, 11, 12, 17, 18: // field, method, interface method, name and type, dynamic
			k.a, k.b = r.u2(), r.u2()
		default:
			return fmt.Errorf("no constant has the tag %d", k.tag)
		}
		c.pool[i] = k
		if k.tag == tagLong || k.tag == tagDouble {
			i++ // they take two places
		}
	}
	return r.err
}

func (c *class) readField(r *reader) {
	r.take(6) // flags, name, descriptor
	c.attributes(r, func(string) {})
}

func (c *class) readMethod(r *reader) {
	runs := r.u2()&isNative != 0
	name := c.text(r.u2())
	r.take(2) // descriptor
	c.attributes(r, func(attribute string) { runs = runs || attribute == "Code" })
	if runs {
		c.methods = append(c.methods, name)
	}
}

// attributes passes the names of the attributes that come next, and skips what is in them.
func (c *class) attributes(r *reader, found func(name string)) {
	for n := r.u2(); n > 0 && r.err == nil; n-- {
		found(c.text(r.u2()))
		r.take(r.u4())
	}
}

func (c *class) at(i uint16) constant {
	if int(i) >= len(c.pool) {
		return constant{}
	}
	return c.pool[i]
}

func (c *class) text(i uint16) string { return c.at(i).text }
