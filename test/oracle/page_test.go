package oracle_test

import (
	"maps"
	"strings"
	"testing"

	"squirrly.dev/test/oracle"
)

// The page that async-profiler 4.5 makes of the collapsed stacks below it, and that of 2.9, without their scripts.
const (
	newerPage = "<!DOCTYPE html>\n<html lang='en'>\n<h1>CPU profile</h1>\nconst cpool = [\n'all',\n' A.map',\n' B.it\\'s',\n' Main.run',\n" +
		"' [unknown]',\n' __libc_read',\n' java/util/HashMap.get',\n'2put',\n' sys_read'\n];\nunpack(cpool);\n\n" +
		"n(3,10)\nu(25,9)\nu(10,5,3,0,0)\nu(49,3)\nn(57,2)\nf(16,2,2,4)\nf(35,1,4,1)\nu(43)\nu(69)\n\nsearch();\n"
	olderPage = "<!DOCTYPE html>\n<html lang='en'>\n<h1>CPU profile</h1>\n" +
		"f(0,0,10,3,'all')\nf(1,0,9,1,'Main.run')\nf(2,0,5,2,'A.map',3,0,0)\nf(3,0,3,1,'java/util/HashMap.get')\n" +
		"f(3,3,2,1,'java/util/HashMap.put')\nf(2,5,4,0,'B.it\\'s')\nf(1,9,1,3,'[unknown]')\nf(2,9,1,3,'__libc_read')\n" +
		"f(3,9,1,5,'sys_read')\n\nsearch();\n"
	collapsedPage = "Main.run_[j];A.map_[i];java/util/HashMap.get_[j] 3\nMain.run_[j];A.map_[i];java/util/HashMap.put_[j] 2\n" +
		"Main.run_[j];B.it's_[0] 4\n[unknown];__libc_read;sys_read_[k] 1\n"
)

func lines(t *testing.T, text string) map[string]int64 {
	t.Helper()
	p, err := oracle.ParsePage(text)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]int64{}
	for _, s := range p.Stacks {
		var names []string
		for _, f := range s.Frames {
			name := f.Name
			if f.Java {
				name += " (Java)"
			}
			if f.Kernel {
				name += " (kernel)"
			}
			names = append(names, name)
		}
		all[strings.Join(names, ";")] += s.N
	}
	return all
}

func TestParsePage(t *testing.T) {
	want := map[string]int64{
		"Main.run (Java);A.map (Java);java.util.HashMap.get (Java)": 3,
		"Main.run (Java);A.map (Java);java.util.HashMap.put (Java)": 2,
		"Main.run (Java);B.it's (Java)":                             4,
		"[unknown];__libc_read;sys_read (kernel)":                   1,
	}
	for name, text := range map[string]string{"newer": newerPage, "older": olderPage, "collapsed": collapsedPage} {
		if got := lines(t, text); !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	for name, text := range map[string]string{
		"empty": "", "prose": "<html>nothing here", "gap": "<html>\nf(0,0,1,3,'all')\nf(2,0,1,1,'a')\n",
	} {
		if p, err := oracle.ParsePage(text); err == nil {
			t.Errorf("%s: %v, want an error", name, p)
		}
	}
}

func TestCanonical(t *testing.T) {
	for name, want := range map[string]string{
		"java/util/HashMap.get": "java.util.HashMap.get",
		"java/lang/invoke/LambdaForm$MH.0x00007ff82c004c00.invoke": "java.lang.invoke.LambdaForm$MH.invoke",
		"com/acme/Job$$Lambda$14/0x00007f0b3c.apply":               "com.acme.Job$$Lambda.apply",
		"com/acme/Job$$Lambda/0x00007f0b3c.apply":                  "com.acme.Job$$Lambda.apply",

		"memcpy@GLIBC_2.14":             "memcpy",
		"JVM_Sleep@@SUNWprivate_1.1":    "JVM_Sleep",
		"[main tid=17]":                 "[main]",
		"com/sun/proxy/$Proxy12.call":   "com.sun.proxy.$Proxy*.call",
		"StreamExecCalc$31.split$7":     "StreamExecCalc$*.split$*",
		"com/acme/Outer$1.run2":         "com.acme.Outer$1.run2",
		"G1ParTask::work(unsigned int)": "G1ParTask::work(unsigned int)",
		"/usr/lib/libc.so":              "/usr/lib/libc.so",
	} {
		if got := oracle.Canonical(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
