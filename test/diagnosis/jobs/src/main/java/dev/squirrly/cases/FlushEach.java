package dev.squirrly.cases;

import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** Small records over an exchange. The cluster sends each one at once, in a buffer of its own. */
public final class FlushEach {
    private FlushEach() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Feed.of(env, options.rate(12_000_000), Types.LONG, i -> i * 2_654_435_761L >>> 7)
                .map(sale -> sale + 1)
                .returns(Types.LONG)
                .name("sale")
                .uid("sale")
                .startNewChain()
                .keyBy(sale -> sale % 97, Types.LONG)
                .map(sale -> sale + 1)
                .returns(Types.LONG)
                .name("count")
                .uid("count")
                .sinkTo(new DiscardingSink<>())
                .name("counts")
                .uid("counts");
        env.execute("flush-each");
    }
}
