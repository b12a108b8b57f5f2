package dev.squirrly.sample;

import org.apache.flink.api.common.functions.MapFunction;

/** The planted bottleneck: sleeps on every even number, as a blocking call to another system would. */
public final class EvenStallingFunction implements MapFunction<Integer, Integer> {
    private static final long serialVersionUID = 1L;

    private final int sleepMillis;

    public EvenStallingFunction(int sleepMillis) {
        this.sleepMillis = sleepMillis;
    }

    @Override
    public Integer map(Integer number) throws InterruptedException {
        if (number % 2 == 0) {
            Thread.sleep(sleepMillis);
        }
        return number;
    }
}
