package mask_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/mask"
)

func TestConfig(t *testing.T) {
	in := map[string]string{
		"s3.secret-key":                     "abc",
		"s3.access-key":                     "AKIA1",
		"security.ssl.keystore-password":    "pw",
		"fs.azure.account.key.x.net":        "k==",
		"metrics.reporter.x.apikey":         "k",
		"rest.url":                          "https://me:topsecret@host:8081/x?y=1",
		"env.java.opts.all":                 "-Xmx1g -Ddb.password=hunter2 -Dother=1",
		"kafka.sasl":                        `org.x.Login required username="u" password="p w";`,
		"parallelism.default":               "2",
		"state.checkpoints.dir":             "s3://bucket/path@2",
		"header":                            "Authorization: Bearer abcdefghijkl.mno",
		"taskmanager.memory.process.size":   "1g",
		"empty.password":                    "",
		"high-availability.jdbc.connection": "jdbc:postgresql://u:p@db/x?user=a&password=b&ssl=true",
	}
	want := map[string]string{
		"s3.secret-key":                     "***",
		"s3.access-key":                     "***",
		"security.ssl.keystore-password":    "***",
		"fs.azure.account.key.x.net":        "***",
		"metrics.reporter.x.apikey":         "***",
		"rest.url":                          "https://***@host:8081/x?y=1",
		"env.java.opts.all":                 "-Xmx1g -Ddb.password=*** -Dother=1",
		"kafka.sasl":                        `org.x.Login required username="u" password=***;`,
		"parallelism.default":               "2",
		"state.checkpoints.dir":             "s3://bucket/path@2",
		"header":                            "Authorization: *** ***",
		"taskmanager.memory.process.size":   "1g",
		"empty.password":                    "",
		"high-availability.jdbc.connection": "jdbc:postgresql://***@db/x?user=a&password=***&ssl=true",
	}
	if diff := cmp.Diff(want, mask.Config(in)); diff != "" {
		t.Errorf("masked (-want +got):\n%s", diff)
	}
	if in["s3.secret-key"] != "abc" {
		t.Error("the input was changed")
	}
}
