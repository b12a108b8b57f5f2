package redact

// telling finds names of settings whose values may be secrets, from the word that tells on: [tells] judges the whole name.
// name is one with what stands before that word, lead what may stand before a name in its line, and assign what stands
// between it and the value.
const (
	telling = `(?:passw|passphrase|passcode|pass|pwd|pswd|psw|secret|token|cred|jaas|jwt|sas|sig|authorization|` +
		`(?:api|access|account|private|encryption|decryption|signing|master|shared|auth|service|storage|subscription|ssh|hmac|crypto|cipher)[-_.]?keys?|` +
		`auth[-_.]?params|basic[-_.]?auth|cookie|http[-_.]?headers|connection[-_.]?string)[A-Za-z0-9._-]*(?:\[\w*\])?`
	tail   = `(?P<key>` + telling + `)`
	name   = `(?P<key>[A-Za-z0-9._-]*` + telling + `)`
	option = `(?P<key>(?:[A-Za-z0-9_.][A-Za-z0-9._-]*)?` + telling + `)` // without the dashes of a command line
	lead   = `^(?:[^:=\r\n"']{0,80}(?:[#;|/>]|-[ \t]))?[ \t]*`
	assign = `\\?["']?[ \t]*(?:=>|:=|={1,3}|:)[ \t]*`
)

// words are the hints of telling.
var words = []string{
	"pass", "pwd", "pswd", "psw", "secret", "token", "cred", "jaas", "jwt", "sas", "sig", "auth", "key", "cookie", "header", "string",
}

// settings find the values of settings by the names of these, in the forms of YAML, properties, JSON, XML, command lines,
// SQL and source code.
var settings = []rule{
	inline("setting", `(?i)(?P<key>jaas[A-Za-z0-9._-]*)`+assign+`(?P<secret>[^\r\n]+)`, "jaas"),
	find("setting", `(?im)`+lead+`["']?`+name+`["']?[ \t]*:[ \t]*[|>][-+0-9]*[ \t]*\r?\n(?P<secret>(?:[ \t]+[^\r\n]*(?:\r?\n|\z))+)`),
	find("setting", `(?i)\bname["']?[ \t]*:[ \t]*["']?`+name+`["']?[ \t]*,?\s*["']?value["']?[ \t]*:[ \t]*["']?(?P<secret>[^"'\r\n,}]+)`),
	find("setting", `(?im)`+lead+option+`[ \t]*[:=][ \t]*(?P<secret>[^\s"'](?:[^\r\n]*\\\r?\n)*[^\r\n]*)\r?$`),
	inline("setting", `(?i)["']`+name+`[ \t]*[:=][ \t]*(?P<secret>[^\s"'][^"'\r\n]*)["']`), // an item of a map of Flink's
	inline("setting", `(?i)`+tail+assign+`\\"(?P<secret>[^"\\\r\n]+)`),
	inline("setting", `(?i)`+tail+assign+`"(?P<secret>(?:[^"\\\r\n]|\\.)+)`),
	inline("setting", `(?i)`+tail+assign+`'(?P<secret>(?:[^'\\\r\n]|\\.|'')+)`),
	inline("setting", `(?i)`+tail+`[ \t]*:[ \t]*[A-Za-z][\w.?\[\]]*[ \t]*=[ \t]*"(?P<secret>(?:[^"\\\r\n]|\\.)+)`), // of a type
	inline("setting", `(?i)`+tail+assign+`(?P<secret>[^\s"'\\,;&<>}\]]+)`),
	find("setting", `(?i)["']`+name+`["'][ \t]*,\s*["'](?P<secret>[^"'\r\n]+)`),
	inline("setting", `(?i)`+tail+`\([ \t]*"(?P<secret>(?:[^"\\\r\n]|\\.)+)"[ \t]*\)`),
	inline("setting", `(?i)getConnection\([^;\r\n]*,\s*"(?P<secret>(?:[^"\\\r\n]|\\.)+)"\s*\)`, "getconnection"),
	inline("setting", `(?i)(?:PasswordAuthentication|basicAuth(?:entication)?|BasicCredentials)\([^;\r\n]*,\s*"(?P<secret>(?:[^"\\\r\n]|\\.)+)"`, "password", "basic"),
	inline("setting", `(?i)--?`+option+`(?:[ \t]+|[;,][ \t]*)(?P<secret>[^\s;,\]-][^\s;,\]]*)`),
	find("setting", `(?i)<`+name+`(?:\s[^<>]*)?>(?P<secret>[^<]+)</`),
	find("setting", `(?i)<name>\s*`+name+`\s*</name>\s*<value>(?P<secret>[^<]+)</value>`),
	find("setting", `(?i)\b(?:name|key)\s*=\s*["']`+name+`["']\s+value\s*=\s*["'](?P<secret>[^"'\r\n]+)`),
	inline(random, `(?i)(?:key|auth|cred|hmac|salt|cert|hash)[A-Za-z0-9._-]*`+assign+`["']?(?P<secret>[A-Za-z0-9+/_=-]{20,})`, "key", "auth", "cred", "hmac", "salt", "cert", "hash"),
	inline(mixed, `(?:[:=][ \t]*["']?|^)(?P<secret>[A-Za-z0-9+/_=-]{24,})(?:["',;&\s]|\z)`, ""), // any text may hold it
}
