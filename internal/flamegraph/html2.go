package flamegraph

import "bytes"

// cutLen is where async-profiler 2.9 cuts a line off when a name does not fit
// its buffer. The line break is lost too, so the next frame follows at once.
const cutLen = 4094

// parseHTML2 reads the page of async-profiler up to 2.9: one call
//
//	f(level,left,width,kind,'name'[,inlined,c1,interpreted])
//
// per line, left absolute, only the quote escaped in names.
func parseHTML2(head []byte, in *lines, names *names) (*Graph, error) {
	if !bytes.Contains(head, []byte("function f(level, left, width, type, title")) {
		return nil, errUnrecognized
	}
	line, title, err := in.header(isHTML2Frame)
	if err != nil {
		return nil, err
	}
	a := newAssembler(HTML2, in.limits)
	a.graph.Title = title
	for ; len(line) > 0; line, err = in.need() {
		if err := addHTML2Line(a, names, line); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	if err := in.footer(line); err != nil {
		return nil, err
	}
	return a.finish(names)
}

func isHTML2Frame(line []byte) bool {
	return len(line) > 2 && line[0] == 'f' && line[1] == '(' && line[2]-'0' <= 9
}

// addHTML2Line adds the frame of a line, and those glued to it by a cut.
func addHTML2Line(a *assembler, names *names, line []byte) error {
	for len(line) > cutLen && isHTML2Frame(line[cutLen:]) {
		if err := addHTML2Frame(a, names, line[:cutLen]); err != nil {
			return err
		}
		line = line[cutLen:]
	}
	return addHTML2Frame(a, names, line)
}

func addHTML2Frame(a *assembler, names *names, line []byte) error {
	var v [4]uint64 // level, left, width, kind
	if !isHTML2Frame(line) {
		return errNoFrame
	}
	rest := line[2:]
	for i := range v {
		var ok bool
		if v[i], rest, ok = number(rest); !ok || len(rest) == 0 || rest[0] != ',' {
			return errNoFrame
		}
		rest = rest[1:]
	}
	if v[3] > uint64(C1) || len(rest) == 0 || rest[0] != '\'' {
		return errNoFrame
	}
	name, counts, whole := html2Name(rest[1:])
	if !whole {
		a.graph.CutNames++
	}
	if bytes.IndexByte(name, '\\') >= 0 {
		name = bytes.ReplaceAll(name, []byte(`\'`), []byte(`'`))
	}
	id, err := names.id(name)
	if err != nil {
		return err
	}
	p := placed{level: v[0], left: v[1], width: v[2], name: id, counts: counts}
	p.kind = Kind(v[3]) //nolint:gosec // checked above
	return a.add(&p)
}

// html2Name splits "name')" or "name',inlined,c1,interpreted)" from its end,
// since a name may hold anything. A name without that end was cut.
func html2Name(b []byte) (name []byte, c Counts, whole bool) {
	if name, ok := bytes.CutSuffix(b, []byte(`')`)); ok {
		return name, Counts{}, true
	}
	end := len(b)
	for range 3 {
		if end = bytes.LastIndexByte(b[:end], ','); end < 0 {
			return b, Counts{}, false
		}
	}
	name, ok := bytes.CutSuffix(b[:end], []byte(`'`))
	if !ok {
		return b, Counts{}, false
	}
	var v [7]uint64
	if n, rest := arguments(b[end+1:], &v); n != 3 || len(rest) > 0 {
		return b, Counts{}, false
	}
	return name, Counts{Inlined: v[0], C1: v[1], Interpreted: v[2]}, true
}
