package flamegraph

import "bytes"

// cutLen is where async-profiler 2.9 cuts a line off when a name does not fit
// its buffer. The line break is lost too, so the next frame follows at once.
const cutLen = 4094

// parseHTML2 reads the page of async-profiler 2: one call
//
//	f(level,left,width,kind,'name'[,inlined,c1,interpreted])
//
// per line, left absolute, only the quote escaped in names. Up to 2.8.1 the
// last frame is followed by render(), later by an empty line and search().
func parseHTML2(head []byte, in *lines, names *names) (*Graph, error) {
	if !bytes.Contains(head, []byte("function f(level, left, width, type, title")) {
		return nil, errUnrecognized
	}
	line, title, err := in.header(isHTML2Frame)
	if err != nil {
		return nil, err
	}
	a := newAssembler(HTML2, in.limits).of(names)
	a.graph.Title = title
	p := html2{a: a, names: names}
	for ; err == nil && !endsHTML2(line); line, err = in.need() {
		if err := p.addLine(line); err != nil {
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

// endsHTML2 reports that no frame follows.
func endsHTML2(line []byte) bool {
	return len(line) == 0 || bytes.Equal(line, render) || bytes.Equal(line, search) || bytes.HasPrefix(line, []byte("</"))
}

var render, search = []byte("render();"), []byte("search();")

// html2 is a page on the way into a graph.
type html2 struct {
	a     *assembler
	names *names
	old   bool // kinds are numbered as before 2.7
}

// addLine adds the frame of a line, and those glued to it by a cut.
func (h *html2) addLine(line []byte) error {
	for len(line) > cutLen && isHTML2Frame(line[cutLen:]) {
		if err := h.add(line[:cutLen]); err != nil {
			return err
		}
		line = line[cutLen:]
	}
	if len(line) == cutLen+len(render) {
		line = bytes.TrimSuffix(line, render)
	}
	return h.add(line)
}

// oldKinds are the kinds by their numbers before async-profiler 2.7, which
// knew no more of a Java frame than whether it was inlined.
var oldKinds = [...]Kind{JIT, Inlined, Kernel, CPP, Native}

// kind returns the kind that the number of a frame means. The root, of which
// the profiler says that it is native, tells how they are numbered.
func (h *html2) kind(number, level uint64) (Kind, bool) {
	if level == 0 {
		h.old = number == uint64(len(oldKinds)-1)
	}
	switch {
	case h.old && number < uint64(len(oldKinds)):
		return oldKinds[number], true
	case h.old || number > uint64(C1):
		return 0, false
	}
	return Kind(number), true
}

func (h *html2) add(line []byte) error {
	a, names := h.a, h.names
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
	kind, known := h.kind(v[3], v[0])
	if !known || len(rest) == 0 || rest[0] != '\'' {
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
	return a.add(&placed{level: v[0], left: v[1], width: v[2], name: id, kind: names.kind(id, kind), counts: counts})
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
