package flamegraph

import (
	"encoding/binary"
	"math/bits"
)

// number reads the decimal number at the start of b and returns what follows.
// Numbers of 20 digits and more, which may not fit, are refused.
func number(b []byte) (v uint64, rest []byte, ok bool) {
	i := 0
	for i < len(b) && b[i]-'0' <= 9 {
		v = v*10 + uint64(b[i]-'0')
		i++
	}
	return v, b[i:], i > 0 && i < 20
}

// arguments reads "1,2,3)" at the start of b and returns how many numbers it
// holds and what follows. Without any number it has failed.
func arguments(b []byte, v *[7]uint64) (n int, rest []byte) {
	for n < len(v) {
		var ok bool
		if v[n], b, ok = shortNumber(b); !ok || len(b) == 0 {
			return 0, b
		}
		n++
		c := b[0]
		b = b[1:]
		switch c {
		case ')':
			return n, b
		case ',':
		default:
			return 0, b
		}
	}
	return 0, b
}

// shortNumber is number, fast for up to seven digits with something behind.
func shortNumber(b []byte) (v uint64, rest []byte, ok bool) {
	const ahead = 8 // bytes read at once
	if len(b) < ahead {
		return number(b)
	}
	eight := binary.LittleEndian.Uint64(b)
	digits := leadingDigits(eight)
	if digits == 0 || digits == ahead {
		return number(b)
	}
	return value(eight, digits), b[digits:], true
}

// leadingDigits counts the decimal digits at the start of eight bytes, the
// first one lowest. Numbers of a page have random lengths, which a loop over
// their digits pays with a wrong guess of the processor each.
func leadingDigits(eight uint64) int {
	const sixes, high = 0x0606060606060606, 0xf0f0f0f0f0f0f0f0
	// A digit is 0x30 to 0x39: its upper half is 3, and stays 3 when 6 is added.
	const threes = 0x3030303030303030
	other := (eight&high ^ threes) | ((eight+sixes)&high ^ threes)
	return bits.TrailingZeros64(other) / 8
}

// value is the number that the first digits of eight bytes write, 1 to 7 of
// them. Neighbours are joined in pairs: digits, hundreds, ten thousands.
func value(eight uint64, digits int) uint64 {
	d := (eight & 0x0f0f0f0f0f0f0f0f) << (64 - 8*digits)
	d = (d*10 + d>>8) & 0x00ff00ff00ff00ff
	d = (d*100 + d>>16) & 0x0000ffff0000ffff
	return (d*10_000 + d>>32) & 0xffffffff
}
