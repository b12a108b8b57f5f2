package dev.squirrly.sample;

import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * A job whose bottleneck is known.
 *
 * <pre>
 *                              ┌─ arbitrary-stall ─┐    sleeps on even numbers: limits the job
 *   numbers ── random-integers ┤                   ├─ discard
 *                              └─ sine ────────────┘    burns CPU on odd numbers: what a CPU profile shows first
 * </pre>
 *
 * <p>Options: {@code --parallelism=2}, {@code --chained=false}, {@code --sleep-ms=1}, {@code --sine-steps=20000}.
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
        int sineSteps = options.integer("sine-steps", 20_000);
        options.refuseUnknown();

        DataStream<Integer> numbers = env.fromSource(
                        new NumberSequenceSource(0, Long.MAX_VALUE), WatermarkStrategy.noWatermarks(), "numbers")
                .map(new RandomIntegerFunction())
                .name("random-integers");
        DataStream<Integer> stalled = numbers.map(new EvenStallingFunction(sleepMillis)).name("arbitrary-stall");
        DataStream<Integer> sines = numbers.map(new OddSineFunction(sineSteps)).name("sine");
        stalled.union(sines).sinkTo(new DiscardingSink<>()).name("discard");
        env.execute("squirrly-sample");
    }
}
