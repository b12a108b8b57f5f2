package local

import (
	"maps"
	"os"

	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/services/analyzer"
	"squirrly.dev/services/collector"
	"squirrly.dev/services/notifier"
	"squirrly.dev/services/trigger"
)

// config is what the environment may say about the services in this process, by the same names as in a cluster.
type config struct {
	Flink     access.Config
	Trigger   trigger.Config
	Collector collector.Config
	Analyzer  analyzer.Config
	Notifier  notifier.Config
}

// Aliases implements daemon.Aliased.
func (c config) Aliases() map[string]string {
	all := c.Trigger.Aliases()
	maps.Copy(all, c.Analyzer.Aliases())
	return all
}

// load reads the environment; what the command line said wins.
func load(o Options) (config, error) {
	cfg, err := daemon.Load[config](os.Environ())
	if err != nil {
		return cfg, err
	}
	cfg.Flink.Local, cfg.Trigger.HTTPAddr = true, o.HTTPAddr
	if o.FlinkAccess != "" {
		cfg.Flink.File = o.FlinkAccess
	}
	cfg.Collector.Version, cfg.Analyzer.Version = o.Version, o.Version
	cfg.Analyzer.LLM = o.LLM
	if cfg.Analyzer.ReportURL == "" && o.HTTPAddr != "" && !o.OneShot {
		cfg.Analyzer.ReportURL = "http://" + o.HTTPAddr
	}
	if o.OneShot {
		cfg.Analyzer.FollowUps = false // nobody would be there to take it up
	}
	return cfg, nil
}

// channels are the notification channels of this process.
func channels(o Options) []string {
	if o.OneShot {
		return nil // the caller prints the result
	}
	return notifier.ChannelTypes()
}
