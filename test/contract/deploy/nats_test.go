package deploy_test

import (
	"path/filepath"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
)

// The settings that keep an acknowledged message, in each configuration that is deployed.
func TestNATS_AcknowledgedMeansOnDisk(t *testing.T) {
	t.Setenv("POD_NAME", "nats-0")
	for name, routes := range map[string]int{"base/nats/nats.conf": 0, "overlays/prod/nats.conf": 3} {
		o, err := server.ProcessConfigFile(filepath.Join(root, "deploy", "k8s", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		if !o.JetStream || !o.SyncAlways || o.StoreDir != "/data" {
			t.Errorf("%s: JetStream %t in %s, sync always %t", name, o.JetStream, o.StoreDir, o.SyncAlways)
		}
		if o.ServerName != "nats-0" || len(o.Routes) != routes || o.HTTPPort != 8222 {
			t.Errorf("%s: server %s with %d routes, monitoring on %d", name, o.ServerName, len(o.Routes), o.HTTPPort)
		}
	}
}
