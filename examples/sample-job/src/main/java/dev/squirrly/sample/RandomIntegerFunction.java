package dev.squirrly.sample;

import org.apache.flink.api.common.functions.MapFunction;

/** Turns a sequence number into a pseudo-random integer, the same one in every run. */
public final class RandomIntegerFunction implements MapFunction<Long, Integer> {
    private static final long serialVersionUID = 1L;

    @Override
    public Integer map(Long sequence) {
        long mixed = (sequence + 1) * 0x9E3779B97F4A7C15L;
        mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
        return (int) (mixed ^ (mixed >>> 31));
    }
}
