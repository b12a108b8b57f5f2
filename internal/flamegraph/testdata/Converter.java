import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import one.convert.Arguments;
import one.convert.FlameGraph;

/** Parses a page with async-profiler's own converter, once for every line on its input. */
public class Converter {
    public static void main(String[] args) throws Exception {
        String page = Files.readString(Path.of(args[0]));
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        while (in.readLine() != null) {
            new FlameGraph(new Arguments()).parseHtml(new StringReader(page));
            System.out.println("done");
        }
    }
}
