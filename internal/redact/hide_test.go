package redact_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/redact"
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
		"kafka.sasl":                        `org.x.Login required username="u" password="***";`,
		"parallelism.default":               "2",
		"state.checkpoints.dir":             "s3://bucket/path@2",
		"header":                            "Authorization: ***",
		"taskmanager.memory.process.size":   "1g",
		"empty.password":                    "",
		"high-availability.jdbc.connection": "jdbc:postgresql://***@db/x?user=a&password=***&ssl=true",
	}
	if diff := cmp.Diff(want, redact.Config(in)); diff != "" {
		t.Errorf("masked (-want +got):\n%s", diff)
	}
	if in["s3.secret-key"] != "abc" {
		t.Error("the input was changed")
	}
}

// TestConfig_HidesByKey hides the values of what means a secret, however its name is written.
func TestConfig_HidesByKey(t *testing.T) {
	for _, key := range []string{
		"db.pass", "DB_PASS", "dbPass", "dbpass", "DBPASS", "db-pass", "mail.pwd", "mail-PWD", "mysql_pwd", "passwd", "db.passwd",
		"PGPASSWORD", "userPassword", "user_passwords", "ssl.key-pass", "keystore.passphrase", "api-key", "apiKey", "API_KEY",
		"api.key", "apikey", "x.apikey.value", "token", "auth.token", "accessToken", "ACCESS_TOKEN", "refresh-token", "oauth2.token",
		"secret", "client.secret", "clientSecret", "secret.key", "secrets", "credential", "app.credentials", "creds", "sasl.jaas.config",
		"jaas", "sas", "azure.sas", "SAS-token", "AWS_ACCESS_KEY_ID", "aws.secret_access_key", "accountKey", "private_key", "signing-key",
		"basic.auth.user.info", "metrics.reporter.x.http-headers", "connection-string", "connectionString", "auth-params", "session.cookie",
		"authorization", "jwt", "password2", "spring/datasource/password", "passwords[0]", "password.encoder.secret",
	} {
		for _, value := range []string{"hunter2x", "two words", "a,b", "12345678"} {
			if got := redact.Config(map[string]string{key: value})[key]; got != "***" {
				t.Errorf("%s: %q became %q", key, value, got)
			}
			parameters := redact.Config(map[string]string{"pipeline.global-job-parameters": "x.y:1," + key + ":hunter2x,z:2"})
			if got := parameters["pipeline.global-job-parameters"]; !strings.Contains(key, "[") && got != "x.y:1,"+key+":***,z:2" {
				t.Errorf("%s as a parameter: %s", key, got)
			}
		}
	}
}

// TestConfig_HidesByShape hides what looks like a secret under names that tell nothing, and inside other values.
func TestConfig_HidesByShape(t *testing.T) {
	for _, c := range [][2]string{
		{"db.pass:hunter2", "db.pass:***"},
		{"'db.pass:hun,ter2','x:y'", "'db.pass:***','x:y'"},
		{"{db.pass=hunter2, x=y}", "{db.pass=***, x=y}"},
		{`{"db.pass":"hunter2","x":"y"}`, `{"db.pass":"***","x":"y"}`},
		{"--db.pass hunter2 --rate 5", "--db.pass *** --rate 5"},
		{"--db.pass;hunter2;--rate;5", "--db.pass;***;--rate;5"},
		{"[--db-pwd, hunter2, --rate, 5]", "[--db-pwd, ***, --rate, 5]"},
		{"mongodb://app:hun/ter2@db/shop", "mongodb://***@db/shop"},
		{"app:hunter2@tcp(db:3306)/shop", "***@tcp(db:3306)/shop"},
		{"app:hunter2@db.internal/shop", "***@db.internal/shop"},
		{"Server=db;Uid=app;Pwd=hunter2;", "Server=db;Uid=app;Pwd=***;"},
		{"AKIAIOSFODNN7EXAMPLE", "***"},
		{"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "***"},
		{"aGVsbG8gd29ybGQsIHRoaXMgaXMgYSBzZWNyZXQ=", "***"},
		{"https://a.blob/c?sv=2022&sig=hunter2%3Dxy&x=1", "https://a.blob/c?sv=2022&sig=***&x=1"},
		{"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.abc", "***"},
	} {
		if got := redact.Config(map[string]string{"shop.setting": c[0]})["shop.setting"]; got != c[1] {
			t.Errorf("%q became %q, want %q", c[0], got, c[1])
		}
	}
}

// TestConfig_KeepsTheRest leaves alone what only sounds like a secret.
func TestConfig_KeepsTheRest(t *testing.T) {
	for key, value := range map[string]string{
		"bypass.cache": "on", "compass": "north", "token.count": "3", "pipeline.object-reuse": "true", "passive": "yes",
		"max-tokens": "400", "tokens.per.second": "20", "llm.tokens": "4000", "second-pass": "2", "pass-through": "all",
		"passenger.topic": "rides", "compassion": "much", "tokenizer": "standard", "secretary": "Ann", "authors": "Ann, Bob",
		"keyspace": "shop", "partition.keys": "a,b", "primary-key": "id", "key.serializer": "org.x.StringSerializer",
		"fs.s3a.aws.credentials.provider": "com.amazonaws.auth.Provider", "password.file": "/run/secrets/db",
		"sasl.oauthbearer.token.endpoint.url": "https://login.example/token", "security.delegation.tokens.renewal.retry.backoff": "1 h",
		"token.ttl": "1 h", "password.min.length": "12", "security.kerberos.login.keytab": "/etc/flink.keytab",
		"high-availability.cluster-id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "uuid": "3F2504E0-4F89-11D3-9A0C-0305E82C3301",
		"sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "assigner": "round-robin", "design": "new",
		"pipeline.classpaths": "file:///opt/flink/usrlib/OrdersJob2-v1.jar", "image": "repo/flink@sha256:9f86d081884c7d65",
		"s3.path": "s3://bucket/path@2", "web": "http://host:8081/path@2", "owner": "mailto:ann@shop.example", "job": "EnrichOrdersWithCustomers2Job",
		"pipeline.global-job-parameters": "bypass.cache:on,max-tokens:400,compass:north", "env": "-Xmx1g -Dmax.tokens=400 -Dbypass=on",
		"metrics.scope.task": "<host>.taskmanager.<tm_id>", "main": "com.shop.TokenFilter", "state.backend.type": "rocksdb",
	} {
		if got := redact.Config(map[string]string{key: value})[key]; got != value {
			t.Errorf("%s: %q became %q", key, value, got)
		}
	}
}

// TestText_KeepsCode leaves names, frames and source code alone that only speak of secrets.
func TestText_KeepsCode(t *testing.T) {
	for _, text := range []string{
		"ciSignature::ciSignature(ciKlass*, constantPoolHandle const&, ciSymbol*)",
		"com.shop.TokenFilter.map",
		"at com.shop.TokenFilter.map(TokenFilter.java:42)",
		"com/shop/PasswordHasher.hash;java/lang/String.length 12",
		"for (String token : line.split(\" \")) {",
		"token = tokenizer.next();",
		"if (token == null) return;",
		"words.map(TokenFilter::new)",
		"def map(token: String, password: String)",
		"max-tokens: 400",
		"SELECT bypass, compass, token_count FROM t",
		"tokens: 12,345 of 20,000",
	} {
		if got := redact.Text(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}
