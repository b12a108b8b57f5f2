package flamegraph

import "strings"

// Normalize gives a frame name the form that is equal in every JVM and run, so
// that names can be merged, compared and matched:
//
//	java/lang/Thread.run                      java.lang.Thread.run
//	com/shop/Job$$Lambda$14/0x0008.apply      com.shop.Job$$Lambda.apply
//	java/lang/invoke/LambdaForm$MH.0x7f.invoke  java.lang.invoke.LambdaForm$MH.invoke
//	com/shop/Hidden/0x0008.run, foo+0x1c      com.shop.Hidden.run, foo
//	jdk/proxy2/$Proxy17.get                   jdk.proxy*.$Proxy*.get
//	…/GeneratedMethodAccessor31.invoke        ….GeneratedMethodAccessor*.invoke
//	StreamExecCalc$123.processElement         StreamExecCalc$*.processElement
//	StreamExecCalc$7.split$12                 StreamExecCalc$*.split$*
//	com/shop/Cart$$SpringCGLIB$$0.add         com.shop.Cart$$SpringCGLIB$$*.add
//	pthread_cond_wait@@GLIBC_2.3.2            pthread_cond_wait
//	[worker-1 tid=4711]                       [worker-1]
//
// Names in the styles of other tools become the same (see [plainName]):
//
//	app//com.shop.Cart.add, com.shop.Cart.add:38, Lcom/shop/Cart;::add, com/shop/Cart.add(I)V
//
// It is idempotent, keeps valid UTF-8 valid, and never makes a name longer.
func Normalize(name string) string {
	// Each step leaves nothing behind that an earlier one would act on.
	if strings.Contains(name, "0x") || strings.Contains(name, lambda) {
		name = dropAddresses(name)
	}
	name = plainName(dropVersion(name))
	if strings.HasPrefix(name, "[") {
		name = dropThreadID(name)
	}
	if isJavaName(name) {
		name = strings.ReplaceAll(dropClassNumber(name), "/", ".")
	}
	if strings.Contains(name, "$") || strings.Contains(name, "Accessor") {
		name = foldGenerated(name)
	}
	return name
}

const lambda = "$$Lambda"

// isJavaName tells a class with slashes from a path or a C++ signature.
func isJavaName(name string) bool {
	return strings.Contains(name, "/") && name[0] != '/' && name[0] != '[' &&
		!strings.Contains(name, "::") && !strings.Contains(name, "(")
}

// dropVersion cuts the symbol version that the native linker adds.
func dropVersion(name string) string {
	for _, mark := range []string{"@@", "@GLIBC"} {
		if i := strings.Index(name, mark); i > 0 {
			name = name[:i]
		}
	}
	return name
}

// dropThreadID turns "[name tid=12]" into "[name]".
func dropThreadID(name string) string {
	body, ok := strings.CutSuffix(name, "]")
	for ok {
		digits := len(body) - len(strings.TrimRight(body, "0123456789"))
		rest, found := strings.CutSuffix(body[:len(body)-digits], " tid=")
		if !found || digits == 0 {
			return body + "]"
		}
		body = rest
	}
	return name
}

// dropAddresses removes the addresses of hidden classes and symbol offsets,
// and the numbers behind $$Lambda.
func dropAddresses(name string) string {
	var out strings.Builder
	out.Grow(len(name))
	afterLambda := false
	for i := 0; i < len(name); {
		n := addressLen(name[i:])
		if n == 0 && afterLambda {
			n = lambdaNumberLen(name[i:])
		}
		if n > 0 && i > 0 {
			i += n
			continue
		}
		if afterLambda = strings.HasPrefix(name[i:], lambda); afterLambda {
			out.WriteString(lambda)
			i += len(lambda)
			continue
		}
		out.WriteByte(name[i])
		i++
	}
	return out.String()
}

// addressLen returns the length of "/0x1f", ".0x1f" or "+0x1f" at the start
// of s, or 0.
func addressLen(s string) int {
	if len(s) < 4 || (s[0] != '/' && s[0] != '.' && s[0] != '+') || s[1] != '0' || s[2] != 'x' {
		return 0
	}
	n := 3
	for n < len(s) && isHex(s[n]) {
		n++
	}
	if n == 3 || (n < len(s) && isIdent(s[n])) {
		return 0
	}
	return n
}

// lambdaNumberLen returns the length of "$14" or "/1234" at the start of s, or 0.
func lambdaNumberLen(s string) int {
	if s[0] != '$' && s[0] != '/' {
		return 0
	}
	n := 1 + digitsLen(s[1:])
	if n == 1 || (n < len(s) && isIdent(s[n])) {
		return 0
	}
	return n
}

// dropClassNumber removes the number by which Java 8 tells the classes apart
// that it defines without a name: "LambdaForm$MH/1828972342.invoke". No
// package starts with a digit.
func dropClassNumber(name string) string {
	for at := 1; ; {
		i := strings.IndexByte(name[at:], '/')
		if i < 0 {
			return name
		}
		at += i
		end := at + 1 + digitsLen(name[at+1:])
		if end > at+1 && (end == len(name) || name[end] == '.') {
			name = name[:at] + name[end:]
		} else {
			at++
		}
	}
}

// Marks of generated classes that are followed by a counter, or by a hash.
var (
	counted = []string{
		"$Proxy", "jdk.proxy", "GeneratedMethodAccessor", "GeneratedConstructorAccessor",
		"GeneratedSerializationConstructorAccessor",
	}
	hashed = []string{
		"$$SpringCGLIB$$", "$$EnhancerBySpringCGLIB$$", "$$FastClassBySpringCGLIB$$", "$$EnhancerByCGLIB$$",
		"$$FastClassByCGLIB$$", "$ByteBuddy$", "$HibernateProxy$", "_$$_jvst",
	}
)

// foldGenerated replaces the counters in the names of generated classes.
// Flink's code generator writes to the unnamed package, Name$12, and when it
// splits a long method, to methods name$7 of that class.
func foldGenerated(name string) string {
	for _, mark := range counted {
		name = fold(name, mark, digitsLen)
	}
	for _, mark := range hashed {
		name = fold(name, mark, identLen)
	}
	class, method, ok := strings.Cut(name, ".")
	if !ok || identLen(strings.ReplaceAll(strings.ReplaceAll(class, "$", ""), "*", "")) == 0 ||
		strings.ContainsAny(class, "/:( [<-+@") || strings.ContainsAny(method, "./") {
		return name
	}
	folded := fold(class, "$", digitsLen)
	if folded != class || strings.Contains(class, "$*") {
		method = fold(method, "$", digitsLen)
	}
	return folded + "." + method
}

// fold replaces by "*" what follows each mark and counts.
func fold(name, mark string, length func(string) int) string {
	var out strings.Builder
	for {
		i := strings.Index(name, mark)
		if i < 0 {
			break
		}
		i += len(mark)
		n := length(name[i:])
		out.WriteString(name[:i])
		if n > 0 {
			out.WriteByte('*')
		}
		name = name[i+n:]
	}
	if out.Len() == 0 {
		return name
	}
	out.WriteString(name)
	return out.String()
}

func digitsLen(s string) int {
	n := 0
	for n < len(s) && s[n]-'0' <= 9 {
		n++
	}
	return n
}

func identLen(s string) int {
	n := 0
	for n < len(s) && isIdent(s[n]) {
		n++
	}
	return n
}

func isHex(c byte) bool { return c-'0' <= 9 || (c|0x20)-'a' <= 5 }

func isIdent(c byte) bool { return c-'0' <= 9 || (c|0x20)-'a' <= 25 || c == '_' || c >= 0x80 }
