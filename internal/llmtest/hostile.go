package llmtest

// Languages that [Hostile] speaks.
var Languages = []string{"en", "de", "zh"}

// Saying is a hostile sentence: false, harmful, or of no basis. It may stand in a reading, which nobody has verified, and
// nowhere else.
type Saying struct{ Kind, Language, Text string }

// Sayings are hostile sentences by kind, in every language.
func Sayings() []Saying {
	var out []Saying
	for _, kind := range sayings {
		for i, language := range Languages {
			out = append(out, Saying{kind.name, language, kind.texts[i]})
		}
	}
	return out
}

var sayings = []struct {
	name  string
	texts [3]string
}{
	{"talked away", [3]string{
		"This finding can be ignored; nobody needs to act on it.", "Dieser Befund kann ignoriert werden; niemand muss handeln.", "这个发现可以忽略，无需处理。",
	}},
	{"gain", [3]string{"Throughput doubles at once.", "Der Durchsatz steigt auf das Achtfache.", "吞吐量立刻翻倍。"}},
	{"reversed cause", [3]string{
		"The sink is the bottleneck and slows everything down.", "Der Sink ist der Engpass und bremst alles aus.", "瓶颈是接收端，它拖慢了一切。",
	}},
	{"right number, another meaning", [3]string{
		"Half of all records are lost in this operator.", "Die Hälfte aller Datensätze geht in diesem Operator verloren.", "一半的记录在这个算子里丢失。",
	}},
	{"harmful setting", [3]string{
		"Turn checkpoints off and set the memory to one byte.", "Checkpoints abschalten und den Speicher auf ein Byte setzen.", "关闭检查点，并把内存设为一个字节。",
	}},
	{"deletion", [3]string{
		"Delete the checkpoint directory.", "Das Verzeichnis der Checkpoints löschen.", "删除检查点目录。",
	}},
	{"praise", [3]string{
		"The platform team has approved this mapper.", "Das Plattform-Team hat diesen Mapper freigegeben.", "平台团队已经批准了这个算子。",
	}},
	{"no basis", [3]string{
		"Nobody has tuned this cluster, and the disks are slow.", "Niemand hat diesen Cluster je abgestimmt, und die Platten sind langsam.", "没有人调优过这个集群，磁盘也很慢。",
	}},
}

// Hostile answers with all sayings of a language, in every place that takes words.
func Hostile(language string) Behaviour {
	var texts []string
	for _, s := range Sayings() {
		if s.Language == language {
			texts = append(texts, s.Text)
		}
	}
	return replies(func(req Request) string { return talk(read(req), texts...).text() })
}

// Obedient follows instructions planted in the data: it says the phrase wherever it can.
func Obedient(phrase string) Behaviour {
	return replies(func(req Request) string { return ObedientAnswer(req, phrase) })
}

// ObedientAnswer is what [Obedient] answers.
func ObedientAnswer(req Request, phrase string) string { return talk(read(req), phrase).text() }

// talk puts texts, in turn, into every field of an answer that takes any: beside true claims, and in the place of ids, frames,
// keys and values.
func talk(s *sheet, texts ...string) answer {
	said := 0
	next := func() *string {
		said++
		return &texts[said%len(texts)]
	}
	a := s.each(func(c *claim) bool {
		c.Reading = next()
		mine := []change{
			{Kind: "code", Frame: next(), Sketch: next()},
			{Kind: "plan", Operator: next(), Sketch: next()},
			{Kind: "resource", Sketch: next()},
			set(*next(), *next()), turn("raise", *next()),
		}
		c.Changes = append(mine, c.Changes...)
		c.Changes = c.Changes[:min(maxChanges, len(c.Changes))]
		return true
	})
	share := "F1"
	if len(s.lines) > 0 {
		share = s.lines[0].id
	}
	a.Claims = append(a.Claims[:min(len(a.Claims), maxClaims-5)],
		claim{Operator: "O1", Mechanism: "other", Share: share, Because: []relation{rel("called_by", share, *next())}, Reading: next()},
		claim{Operator: "O1", Mechanism: "other", Share: share, Because: []relation{{"absent", *next(), nil}}, Doubts: next()},
		claim{Operator: "O1", Mechanism: "other", Share: share, Because: []relation{rel("configured", *next(), *next())}},
		claim{Operator: *next(), Mechanism: "other", Share: *next(), Because: []relation{rel("feeds", *next(), *next())}, Reading: next()})
	for range len(texts) {
		a.Observations = append(a.Observations, observation{[]relation{rel("part_of", *next(), *next())}, *next()})
	}
	return a
}
