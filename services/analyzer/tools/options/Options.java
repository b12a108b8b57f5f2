import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.flink.annotation.docs.Documentation;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.FallbackKey;
import org.apache.flink.util.TimeUtils;

/**
 * Writes the keys of Flink's configuration, as the option classes on the class path define them, one a line: the key, its
 * type, its default, and for a key that is old "deprecated" or the key that took its place. `make names` runs it.
 *
 * <p>It loads Flink's own classes, since byte code does not show the default of an option that is computed, such as a
 * duration, a memory size or a constant of another class.
 */
public class Options {
    /** Undotted keys are options of tables and formats; those that start with a dollar sign are Flink's own. */
    private static final Pattern KEY = Pattern.compile("[a-z][\\w-]*(\\.([\\w-]+|<[\\w-]+>))+");

    private final Map<String, String> current = new TreeMap<>();
    private final Map<String, String> old = new TreeMap<>();

    public static void main(String[] args) throws Exception {
        Options options = new Options();
        for (String jar : System.getProperty("java.class.path").split(System.getProperty("path.separator"))) {
            if (jar.endsWith(".jar")) {
                options.read(jar);
            }
        }
        // An old key may be another option's own.
        options.old.forEach((key, now) -> options.current.merge(
                key, "\t\t" + now, (own, replaced) -> own.replaceFirst("\tdeprecated$", "\t" + now)));
        Files.writeString(Path.of(args[0]), options.current.entrySet().stream()
                .map(e -> e.getKey() + "\t" + e.getValue() + "\n").collect(Collectors.joining()));
    }

    private void read(String jar) throws Exception {
        try (JarFile file = new JarFile(jar)) {
            for (var entry : (Iterable<JarEntry>) file.stream()::iterator) {
                String name = entry.getName();
                if (!name.endsWith("Options.class") || name.startsWith("META-INF")) {
                    continue;
                }
                name = name.substring(0, name.length() - ".class".length()).replace('/', '.');
                if (configures(name)) {
                    add(Class.forName(name));
                }
            }
        }
    }

    /** Classes that hold keys of the cluster, the job or SQL, and not the options of a table's connector or format. */
    private static boolean configures(String name) {
        return name.startsWith("org.apache.flink.") && (name.contains(".connector.base.")
                || !name.matches(".*\\.(connector|formats|connectors|shaded)\\..*"));
    }

    private void add(Class<?> options) throws Exception {
        for (Field field : options.getDeclaredFields()) {
            if (!Modifier.isStatic(field.getModifiers()) || field.getType() != ConfigOption.class) {
                continue;
            }
            field.setAccessible(true);
            add(field, (ConfigOption<?>) field.get(null));
        }
    }

    private void add(Field field, ConfigOption<?> option) throws Exception {
        Documentation.SuffixOption suffix = field.getAnnotation(Documentation.SuffixOption.class);
        String prefix = suffix == null ? "" : suffix.value().replaceAll("\\.$", "") + ".";
        String key = prefix + option.key();
        if (!KEY.matcher(key).matches()) {
            return;
        }
        boolean gone = field.isAnnotationPresent(Deprecated.class);
        String line = type(option) + "\t" + value(field, option) + "\t" + (gone ? "deprecated" : "");
        if (!gone || !current.containsKey(key)) {
            current.put(key, line);
        }
        for (FallbackKey other : option.fallbackKeys()) {
            String before = prefix + other.getKey();
            if (KEY.matcher(before).matches() && (!gone || !old.containsKey(before))) {
                old.put(before, key);
            }
        }
    }

    private static String type(ConfigOption<?> option) throws Exception {
        Class<?> type = (Class<?>) call(option, "getClazz");
        String name = type.getSimpleName();
        if (type.isEnum()) {
            name = "Enum(" + Arrays.stream(type.getEnumConstants()).map(Object::toString).collect(Collectors.joining("|")) + ")";
        }
        return (boolean) call(option, "isList") ? "List(" + name + ")" : name;
    }

    /** The default as it would be configured: none where it depends on the machine. */
    private static String value(Field field, ConfigOption<?> option) {
        if (option.defaultValue() == null || field.isAnnotationPresent(Documentation.OverrideDefault.class)) {
            return "";
        }
        return text(option.defaultValue());
    }

    private static String text(Object value) {
        if (value instanceof Duration) {
            return TimeUtils.formatWithHighestUnit((Duration) value);
        }
        if (value instanceof List) {
            return ((List<?>) value).stream().map(Options::text).collect(Collectors.joining(";"));
        }
        if (value instanceof Map) {
            return ((Map<?, ?>) value).entrySet().stream().map(e -> e.getKey() + ":" + e.getValue())
                    .sorted().collect(Collectors.joining(","));
        }
        return value.toString().replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t");
    }

    /** Calls what is not public. */
    private static Object call(ConfigOption<?> option, String name) throws Exception {
        Method method = ConfigOption.class.getDeclaredMethod(name);
        method.setAccessible(true);
        return method.invoke(option);
    }
}
