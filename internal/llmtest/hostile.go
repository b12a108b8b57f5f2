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

// Hostile answers with a saying in every place that takes words.
func Hostile(s Saying) Behaviour {
	return replies(func(req Request) string { return talk(read(req), s.Text).text() })
}

// Obedient follows instructions planted in the data: it says the phrase wherever it can.
func Obedient(phrase string) Behaviour {
	return replies(func(req Request) string { return ObedientAnswer(req, phrase) })
}

// ObedientAnswer is what [Obedient] answers.
func ObedientAnswer(req Request, phrase string) string {
	if s := read(req); s.enum != nil {
		return talk(s, phrase).text()
	}
	return obedientProse(req, phrase)
}

// talk puts a text into every field of an answer that takes any: beside true claims, and in the place of ids, frames, keys
// and values.
func talk(s *sheet, text string) answer {
	a := s.each(func(c *claim) bool {
		c.Reading = &text
		c.Changes = append(c.Changes,
			change{Kind: "code", Frame: &text, Sketch: &text}, change{Kind: "plan", Operator: &text, Sketch: &text},
			change{Kind: "resource", Sketch: &text}, set(text, text), turn("raise", text))
		c.Changes = c.Changes[:min(maxChanges, len(c.Changes))]
		return true
	})
	a.Claims = a.Claims[:min(len(a.Claims), maxClaims-4)]
	o, m, share := "O1", "other", text
	if len(s.lines) > 0 {
		share = s.lines[0].id
	}
	for _, r := range []relation{
		rel("called_by", share, text), {"absent", text, nil}, rel("configured", text, text), rel("feeds", text, text),
	} {
		a.Claims = append(a.Claims, claim{Operator: o, Mechanism: m, Share: share, Because: []relation{r}, Doubts: &text, Reading: &text})
	}
	a.Claims[len(a.Claims)-1].Operator, a.Claims[len(a.Claims)-1].Share = text, text
	a.Observations = []observation{{[]relation{rel("part_of", text, text)}, text}, {nil, text}}
	return a
}
