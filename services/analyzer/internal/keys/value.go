package keys

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"squirrly.dev/internal/flink"
)

// Type is what the values of an option are: one of the types below, "Enum(A|B)" or "List(TYPE)".
type Type string

// The types whose values have a size. Those of other types, such as texts and maps, are equal or not.
const (
	Boolean    Type = "Boolean"
	Integer    Type = "Integer"
	Long       Type = "Long"
	Float      Type = "Float"
	Double     Type = "Double"
	Duration   Type = "Duration"
	MemorySize Type = "MemorySize"
)

// Checked reports that every value of the type can be told from what is none: the type is no text, list or map.
func (t Type) Checked() bool {
	_, named := t.within("Enum(")
	return named || slices.Contains([]Type{Boolean, Integer, Long, Float, Double, Duration, MemorySize}, t)
}

// quantity is a value as its type understands it.
type quantity struct {
	text   string  // the same for equal values
	amount float64 // nanoseconds, bytes, or the number itself; true is 1
	sized  bool    // amount says something
}

func sized(n int64) quantity {
	return quantity{text: strconv.FormatInt(n, 10), amount: float64(n), sized: true}
}

// parse reads a value as Flink would.
func (t Type) parse(text string) (quantity, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return quantity{}, errors.New("there is no value")
	}
	switch t {
	case Boolean:
		return parseBoolean(text)
	case Integer, Long:
		n, err := strconv.ParseInt(text, 10, map[Type]int{Integer: 32, Long: 64}[t])
		return sized(n), t.refuse(text, err)
	case Float, Double:
		x, err := strconv.ParseFloat(text, 64)
		return quantity{text: strconv.FormatFloat(x, 'g', -1, 64), amount: x, sized: true}, t.refuse(text, err)
	case Duration:
		d, err := flink.ParseDuration(text)
		return sized(int64(d)), t.refuse(text, err)
	case MemorySize:
		n, err := flink.ParseMemorySize(text)
		return sized(n), t.refuse(text, err)
	}
	if element, ok := t.within("List("); ok {
		return element.parseList(text)
	}
	if values, ok := t.within("Enum("); ok {
		return values.parseEnum(text)
	}
	return quantity{text: text}, nil
}

// refuse says that a text is no value of a type, given why it could not be read.
func (t Type) refuse(text string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%q is no %s", text, t)
}

func (t Type) within(kind string) (Type, bool) {
	rest, ok := strings.CutPrefix(string(t), kind)
	return Type(strings.TrimSuffix(rest, ")")), ok
}

func parseBoolean(text string) (quantity, error) {
	switch strings.ToLower(text) {
	case "true":
		return quantity{text: "true", amount: 1, sized: true}, nil
	case "false":
		return quantity{text: "false", sized: true}, nil
	}
	return quantity{}, fmt.Errorf("%q is neither true nor false", text)
}

// parseEnum reads a value of an enumeration, whose names stand between bars. Flink takes them in any case.
func (t Type) parseEnum(text string) (quantity, error) {
	for name := range strings.SplitSeq(string(t), "|") {
		if strings.EqualFold(name, text) {
			return quantity{text: name}, nil
		}
	}
	return quantity{}, fmt.Errorf("%q is none of %s", text, strings.ReplaceAll(string(t), "|", ", "))
}

// parseList reads a list of values of a type: "a;b", or "[a, b]" as in YAML.
func (t Type) parseList(text string) (quantity, error) {
	separator := ";"
	if inner, ok := strings.CutPrefix(text, "["); ok {
		text, separator = strings.TrimSuffix(inner, "]"), ","
	}
	var out []string
	for part := range strings.SplitSeq(text, separator) {
		q, err := t.parse(strings.Trim(part, ` "'`))
		if err != nil {
			return q, err
		}
		out = append(out, q.text)
	}
	return quantity{text: strings.Join(out, ";")}, nil
}

// equal reports that two texts are the same value: "2 s" and "2000 ms".
func (t Type) equal(a, b string) bool {
	x, errX := t.parse(a)
	y, errY := t.parse(b)
	if errX != nil || errY != nil {
		return a == b
	}
	return x.text == y.text
}

// compare orders two values by size; ok is false when the type has none, or one of them is no value.
func (t Type) compare(a, b string) (order int, ok bool) {
	x, errX := t.parse(a)
	y, errY := t.parse(b)
	if errX != nil || errY != nil || !x.sized || !y.sized {
		return 0, false
	}
	return cmp.Compare(x.amount, y.amount), true
}

// format writes an amount as a value; ok is false when the type has no size.
func (t Type) format(amount float64) (text string, ok bool) {
	switch t {
	case Integer, Long:
		return strconv.FormatInt(int64(math.Round(amount)), 10), true
	case Float, Double:
		return strconv.FormatFloat(math.Round(amount*100)/100, 'g', -1, 64), true
	case Duration:
		return inUnits(time.Duration(amount).Round(time.Millisecond).Nanoseconds(), durationUnits), true
	case MemorySize:
		return inUnits(rounded(int64(amount)), memoryUnits), true
	}
	return "", false
}

// unit is a unit of Flink's values, in nanoseconds or bytes.
type unit struct {
	name string
	size int64
}

// The units that values are written in, the largest first.
var (
	durationUnits = []unit{{"h", int64(time.Hour)}, {"min", int64(time.Minute)}, {"s", int64(time.Second)}, {"ms", int64(time.Millisecond)}}
	memoryUnits   = []unit{{"gb", 1 << 30}, {"mb", 1 << 20}, {"kb", 1 << 10}, {"bytes", 1}}
)

// rounded drops what nobody would configure: less than a tenth of the size.
func rounded(bytes int64) int64 {
	for _, u := range memoryUnits[1:3] {
		if bytes >= 10*u.size {
			return (bytes + u.size/2) / u.size * u.size
		}
	}
	return bytes
}

// inUnits writes a number in the largest unit that divides it.
func inUnits(n int64, units []unit) string {
	at := slices.IndexFunc(units, func(u unit) bool { return n != 0 && n%u.size == 0 })
	if at < 0 {
		at = len(units) - 1
	}
	return fmt.Sprintf("%d %s", n/units[at].size, units[at].name)
}
