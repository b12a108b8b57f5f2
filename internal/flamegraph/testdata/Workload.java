import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import one.profiler.AsyncProfiler;

/**
 * A small JVM with one of each: a hot loop, lambdas, a proxy, reflection, a
 * method handle, allocation, a contended monitor, a sleeping thread, a method
 * with a quote in its name's neighbourhood and one with a very long name.
 * Usage: Workload EVENT SECONDS OUTPUT [quiet]; writes OUTPUT.html and, of the
 * same samples, OUTPUT.collapsed.
 */
public final class Workload {
    static final Object LOCK = new Object();
    static volatile long sink;
    static volatile boolean running = true;

    static long burn(int n) {
        long h = n;
        for (int i = 0; i < 20_000; i++) {
            h = h * 31 + Long.rotateLeft(h, 7);
        }
        return h;
    }

    static void allocate(int n) {
        Map<Integer, String> m = new HashMap<>();
        for (int i = 0; i < 2_000; i++) {
            m.put(i, "value-" + (n + i));
        }
        List<byte[]> arrays = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            arrays.add(new byte[2_048]);
        }
        sink += m.size() + arrays.size() + new byte[2 << 20].length;
    }

    static void contend() {
        synchronized (LOCK) {
            sink += burn(1);
        }
    }

    static void loop(Runnable body) {
        Thread t = new Thread(() -> {
            while (running) {
                body.run();
            }
        });
        t.setDaemon(true);
        t.start();
    }

    static void sleep() {
        try {
            Thread.sleep(5);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    public static long call(int n) {
        return burn(n);
    }

    /** Compiles a method whose name does not fit the line buffer of 2.9. */
    static Method longName() throws Exception {
        String name = "n".repeat(4_200);
        String source = "public class LongName { public static long " + name + "(int n) { long h = n;"
            + " for (int i = 0; i < 50000; i++) h = Workload.next(h); return h; } }";
        Path dir = Files.createTempDirectory("long");
        var file = new SimpleJavaFileObject(URI.create("string:///LongName.java"), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignore) {
                return source;
            }
        };
        var options = List.of("-d", dir.toString(), "-cp", System.getProperty("java.class.path"));
        if (!ToolProvider.getSystemJavaCompiler().getTask(null, null, null, options, null, List.of(file)).call()) {
            throw new IllegalStateException("LongName does not compile");
        }
        var loader = new URLClassLoader(new URL[] {dir.toUri().toURL()});
        return loader.loadClass("LongName").getMethod(name, int.class);
    }

    public static long next(long h) {
        return h * 31 + Long.rotateLeft(h, 7);
    }

    public static void main(String[] args) throws Exception {
        boolean quiet = args.length > 3;
        Method reflected = Workload.class.getMethod("call", int.class);
        MethodHandle handle = MethodHandles.lookup()
            .findStatic(Workload.class, "call", MethodType.methodType(long.class, int.class));
        IntUnaryOperator proxy = (IntUnaryOperator) Proxy.newProxyInstance(Workload.class.getClassLoader(),
            new Class<?>[] {IntUnaryOperator.class}, (p, m, a) -> (int) burn((int) a[0]));
        Method longName = longName();
        if (!quiet) {
            loop(() -> contend());
            loop(() -> contend());
            loop(() -> allocate(7));
            loop(() -> {
                try {
                    sink += (long) reflected.invoke(null, 1) + (long) handle.invokeExact(2);
                    sink += proxy.applyAsInt(3) + (long) longName.invoke(null, 4);
                } catch (Throwable t) {
                    throw new IllegalStateException(t);
                }
            });
        }
        loop(Workload::sleep);
        Thread.sleep(1_000);

        AsyncProfiler profiler = AsyncProfiler.getInstance();
        profiler.execute("start,event=" + args[0]);
        Thread.sleep(1_000 * Long.parseLong(args[1]));
        profiler.execute("stop,file=" + args[2] + ".html");
        profiler.execute("collapsed,ann,file=" + args[2] + ".collapsed");
        running = false;
        System.exit(0);
    }
}
