package prompt

import "strings"

// Limits of the block of settings, in lines.
const (
	maxSettings = 50
	maxKeys     = 40
)

// What settings are worth beside keys: those of the job itself come before those of the cluster and defaults.
const (
	worthOfJob   = 3.0
	worthSetting = 2.0
)

// settingsBlock lists what is configured, and the keys that a change may name.
func (c cleaner) settingsBlock(in Input) *block {
	b := &block{cleaner: c, title: "settings", budget: maxSettingsTokens}
	b.section("Settings", "key", "value", "from")
	for _, s := range firstOf(in.Settings, maxSettings) {
		worth := worthSetting
		if s.From == "job" {
			worth = worthOfJob
		}
		b.row(worth, c.label(s.Key), c.sentence(s.Value), c.label(s.From))
	}
	b.section("Keys", "key", "type", "value in force", "turn", "bounds", "mechanisms")
	for _, k := range firstOf(in.Keys, maxKeys) {
		b.row(always, c.label(k.Name), c.label(k.Type), c.sentence(k.InForce), c.label(k.Turn), c.sentence(k.Bounds), c.label(strings.Join(k.Mechanisms, " ")))
	}
	return b
}
