namespace Milvus.Api.Metrics;

/// <summary>A number that only grows. Thread-safe, lock-free.</summary>
public sealed class Counter
{
    private long _value;

    public long Value => Interlocked.Read(ref _value);

    public void Increment() => Interlocked.Increment(ref _value);

    public void Add(long amount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(amount);
        Interlocked.Add(ref _value, amount);
    }
}

/// <summary>A number that goes up and down. Thread-safe, lock-free.</summary>
public sealed class Gauge
{
    private long _bits;

    public double Value => BitConverter.Int64BitsToDouble(Interlocked.Read(ref _bits));

    public void Set(double value) => Interlocked.Exchange(ref _bits, BitConverter.DoubleToInt64Bits(value));

    public void Add(double amount) => Doubles.Add(ref _bits, amount);
}

/// <summary>
/// Counts observations in buckets with fixed upper bounds. Thread-safe, lock-free; a reader may see an observation's bucket
/// before its sum.
/// </summary>
public sealed class Histogram
{
    /// <summary>Upper bounds for latencies in milliseconds: powers of two from 1/8 ms to over half a minute.</summary>
    public static readonly double[] LatencyMs = Enumerable.Range(-3, 19).Select(i => Math.Pow(2, i)).ToArray();

    private readonly double[] _bounds;
    private readonly long[] _counts;
    private long _sumBits;

    /// <param name="bounds">Ascending upper bounds, inclusive; one more bucket takes what exceeds them.</param>
    public Histogram(double[] bounds)
    {
        _bounds = bounds;
        _counts = new long[bounds.Length + 1];
    }

    public IReadOnlyList<double> Bounds => _bounds;

    public double Sum => BitConverter.Int64BitsToDouble(Interlocked.Read(ref _sumBits));

    /// <summary>Observations in one bucket alone, not cumulated.</summary>
    public long CountIn(int bucket) => Interlocked.Read(ref _counts[bucket]);

    public void Observe(double value)
    {
        var at = Array.BinarySearch(_bounds, value);
        Interlocked.Increment(ref _counts[at >= 0 ? at : ~at]);
        Doubles.Add(ref _sumBits, value);
    }
}

internal static class Doubles
{
    /// <summary>Adds to a double held as bits.</summary>
    public static void Add(ref long bits, double amount)
    {
        while (true)
        {
            var seen = Interlocked.Read(ref bits);
            var next = BitConverter.DoubleToInt64Bits(BitConverter.Int64BitsToDouble(seen) + amount);
            if (Interlocked.CompareExchange(ref bits, next, seen) == seen) return;
        }
    }
}
