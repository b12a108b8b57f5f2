package dev.squirrly.cases;

import java.io.Serializable;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.connector.datagen.source.GeneratorFunction;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.Collector;

/**
 * Records at a fixed rate that cost next to nothing: a tick a hundred times a second, and for each tick as many records
 * as are due, taken from an array that was filled at the start. A rate limiter for each record would cost a change of
 * threads per record.
 */
final class Feed {
    /** Number of different records; a power of two. */
    static final int POOL = 1024;

    private static final int TICKS_PER_SECOND = 100;

    private Feed() {}

    /** Makes one of the {@link #POOL} records of the feed; the same one for the same index, in every run. */
    interface Maker<T> extends Serializable {
        T make(int index);
    }

    /** A source of one subtask that sends {@code rate} records a second, as far as those behind it take them. */
    static <T> SingleOutputStreamOperator<T> of(
            StreamExecutionEnvironment env, long rate, TypeInformation<T> type, Maker<T> maker) {
        long ticks = Math.min(rate, TICKS_PER_SECOND);
        GeneratorFunction<Long, Long> number = index -> index;
        DataGeneratorSource<Long> source = new DataGeneratorSource<>(
                number, Long.MAX_VALUE, RateLimiterStrategy.perSecond(ticks), Types.LONG);
        return env.fromSource(source, WatermarkStrategy.noWatermarks(), "ticks")
                .uid("ticks")
                .setParallelism(1)
                .flatMap(new RecordsPerTick<>(maker, rate, ticks))
                .returns(type)
                .name("records")
                .uid("records")
                .setParallelism(1);
    }

    /** Sends what is due at each tick, so that the rate need not be a multiple of the ticks. */
    private static final class RecordsPerTick<T> extends RichFlatMapFunction<Long, T> {
        private final Maker<T> maker;
        private final long rate;
        private final long ticks;
        private transient Object[] pool;
        private transient long tick;
        private transient long sent;

        RecordsPerTick(Maker<T> maker, long rate, long ticks) {
            this.maker = maker;
            this.rate = rate;
            this.ticks = ticks;
        }

        @Override
        public void open(OpenContext context) {
            pool = new Object[POOL];
            for (int i = 0; i < POOL; i++) {
                pool[i] = maker.make(i);
            }
        }

        @Override
        @SuppressWarnings("unchecked")
        public void flatMap(Long ignored, Collector<T> out) {
            tick++;
            for (long due = tick * rate / ticks; sent < due; sent++) {
                out.collect((T) pool[(int) (sent & (POOL - 1))]);
            }
        }
    }
}
