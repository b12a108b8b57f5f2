package dev.squirrly.sample;

import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * A job whose bottleneck is known: one operator sleeps, the next one burns CPU, and everything before them waits.
 *
 * <p>Options: {@code --parallelism=2}, {@code --chained=false}, {@code --sleep-ms=1}, {@code --sine-steps=30000}.
 */
public final class SampleJob {
    private SampleJob() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.setParallelism(options.integer("parallelism", 2));
        if (!options.flag("chained", false)) {
            env.disableOperatorChaining();
        }
        int sleepMillis = options.integer("sleep-ms", 1);
        int sineSteps = options.integer("sine-steps", 30_000);
        options.refuseUnknown();

        env.fromSource(new NumberSequenceSource(0, Long.MAX_VALUE), WatermarkStrategy.noWatermarks(), "numbers")
                .map(new RandomIntegerFunction())
                .name("random-integers")
                .map(new EvenStallingFunction(sleepMillis))
                .name("arbitrary-stall")
                .map(new SineFunction(sineSteps))
                .name("sine")
                .sinkTo(new DiscardingSink<>())
                .name("discard");
        env.execute("squirrly-sample");
    }
}
