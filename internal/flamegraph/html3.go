package flamegraph

import (
	"bytes"
	"fmt"
)

// parseHTML3 reads the page of async-profiler 3 and 4: a sorted pool of names
// that share prefixes, then one call per frame and line,
//
//	f(key,level,dleft[,width[,inlined,c1,interpreted]])  anywhere, dleft from the last frame's left
//	u(key[,width[,inlined,c1,interpreted]])              the first child of the last frame
//	n(key[,width[,inlined,c1,interpreted]])              the next sibling of the last frame
//
// with key = name<<3 | kind; a width left out is that of the last frame.
// Lines "d=…" of differential pages are skipped.
func parseHTML3(head []byte, in *lines, names *names) (*Graph, error) {
	marker := []byte("const cpool = [")
	if !bytes.Contains(head, marker) {
		return nil, errUnrecognized
	}
	_, title, err := in.header(func(line []byte) bool { return bytes.Equal(line, marker) })
	if err != nil {
		return nil, err
	}
	pool, err := readPool(in, names)
	if err != nil {
		return nil, err
	}
	line, _, err := in.header(isHTML3Frame)
	if err != nil {
		return nil, err
	}
	s := html3State{a: newAssembler(HTML3, in.limits).of(names), pool: pool, names: names}
	s.a.graph.Title = title
	for ; len(line) > 0; line, err = in.need() {
		if bytes.HasPrefix(line, []byte("d=")) {
			continue
		}
		if rest, err := s.add(line); err != nil {
			return nil, err
		} else if len(rest) > 0 {
			return nil, errNoFrame
		}
		if err := s.addBlock(in); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	if err := in.footer(line); err != nil {
		return nil, err
	}
	return s.a.finish(names)
}

func isHTML3Frame(line []byte) bool {
	return len(line) > 3 && line[1] == '(' && line[2]-'0' <= 9 &&
		(line[0] == 'f' || line[0] == 'u' || line[0] == 'n')
}

// readPool reads the lines 'packed', up to the closing bracket. The first name
// is not packed.
func readPool(in *lines, names *names) ([]NameID, error) {
	var pool []NameID
	var name []byte // the last one, still as bytes: prefixes may cut a rune
	for {
		line, err := in.need()
		if err != nil {
			return nil, err
		}
		if bytes.Equal(line, []byte("];")) {
			return pool, nil
		}
		if name, err = unpackName(name, line, len(pool) == 0); err != nil {
			return nil, err
		}
		id, err := names.id(name)
		if err != nil {
			return nil, err
		}
		if len(pool) >= in.limits.Names { // no name stands there twice
			return nil, fmt.Errorf("%w: more than %d names", ErrTooLarge, in.limits.Names)
		}
		pool = append(pool, id)
	}
}

// unpackName turns the name before into that of a line.
func unpackName(name, line []byte, first bool) ([]byte, error) {
	line = bytes.TrimSuffix(line, []byte(","))
	if len(line) < 3 || line[0] != '\'' || line[len(line)-1] != '\'' {
		return nil, fmt.Errorf("%w: not a packed name", ErrMalformed)
	}
	packed := unescape(line[1 : len(line)-1])
	prefix := 0
	if !first {
		prefix, packed = int(packed[0])-' ', packed[1:]
	}
	if prefix < 0 || prefix > len(name) {
		return nil, fmt.Errorf("%w: a packed name that shares %d bytes of %d", ErrMalformed, prefix, len(name))
	}
	return append(name[:prefix], packed...), nil
}

// unescape drops, in place, the backslash before a backslash or a quote.
func unescape(b []byte) []byte {
	i := bytes.IndexByte(b, '\\')
	if i < 0 {
		return b
	}
	out := b[:i]
	for ; i < len(b); i++ {
		if b[i] == '\\' && i+1 < len(b) && (b[i+1] == '\\' || b[i+1] == '\'') {
			i++
		}
		out = append(out, b[i])
	}
	return out
}

// html3State is what the calls of a page refer back to.
type html3State struct {
	a     *assembler
	pool  []NameID
	names *names
	last  placed
}

// addBlock adds the frames that stand next in the buffer, up to a line that is
// no frame or not there as a whole.
func (s *html3State) addBlock(in *lines) error {
	block := in.block()
	b, frames := block, 0
	for isHTML3Frame(b) {
		rest, err := s.add(b)
		frames++
		if len(rest) > 0 && rest[0] == '\r' {
			rest = rest[1:]
		}
		if err == nil && (len(rest) == 0 || rest[0] != '\n') {
			err = errNoFrame
		}
		if err != nil {
			in.skip(0, frames)
			return err
		}
		b = rest[1:]
	}
	in.skip(len(block)-len(b), frames)
	return nil
}

// add adds the frame at the start of b and returns what follows it.
func (s *html3State) add(b []byte) (rest []byte, err error) {
	var v [7]uint64
	if !isHTML3Frame(b) {
		return nil, errNoFrame
	}
	n, rest := arguments(b[2:], &v)
	position := 1 // where width and counts begin
	if b[0] == 'f' {
		position = 3
	}
	given := n - position // 0, 1 or 4
	if given != 0 && given != 1 && given != 4 {
		return nil, errNoFrame
	}
	last := &s.last
	switch b[0] {
	case 'u':
		last.level++
	case 'n':
		last.left += last.width
	default:
		last.level, last.left = v[1], last.left+v[2]
	}
	if given > 0 {
		last.width = v[position]
	}
	last.counts = Counts{}
	if given == 4 {
		last.counts = Counts{Inlined: v[position+1], C1: v[position+2], Interpreted: v[position+3]}
	}
	key := v[0] >> 3
	if key >= uint64(len(s.pool)) || v[0]&7 > uint64(C1) {
		return nil, fmt.Errorf("%w: a frame with an unknown name or kind", ErrMalformed)
	}
	last.name = s.pool[key]
	last.kind = s.names.kind(last.name, Kind(v[0]&7))
	return rest, s.a.add(last)
}
