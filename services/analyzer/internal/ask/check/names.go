package check

import (
	"strings"
	"unicode"

	"squirrly.dev/internal/lazyregexp"
)

var (
	nameForm  = lazyregexp.New(`[\p{L}_$][\p{L}\w$/-]*(?:(?:\.|::)[\p{L}\w$<>/~-]+)+(?:\[\])*`)
	camelForm = lazyregexp.New(`\b[A-Z][a-z0-9]+(?:[A-Z][A-Za-z0-9]*)+\b`)
	callForm  = lazyregexp.New(`\b([A-Za-z_$][\w$]*)\(`)
	wordDigit = lazyregexp.New(`\b(?:[A-Za-z_$][A-Za-z_$]+[\w$]*\d|[A-WYZa-wyz_$]\d)[\w$]*`)
	linkForm  = lazyregexp.New(`(?i)\b[a-z][a-z0-9+.-]*://\S*|\b(?:data|javascript|mailto|file):\S+|\bwww\.\S+|\S+@\S+\.\S+`)
	version   = lazyregexp.New(`(?i)\b(?:java|jdk|python|scala|g)\s*\d+(?:\.\d+)*\b`)
	idForm    = lazyregexp.New(`\b[FTMVCKRL]\d+\b`)
)

// vocabulary are words that look like names of classes or frames and are none of the profile's: those of the domain, and
// public classes of Flink and the JDK that a change can propose.
var vocabulary = toSet(strings.Fields(`e.g i.e etc. vs. a.k.a JavaScript GitHub OpenJDK JavaDoc FlinkDeployment
	TaskManager TaskManagers JobManager JobManagers RocksDB ForSt DataStream DataStreams AsyncDataStream KeyedStream
	BroadcastStream ConnectedStreams SideOutput OutputTag AsyncFunction RichAsyncFunction ProcessFunction RichFunction
	KeyedProcessFunction CoProcessFunction BroadcastProcessFunction ProcessWindowFunction MapFunction RichMapFunction
	FlatMapFunction RichFlatMapFunction FilterFunction ReduceFunction AggregateFunction KeySelector ResultFuture
	TimerService ValueState ListState MapState ReducingState AggregatingState BroadcastState StateTtlConfig
	ListStateDescriptor MapStateDescriptor ValueStateDescriptor TypeInformation TypeInfoFactory TypeHint PojoTypeInfo
	TypeSerializer KryoSerializer PojoSerializer AvroSerializer HashMapStateBackend EmbeddedRocksDBStateBackend
	CheckpointConfig ExecutionConfig RuntimeContext OpenContext SinkFunction RichSinkFunction SinkWriter AsyncSink
	SourceFunction RichSourceFunction SourceReader SplitReader RateLimiterStrategy WatermarkStrategy HikariCP DataSource
	HttpClient CompletableFuture CompletionStage ExecutorService ThreadPoolExecutor ThreadLocal ConcurrentHashMap
	LongAdder AtomicLong AtomicReference ReentrantLock ReadWriteLock HashMap HashSet ArrayList ArrayDeque StringBuilder
	ByteBuffer DateTimeFormatter SimpleDateFormat ObjectMapper ObjectReader JsonParser LinkedHashMap Caffeine`)...)

// mixed reports whether a word holds Latin letters and others that look alike, or letters in a form for typesetting.
func mixed(text string) bool {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) }) {
		latin, other := false, false
		for _, r := range word {
			switch {
			case r == 'µ' || r == 'μ':
			case r >= 0xff00 && r <= 0xffef || r >= 0x1d400 && r <= 0x1d7ff:
				return true
			case unicode.Is(unicode.Latin, r):
				latin = true
			case unicode.In(r, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Cherokee):
				other = true
			}
		}
		if latin && other {
			return true
		}
	}
	return false
}

func toSet(items ...string) map[string]bool {
	set := make(map[string]bool, len(items))
	for _, item := range items {
		set[item] = true
	}
	return set
}

// lexicon knows the names that may be named.
type lexicon struct {
	all strings.Builder // dotted forms, each between dots on a line of its own, so that a part is found whole
}

// unify brings the spellings of a name together: inner classes and paths become dotted.
var unify = strings.NewReplacer("/", ".", "$", ".", "::", ".")

func dotted(name string) string { return strings.Trim(unify.Replace(name), ".-") }

// add takes a whole name.
func (l *lexicon) add(name string) {
	name, _, _ = strings.Cut(name, "(") // the parameters of native functions
	if d := dotted(name); d != "" {
		l.all.WriteString("\n." + d + ".\n")
	}
}

// addText takes every name that stands in a text.
func (l *lexicon) addText(text string) {
	for _, name := range nameForm.FindAllString(text, -1) {
		l.add(name)
	}
	for _, name := range camelForm.FindAllString(text, -1) {
		l.add(name)
	}
	for _, m := range callForm.FindAllStringSubmatch(text, -1) {
		l.add(m[1])
	}
}

// knows reports whether the name, or something that it is a whole part of, was added: Thread.sleep is known when
// java.lang.Thread.sleep is.
func (l *lexicon) knows(name string) bool {
	if vocabulary[name] || vocabulary[strings.TrimSuffix(name, ".")] {
		return true
	}
	d := dotted(name)
	return d != "" && strings.Contains(l.all.String(), "."+d+".")
}

// idOf returns what looks like an id, since an answer may hold anything in its place.
func idOf(s string) string {
	if id := idForm.FindString(s); id != "" && id == s {
		return id
	}
	return "no id"
}

// maskNames blanks what holds digits and is no number: links, names, ids, versions and words such as log4j2. It keeps the
// positions of the rest.
func maskNames(text string) string {
	for _, form := range []*lazyregexp.Regexp{linkForm, nameForm, idForm, version, wordDigit} {
		text = form.ReplaceAllStringFunc(text, func(s string) string { return strings.Repeat("_", len(s)) })
	}
	return text
}
