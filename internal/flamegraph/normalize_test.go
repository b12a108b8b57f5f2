package flamegraph_test

import (
	"testing"

	"squirrly.dev/internal/flamegraph"
)

func TestNormalize(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"java/lang/Thread.run":                                                         "java.lang.Thread.run",
		"com/shop/Job$$Lambda$14/0x00000008000c1040.apply":                             "com.shop.Job$$Lambda.apply",
		"com/shop/Job$$Lambda$199.0x00007fd05413ce88.run":                              "com.shop.Job$$Lambda.run",
		"com/shop/Job$$Lambda/0x00007fd05413ce88.run":                                  "com.shop.Job$$Lambda.run",
		"com/shop/Job$$Lambda$14/1045997582.apply":                                     "com.shop.Job$$Lambda.apply",
		"com.shop.Job$$Lambda$14/0x0000000840066c40":                                   "com.shop.Job$$Lambda",
		"Workload$$Lambda$200.0x00007fd05413d0b0.run":                                  "Workload$$Lambda.run",
		"java/lang/invoke/LambdaForm$MH.0x00007ff82c004c00.invoke":                     "java.lang.invoke.LambdaForm$MH.invoke",
		"java/lang/invoke/LambdaForm$DMH/0x0000000800c1.invokeStatic":                  "java.lang.invoke.LambdaForm$DMH.invokeStatic",
		"com/shop/Hidden/0x00000008000c1040.run":                                       "com.shop.Hidden.run",
		"jdk/proxy2/$Proxy17.get":                                                      "jdk.proxy*.$Proxy*.get",
		"com/sun/proxy/$Proxy17.get":                                                   "com.sun.proxy.$Proxy*.get",
		"jdk/internal/reflect/GeneratedMethodAccessor31.invoke":                        "jdk.internal.reflect.GeneratedMethodAccessor*.invoke",
		"sun/reflect/GeneratedSerializationConstructorAccessor1.a":                     "sun.reflect.GeneratedSerializationConstructorAccessor*.a",
		"StreamExecCalc$123.processElement":                                            "StreamExecCalc$*.processElement",
		"BatchExecCalc$12$7.processElement":                                            "BatchExecCalc$*$*.processElement",
		"StreamExecCalc$123.processElement_split$45":                                   "StreamExecCalc$*.processElement_split$*",
		"com$shop$User$12$Converter.toInternal":                                        "com$shop$User$*$Converter.toInternal",
		"java/lang/invoke/LambdaForm$MH/1828972342.invokeStatic_L":                     "java.lang.invoke.LambdaForm$MH.invokeStatic_L",
		"com/shop/Hidden/12.run":                                                       "com.shop.Hidden.run",
		"com/shop/Hidden/12":                                                           "com.shop.Hidden",
		"com/shop/Cart$$SpringCGLIB$$0.add":                                            "com.shop.Cart$$SpringCGLIB$$*.add",
		"com/shop/Cart$$EnhancerBySpringCGLIB$$1a2b3c$$FastClassBySpringCGLIB$$ff.add": "com.shop.Cart$$EnhancerBySpringCGLIB$$*$$FastClassBySpringCGLIB$$*.add",
		"com/shop/Cart$ByteBuddy$Ab12Cd.add":                                           "com.shop.Cart$ByteBuddy$*.add",
		"sun/reflect/GeneratedConstructorAccessor2.newInstance":                        "sun.reflect.GeneratedConstructorAccessor*.newInstance",
		"jdk/internal/reflect/GeneratedConstructorAccessor7.a":                         "jdk.internal.reflect.GeneratedConstructorAccessor*.a",
		"jdk/internal/reflect/DirectMethodHandleAccessor.invoke":                       "jdk.internal.reflect.DirectMethodHandleAccessor.invoke",
		"com/shop/Job$1.run":                                                           "com.shop.Job$1.run",
		"com/shop/Job.lambda$main$4":                                                   "com.shop.Job.lambda$main$4",
		"Workload.lambda$main$4":                                                       "Workload.lambda$main$4",
		"pthread_cond_wait@@GLIBC_2.3.2":                                               "pthread_cond_wait",
		"read@GLIBC_2.2.5":                                                             "read",
		"foo+0x1c":                                                                     "foo",
		"/usr/lib/libc.so.6":                                                           "/usr/lib/libc.so.6",
		"[libzip.so]":                                                                  "[libzip.so]",
		"[worker-1 (2/4)#0 tid=4711]":                                                  "[worker-1 (2/4)#0]",
		"operator/(Matrix, double)":                                                    "operator/(Matrix, double)",
		"std::map<int, a/b>::at":                                                       "std::map<int, a/b>::at",
		"byte[]":                                                                       "byte[]",
		"java.lang.String":                                                             "java.lang.String",
		"do_syscall_64":                                                                "do_syscall_64",
		"0x7f00":                                                                       "0x7f00",
		"":                                                                             "",
	} {
		if got := flamegraph.Normalize(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
		if again := flamegraph.Normalize(want); again != want {
			t.Errorf("%q becomes %q the second time", want, again)
		}
	}
}

func TestAbbreviatePackages(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"org.apache.flink.streaming.api.operators.StreamMap.processElement": "o.a.f.s.a.o.StreamMap.processElement",
		"java/lang/Thread.run":     "j.l.Thread.run",
		"Workload.burn":            "Workload.burn",
		"byte[]":                   "byte[]",
		"__libc_read":              "__libc_read",
		"do_syscall_64.part.0":     "do_syscall_64.part.0",
		"GangWorker::loop()":       "GangWorker::loop()",
		"all":                      "all",
		"a.":                       "a.",
		"":                         "",
		"org.rocksdb.RocksDB.get":  "o.r.RocksDB.get",
		"jdk.proxy*.$Proxy*.get":   "jdk.proxy*.$Proxy*.get",
		"[worker-1 (2/4)#0 tid=1]": "[worker-1 (2/4)#0 tid=1]",
	} {
		if got := flamegraph.AbbreviatePackages(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}
