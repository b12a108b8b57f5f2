package redact_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/redact"
)

// secrets are lines with a canary in them. The canary must not survive.
var secrets = map[string]string{
	"flink key":        "s3.secret-key: CANARY01value",
	"flink access key": "s3.access-key: CANARY02value",
	"properties":       "ssl.keystore.password=CANARY(03",
	"json":             `{"api_key": "CANARY 04", "x": 1}`,
	"escaped json":     `{\"password\":\"CANARY05\"}`,
	"jdbc":             "jdbc:mysql://db:3306/shop?user=app&password=CANARY06&useSSL=true",
	"userinfo":         "amqp://app:CANARY07@broker:5672/v",
	"userinfo with @":  "amqp://app:p@CANARY08@broker:5672/v",
	"jaas":             `sasl.jaas.config: org.apache.kafka.common.security.plain.PlainLoginModule required username="a" password="CANARY09";`,
	"java":             `props.put("ssl.truststore.password", "CANARY10");`,
	"java field":       `private static final String API_KEY = "CANARY11";`,
	"sql":              `CREATE TABLE t (id INT) WITH ('connector'='jdbc', 'password' = 'CANARY12')`,
	"flag":             "--db-password CANARY13 --parallelism 2",
	"xml":              "<password>CANARY14</password>",
	"hadoop":           "<property><name>fs.s3a.secret.key</name>\n<value>CANARY15</value></property>",
	"pem":              "-----BEGIN RSA PRIVATE KEY-----\nMIICANARY16\nAAAA\n-----END RSA PRIVATE KEY-----",
	"open pem":         "-----BEGIN PRIVATE KEY-----\nMIICANARY17\n",
	"jwt":              "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJDQU5BUlkxOCJ9.CANARY18",
	"aws":              "AKIACANARY1900000000",
	"github":           "ghp_CANARY20aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	"github fine":      "github_pat_CANARY21aaaaaaaaaaaaaaaaaaaaa",
	"openai":           "sk-proj-CANARY22_aaaaaaaaaaaa",
	"slack":            "xoxb-123456789012-CANARY23",
	"slack hook":       "https://hooks.slack.com/services/T000/B000/CANARY24",
	"bearer":           "Authorization: Bearer CANARY25aaaaaaaaaa",
	"curl":             `curl -H "X-Api-Key: CANARY26" https://x`,
	"yaml quoted":      "password: 'CANARY 27'",
	"account":          "fs.azure.account.key.acc.blob.core.windows.net: CANARY28==",
	"three words":      "password: a b CANARY30",
	"arrow":            "credential => CANARY29",
	"oracle":           "jdbc:oracle:thin:scott/CANARY31@db:1521/x",
	"sqlserver":        "jdbc:sqlserver://db;user=a;pwd=CANARY32;encrypt=true",
	"azure storage":    "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=CANARY33==;EndpointSuffix=core.windows.net",
	"azure sas":        "https://a.blob.core.windows.net/c?sv=2022-11-02&sp=r&sig=CANARY34%3D",
	"azure secret":     "xyz8Q~CANARY35aaaaaaaaaaaaaaaaaaaaaaaaa",
	"event hub":        "Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey=CANARY36=",
	"gcp token":        "ya29.CANARY37aaaaaaaaaaaaaaaa",
	"gcp key":          "AIzaCANARY38aaaaaaaaaaaaaaaaaaaaaaaaaaa",
	"gcp account": `{"private_key": "-----BEGIN PRIVATE KEY-----
MIICANARY39
-----END PRIVATE KEY-----
"}`,
	"gitlab":           "glpat-CANARY40aaaaaaaaaaaa",
	"anthropic":        "sk-ant-api03-CANARY41_aaaaaaaaaaaaaa",
	"hugging face":     "hf_CANARY42aaaaaaaaaaaaaaaa",
	"vault":            "hvs.CANARY43aaaaaaaaaaaaaaaa",
	"discord":          "https://discord.com/api/webhooks/123/CANARY44",
	"nats seed":        "SUCANARYAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	"yaml block":       "password: |\n  CANARY45\n  CANARY46\nnext: 1",
	"yaml env":         "- name: DB_PASSWORD\n  value: CANARY47",
	"json env":         `{"name": "DB_PASSWORD", "value": "CANARY48"}`,
	"xml attribute":    `<property name="db.password" value="CANARY49"/>`,
	"xml with a space": `<password encrypted="false">CANARY50</password>`,
	"continued":        "db.password=abc\\\n  CANARY51",
	"escaped quote":    `password: "a\"CANARY52"`,
	"setter":           `config.setPassword("CANARY53").build();`,
	"connection":       `DriverManager.getConnection(url, "app", "CANARY54")`,
	"authentication":   `new PasswordAuthentication("app", "CANARY55".toCharArray())`,
	"jvm option":       "-Djavax.net.ssl.trustStorePassword=CANARY56 -Xmx1g",
	"flag with dash":   "-password CANARY57",
	"random key":       "license-key: 7fCANARY58aQ2xZ9pLm3v",
	"cookie":           "Cookie: JSESSIONID=CANARY59",
	"sql escaped":      `'password' = 'it''sCANARY60'`,
	"env":              "export AWS_SECRET_ACCESS_KEY=CANARY61",
	"flink ssl":        "security.ssl.rest.keystore-password: CANARY62",
	"flink delegation": "security.kerberos.login.credentials: CANARY63",
	"pgp":              "-----BEGIN PGP PRIVATE KEY BLOCK-----\nCANARY64\n-----END PGP PRIVATE KEY BLOCK-----",
	"mongodb":          "mongodb+srv://app:CANARY65@cluster.example/db",
	"quoted in quotes": `f(0,0,1,3,'password: "CANARY67"')`,
	"item of a map":    `'db.pass:CANARY68,more','x:y'`,
	"type of Scala":    `private val password: String = "CANARY69"`,
	"proxy":            "http.proxy=http://CANARY66@proxy:3128",
}

func TestTextRemovesSecrets(t *testing.T) {
	for name, text := range secrets {
		t.Run(name, func(t *testing.T) {
			r := redact.New()
			got := r.Text("before\n" + text + "\nafter")
			if strings.Contains(got, "CANARY") {
				t.Errorf("Text left the secret in: %s", got)
			}
			if !strings.HasPrefix(got, "before\n") || name != "open pem" && !strings.HasSuffix(got, "\nafter") {
				t.Errorf("Text removed what is around the secret: %s", got)
			}
			if len(r.Counts()) == 0 {
				t.Error("Counts is empty")
			}
		})
	}
}

func TestTextKeepsTheRest(t *testing.T) {
	for _, text := range []string{
		"taskmanager.numberOfTaskSlots: 4",
		"public void map(String line) { pattern.matcher(line); }",
		"password: ${DB_PASSWORD}",
		"password: ******",
		"basic authentication of users",
		"https://nightlies.apache.org/flink/flink-docs-stable/docs/x/",
		"execution.checkpointing.interval: 10 s",
		"key: com.shop.orders.OrderKeySelector",
		"table.exec.state.ttl: 1 h",
		"partition-keys: customer_identifier_number",
		"keyBy(order -> order.customerId)",
		"org.apache.flink.api.java.functions.KeySelector.getKey",
	} {
		r := redact.New()
		if got := r.Text(text); got != text {
			t.Errorf("Text(%q) = %q", text, got)
		}
	}
}

func TestSetting(t *testing.T) {
	for _, c := range []struct{ key, value, want string }{
		{"s3.secret-key", "two words", "<<SECRET:setting:1>>"},
		{"sasl.jaas.config", "x y", "<<SECRET:setting:1>>"},
		{"taskmanager.numberOfTaskSlots", "4", "4"},
		{"ssl.password", "******", "******"},
		{"env.java.opts", "-Da=b -Dpassword=x", "-Da=b -Dpassword=<<SECRET:setting:1>>"},
	} {
		if got := redact.New().Setting(c.key, c.value); got != c.want {
			t.Errorf("Setting(%s) = %q, want %q", c.key, got, c.want)
		}
	}
}

func TestPlaceholdersAreStable(t *testing.T) {
	r := redact.New()
	got := r.Text("password=one\nother.password=two\nthird.password=one")
	want := "password=<<SECRET:setting:1>>\nother.password=<<SECRET:setting:2>>\nthird.password=<<SECRET:setting:1>>"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Text (-want +got):\n%s", diff)
	}
	if again := r.Text(got); again != got {
		t.Errorf("a second pass changed the text: %s", again)
	}
	if diff := cmp.Diff(map[string]int{"setting": 3}, r.Counts()); diff != "" {
		t.Errorf("Counts (-want +got):\n%s", diff)
	}
}
