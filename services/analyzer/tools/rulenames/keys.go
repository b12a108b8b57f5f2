package main

import (
	"encoding/binary"
	"regexp"
	"slices"
	"strings"
)

// Instructions that matter here (§6.5).
const (
	opLdc           = 0x12
	opLdcWide       = 0x13
	opTableSwitch   = 0xaa
	opLookupSwitch  = 0xab
	opPutStatic     = 0xb3
	opInvokeVirtual = 0xb6
	opInvokeStatic  = 0xb8
	opNewArray      = 0xbd
	opWide          = 0xc4
	opIncrement     = 0x84
)

// options begins the names of the class of an option, of the one that makes them, and of its builders.
const options = "org/apache/flink/configuration/ConfigOption"

// keyForm is a key of Flink's configuration. Undotted ones are options of tables and formats, and those that start with
// a dollar sign are Flink's own.
var keyForm = regexp.MustCompile(`^[a-z][\w-]*(?:\.(?:[\w-]+|<[\w-]+>))+$`)

// configures reports whether a class holds keys of the cluster, the job or SQL, and not the options of a table's
// connector or format.
func configures(class string) bool {
	if !strings.HasPrefix(class, "org.apache.flink.") || !strings.HasSuffix(class, "Options") {
		return false
	}
	for _, part := range []string{".connector.", ".formats.", ".connectors.", ".shaded."} {
		if strings.Contains(class, part) && !strings.Contains(class, ".connector.base.") {
			return false
		}
	}
	return true
}

// suffix marks options whose key stands behind a prefix, such as metrics.reporter.<name>.
const suffix = "Lorg/apache/flink/annotation/docs/Documentation$SuffixOption;"

// deprecated stands behind keys that are spelled otherwise now, or do nothing any more.
const deprecated = " deprecated"

// keys returns the keys that a class makes options of, with their deprecated and fallback keys, as Flink's documentation
// spells them.
func (c *class) keys() []string {
	var out []string
	for _, m := range c.methods {
		var texts []string // pushed since the last array was made
		var option []string
		done := func(field string) {
			out = append(out, c.spelled(option, field)...)
			option = nil
		}
		instructions(m.code, func(op byte, args []byte) {
			switch op {
			case opLdc:
				texts = append(texts, c.text(c.at(uint16(args[0])).a))
			case opLdcWide:
				texts = append(texts, c.text(c.at(binary.BigEndian.Uint16(args)).a))
			case opNewArray:
				texts = nil
			case opPutStatic:
				_, field := c.member(binary.BigEndian.Uint16(args))
				done(field)
			case opInvokeStatic, opInvokeVirtual:
				owner, name := c.member(binary.BigEndian.Uint16(args))
				if !strings.HasPrefix(owner, options) {
					return
				}
				option = append(option, keysOf(owner, name, texts)...)
				texts = nil
			}
		})
		done("")
	}
	return out
}

// keysOf returns those of the texts that a call makes keys.
func keysOf(owner, name string, texts []string) []string {
	switch {
	case owner == options+"s" && name == "key" && len(texts) > 0:
		return texts[len(texts)-1:]
	case owner == options && (name == "withDeprecatedKeys" || name == "withFallbackKeys"):
		old := make([]string, len(texts))
		for i, key := range texts {
			old[i] = key + deprecated
		}
		return old
	}
	return nil
}

// spelled returns the keys of an option as they are written, given the field that holds it.
func (c *class) spelled(keys []string, field string) []string {
	prefix, gone := "", false
	for _, a := range c.notes[field] {
		switch a.class {
		case suffix:
			prefix = strings.TrimSuffix(a.text, ".") + "."
		case "Ljava/lang/Deprecated;":
			gone = true
		}
	}
	var out []string
	for _, key := range keys {
		plain, old := strings.CutSuffix(key, deprecated)
		if plain = prefix + plain; !keyForm.MatchString(plain) {
			continue
		}
		if old || gone {
			plain += deprecated
		}
		out = append(out, plain)
	}
	return out
}

// current drops the mark of keys that another option still has.
func current(keys []string) []string {
	now := map[string]bool{}
	for _, key := range keys {
		now[key] = true
	}
	return slices.DeleteFunc(keys, func(key string) bool {
		plain, old := strings.CutSuffix(key, deprecated)
		return old && now[plain]
	})
}

// instructions calls found for each instruction of a method, with the bytes behind its code.
func instructions(code []byte, found func(op byte, args []byte)) {
	for at := 0; at < len(code); {
		n := size(code, at)
		if n <= 0 || at+n > len(code) {
			return // not produced by a compiler
		}
		found(code[at], code[at+1:at+n])
		at += n
	}
}

// sizes are the lengths of instructions, by the last code that has it.
var sizes = []struct {
	last byte
	size int
}{
	{0x0f, 1},
	{0x10, 2},
	{0x11, 3},
	{0x12, 2},
	{0x14, 3},
	{0x19, 2},
	{0x35, 1},
	{0x3a, 2},
	{0x83, 1},
	{0x84, 3},
	{0x98, 1},
	{0xa8, 3},
	{0xa9, 2},
	{0xab, 0},
	{0xb1, 1},
	{0xb8, 3},
	{0xba, 5},
	{0xbb, 3},
	{0xbc, 2},
	{0xbd, 3},
	{0xbf, 1},
	{0xc1, 3},
	{0xc3, 1},
	{0xc4, 0},
	{0xc5, 4},
	{0xc7, 3},
	{0xc9, 5},
}

// size returns the length of the instruction at a place, or 0 when there is none.
func size(code []byte, at int) int {
	op := code[at]
	word := func(i int) int { // i words behind the padding of a switch
		from := (at/4+1)*4 + 4*i
		if from+4 > len(code) {
			return -1
		}
		return int(int32(binary.BigEndian.Uint32(code[from:]))) //nolint:gosec // a signed word
	}
	padded := (at/4+1)*4 - at
	switch op {
	case opTableSwitch:
		return padded + 12 + 4*(word(2)-word(1)+1)
	case opLookupSwitch:
		return padded + 8 + 8*word(1)
	case opWide:
		if at+1 < len(code) && code[at+1] == opIncrement {
			return 6
		}
		return 4
	}
	for _, s := range sizes {
		if op <= s.last {
			return s.size
		}
	}
	return 0
}
