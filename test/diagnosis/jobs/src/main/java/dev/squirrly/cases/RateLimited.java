package dev.squirrly.cases;

import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.connector.datagen.source.GeneratorFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** A generator whose limiter, far above what it can do, hands each record over to a thread of its own; or has none. */
public final class RateLimited {
    private static final double FAR_ABOVE = 50_000_000;

    private RateLimited() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        GeneratorFunction<Long, Long> number = index -> index;
        DataGeneratorSource<Long> source = options.bad()
                ? new DataGeneratorSource<>(number, Long.MAX_VALUE, RateLimiterStrategy.perSecond(FAR_ABOVE), Types.LONG)
                : new DataGeneratorSource<>(number, Long.MAX_VALUE, Types.LONG);
        env.fromSource(source, WatermarkStrategy.noWatermarks(), "numbers")
                .uid("numbers")
                .rebalance()
                .sinkTo(new DiscardingSink<>())
                .name("discard")
                .uid("discard");
        env.execute("rate-limited");
    }
}
