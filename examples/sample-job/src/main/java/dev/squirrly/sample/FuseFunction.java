package dev.squirrly.sample;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;

/** Passes numbers on until it has run for a while, then fails as division by zero below a wrapper without a message. */
public final class FuseFunction extends RichMapFunction<Integer, Integer> {
    private static final long serialVersionUID = 1L;

    private final int afterMillis;
    private transient long opened;

    public FuseFunction(int afterMillis) {
        this.afterMillis = afterMillis;
    }

    @Override
    public void open(OpenContext context) {
        opened = System.nanoTime();
    }

    @Override
    public Integer map(Integer number) {
        if (System.nanoTime() - opened > afterMillis * 1_000_000L) {
            throw new IllegalStateException(null, new ArithmeticException("/ by zero"));
        }
        return number;
    }
}
