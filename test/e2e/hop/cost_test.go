package hop_test

import (
	"log/slog"
	"testing"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/test/e2e/parts"
)

// BenchmarkSecurity measures what users and TLS cost a lone hop, on the NATS that is shipped: the median of hops on each, which take
// turns, so that the machine is the same for all. Use -benchtime 10x or more: each is a turn of 20 hops.
func BenchmarkSecurity(b *testing.B) {
	for _, overlay := range []string{"base", "overlays/prod"} {
		b.Run(overlay, func(b *testing.B) {
			names := []string{"open-ms", "users-ms", "users+tls-ms"}
			less := []parts.Without{{Users: true, TLS: true}, {TLS: true}, {}}
			if overlay == "base" {
				names, less = names[:2], less[:2]
			}
			var worlds []*world
			for _, l := range less {
				worlds = append(worlds, newShippedWorld(b, overlay, l))
			}
			all := make([][]float64, len(worlds))
			b.ResetTimer()
			for range b.N {
				for i, w := range worlds {
					all[i] = append(all[i], w.loneHops(b, 20)...)
				}
			}
			for i, name := range names {
				b.ReportMetric(median(all[i]), name)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// newShippedWorld is a world on the NATS of an overlay, with the users of trigger and collector.
func newShippedWorld(b *testing.B, overlay string, less parts.Without) *world {
	b.Helper()
	s, err := parts.StartWithout(b.Context(), b.TempDir(), overlay, natsusers.Options{}, less)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Stop)
	connect := func(user string) *bus.Bus {
		o := bus.Options{URL: s.URL, CAFile: s.CA, Name: user, Logger: slog.New(slog.DiscardHandler)}
		if !less.Users {
			o.User, o.Password = user, s.Password(user)
		}
		c, err := bus.Connect(b.Context(), o)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(c.Close)
		return c
	}
	replicas := 1
	if overlay != "base" {
		replicas = 3
	}
	provision := connect(natsusers.Provision)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Second) {
		if err = provision.Provision(b.Context(), bus.Topology{Replicas: replicas}); err == nil {
			break
		}
		if time.Now().After(deadline) {
			b.Fatal(err)
		}
	}
	w := &world{url: s.URL, accepted: make(chan time.Time, 1), bus: connect(natsusers.Trigger)}
	w.work(b, connect(natsusers.Collector))
	return w
}
