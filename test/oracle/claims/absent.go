package claims

import (
	"maps"
	"regexp"
	"slices"

	"squirrly.dev/test/oracle"
)

// signs are frames of which a mechanism must have one: where no page has any, it is not there.
var signs = map[string]*regexp.Regexp{
	"A1":  regexp.MustCompile(`(Thread|TimeUnit)\.sleep`),
	"A2":  regexp.MustCompile(`(?i)http`),
	"A3":  regexp.MustCompile(`(?i)jdbc|postgresql|mysql|hikari`),
	"A6":  regexp.MustCompile(`java\.util\.regex\.`),
	"A19": regexp.MustCompile(`ObjectMapper|HttpClient|DriverManager|Pool|KafkaProducer|SSLContext|DocumentBuilder|Script`),
	"B1":  regexp.MustCompile(`(?i)kryo`),
	"C1":  regexp.MustCompile(`(?i)rocksdb`),
	"C2":  regexp.MustCompile(`(?i)rocksdb`),
	"C3":  regexp.MustCompile(`(?i)rocksdb|uncompress`),
	"C4":  regexp.MustCompile(`(?i)rocksdb`),
	"C5":  regexp.MustCompile(`(?i)rocksdb`),
	"C13": regexp.MustCompile(`(?i)timer`),
	"C19": regexp.MustCompile(`(?i)rocksdb`),
	"F1":  regexp.MustCompile(`org\.apache\.flink\.table`),
	"F7":  regexp.MustCompile(`org\.apache\.flink\.table`),
}

// absentMakers are of what is not there.
func absentMakers() []maker {
	return []maker{
		{kind: "absent", truth: true, how: "a frame of another job", make: (*draw).foreignFrame},
		{kind: "absent", truth: true, how: "a mechanism without a frame", make: (*draw).absentMechanism},
		{kind: "absent", how: "a frame with a fifth of the time", make: (*draw).presentFrame},
		{kind: "absent", how: "the planted mechanism", make: (*draw).presentMechanism},
	}
}

// strangers are frames that jobs of Flink may have.
var strangers = []string{
	"org.postgresql.jdbc.PgStatement.executeQuery", "okhttp3.internal.connection.RealCall.execute", "java.util.zip.Deflater.deflateBytesBytes",
	"org.apache.avro.generic.GenericDatumReader.read", "com.google.protobuf.CodedInputStream.readTag", "java.util.UUID.randomUUID",
	"rocksdb::CompactionJob::Run()", "java.io.ObjectInputStream.readObject", "org.apache.kafka.clients.producer.KafkaProducer.send",
	"java.util.regex.Pattern.compile", "java.lang.Thread.sleep", "com.esotericsoftware.kryo.Kryo.copy", "java.lang.String.format",
	"org.rocksdb.RocksDB.get", "redis.clients.jedis.Connection.sendCommand", "java.security.MessageDigest.digest",
}

func (d *draw) foreignFrame() (Relation, bool) {
	name := strangers[d.rng.IntN(len(strangers))]
	_, there := find(d.frames, name)
	return relation("absent", name, ""), !there
}

// mechanism is one that has signs.
func (d *draw) mechanism() string {
	all := slices.Sorted(maps.Keys(signs))
	return all[d.rng.IntN(len(all))]
}

// without reports whether no page has a sign of a mechanism, and none that was planted is it.
func (d *draw) without(mechanism string) bool {
	return !slices.ContainsFunc(d.frames, signs[mechanism].MatchString) && !slices.Contains(d.Truth.Mechanisms, mechanism)
}

func (d *draw) absentMechanism() (Relation, bool) {
	m := d.mechanism()
	return relation("absent", "rule "+m, ""), d.without(m)
}

// shareOf is the least part that some frames have of the active samples of a mode, and the samples of the mode with fewest.
func (d *draw) shareOf(has func(name string) bool) (least float64, ok bool) {
	least = 1
	for _, mode := range []string{"ITIMER", "WALL"} {
		all := d.of(mode, func(_ int, s *oracle.Sample) bool { return !s.Idle })
		if all < enough {
			continue
		}
		part := d.of(mode, func(_ int, s *oracle.Sample) bool { return !s.Idle && slices.ContainsFunc(s.Frames, has) })
		least, ok = min(least, float64(part)/float64(all)), true
	}
	return least, ok
}

const fifth = 0.2

func (d *draw) presentFrame() (Relation, bool) {
	name := d.frame()
	share, ok := d.shareOf(func(frame string) bool { return frame == name })
	return relation("absent", name, ""), ok && share >= fifth
}

func (d *draw) presentMechanism() (Relation, bool) {
	m, ok := pick(d, d.Truth.Mechanisms, nil)
	if !ok || d.Truth.Frames == nil {
		return Relation{}, false
	}
	share, ok := d.shareOf(d.isFaulty)
	return relation("absent", "rule "+*m, ""), ok && share >= fifth
}
