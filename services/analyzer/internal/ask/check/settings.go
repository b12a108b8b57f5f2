package check

import (
	"fmt"
	"strconv"
	"strings"

	"squirrly.dev/internal/lazyregexp"
)

// valueOf is a key with the value that it shall get.
var valueOf = lazyregexp.New(`(?i)([\p{L}_$][\w$-]*(?:\.[\w$-]+)+)\s*(?:=|:|\bto\b|\bas\b)\s*["']?([^\s"',;]+(?: (?:ms|s|sec|min|seconds?|minutes?|kb|mb|gb|bytes)\b)?)`)

// form is what the values of keys look like, by the end of the key. The first that fits a key counts.
type form struct {
	key   *lazyregexp.Regexp
	value func(string) bool
	name  string
}

var forms = []form{
	{lazyregexp.New(`(?:timeout|interval|delay|pause|duration|ttl|backoff|latency)$`), isDuration, "a duration"},
	{lazyregexp.New(`(?:fraction|ratio|factor|percentage)$`), isFraction, "a fraction"},
	{lazyregexp.New(`(?:enabled|object-reuse|incremental|managed|mini-batch\.enabled)$`), isBool, "true or false"},
	{lazyregexp.New(`(?:\.size|memory\.\w+|\.min|\.max|segment-size|writebuffer\.size|cache-size)$`), isSize, "a size"},
	{lazyregexp.New(`(?:numberOfTaskSlots|parallelism|\.num|count|number|threads?|buffers?|buffers-per-\w+|capacity|max-\w+|retries)$`), isCount, "a whole number"},
}

var (
	durationValue = lazyregexp.New(`(?i)^\d{1,7}(?:\.\d+)?\s*(?:ms|s|sec|min|h|d|seconds?|minutes?|hours?|days?|milli(?:second)?s?)?$`)
	sizeValue     = lazyregexp.New(`(?i)^\d{1,7}(?:\.\d+)?\s*(?:b|k|kb|m|mb|g|gb|t|tb|bytes|kibi\w*|mebi\w*|gibi\w*)?$`)
)

func isDuration(v string) bool { return durationValue.MatchString(v) }

func isSize(v string) bool { return sizeValue.MatchString(v) }

func isBool(v string) bool { return v == "true" || v == "false" }

func isFraction(v string) bool {
	x, err := strconv.ParseFloat(v, 64)
	return err == nil && x >= 0 && x <= 1
}

func isCount(v string) bool {
	n, err := strconv.Atoi(v)
	return err == nil && n > 0 && n <= 1_000_000
}

// values drops sentences that give a key a value which it cannot have.
func (c *checker) values(sentence string, _ *scope) verdict {
	for _, m := range valueOf.FindAllStringSubmatch(sentence, -1) {
		key, value := m[1], strings.TrimRight(m[2], ".!?)")
		if !c.isKey(key) || !strings.ContainsAny(value, "0123456789") && value != "true" && value != "false" {
			continue
		}
		for _, f := range forms {
			if f.key.MatchString(key) {
				if !f.value(strings.ToLower(value)) {
					return drop(fmt.Sprintf("%s takes %s", key, f.name))
				}
				break
			}
		}
	}
	return verdict{}
}
