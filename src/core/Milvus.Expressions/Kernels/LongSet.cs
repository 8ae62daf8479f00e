using System.Numerics;

namespace Milvus.Expressions.Kernels;

/// <summary>An immutable set of 64-bit values: open addressing at most half full, or a plain bitmap where the values lie close together.</summary>
internal sealed class LongSet
{
    /// <summary>One megabyte.</summary>
    private const long MaxBitmapBits = 1 << 23;

    private readonly long[] _slots = [];
    private readonly int _shift;
    private readonly long _vacant;
    private readonly ulong[]? _bitmap;

    public LongSet(IEnumerable<long> values)
    {
        Sorted = [.. values];
        Array.Sort(Sorted);
        Sorted = Distinct(Sorted);
        if (Sorted.Length == 0) return;
        var range = (UInt128)((Int128)Sorted[^1] - Sorted[0]) + 1;
        if (range <= (UInt128)Math.Min(MaxBitmapBits, Math.Max(1024, Sorted.Length * 1024L)))
        {
            _bitmap = new ulong[(int)((range + 63) >> 6)];
            foreach (var v in Sorted)
            {
                var bit = v - Sorted[0];
                _bitmap[bit >> 6] |= 1UL << (int)(bit & 63);
            }
            return;
        }
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(4, Sorted.Length * 2));
        _shift = 64 - BitOperations.Log2((uint)size);
        _slots = new long[size];
        _vacant = AbsentValue(Sorted);
        Array.Fill(_slots, _vacant);
        foreach (var v in Sorted)
        {
            var at = Hash(v);
            while (_slots[at] != _vacant) at = (at + 1) & (size - 1);
            _slots[at] = v;
        }
    }

    /// <summary>The values, ascending and distinct.</summary>
    public long[] Sorted { get; }

    public bool Contains(long value)
    {
        if (_bitmap is { } bitmap)
        {
            var bit = (ulong)(value - Sorted[0]);
            return bit < (ulong)bitmap.Length << 6 && value >= Sorted[0] && (bitmap[bit >> 6] >> (int)(bit & 63) & 1) != 0;
        }
        var slots = _slots;
        if (slots.Length == 0 || value == _vacant) return false;
        for (var at = Hash(value); ; at = (at + 1) & (slots.Length - 1))
        {
            var slot = slots[at];
            if (slot == value) return true;
            if (slot == _vacant) return false;
        }
    }

    /// <summary>Some value lies within the bounds.</summary>
    public bool Intersects(long low, long high)
    {
        var at = Array.BinarySearch(Sorted, low);
        if (at < 0) at = ~at;
        return at < Sorted.Length && Sorted[at] <= high;
    }

    private int Hash(long value)
    {
        var h = ((ulong)value ^ HashSeed.Value) * 0x9E3779B97F4A7C15UL;
        h = (h ^ (h >> 32)) * 0xD6E8FEB86659FD93UL;
        return (int)(h >> _shift);
    }

    private static long[] Distinct(long[] sorted)
    {
        var n = 0;
        foreach (var v in sorted)
            if (n == 0 || sorted[n - 1] != v) sorted[n++] = v;
        return sorted[..n];
    }

    /// <summary>A value between two neighbours or outside all; there is one as fewer than 2⁶⁴ are taken.</summary>
    private static long AbsentValue(long[] sorted)
    {
        if (sorted[0] != long.MinValue) return long.MinValue;
        for (var i = 1; i < sorted.Length; i++)
            if (sorted[i] != sorted[i - 1] + 1) return sorted[i - 1] + 1;
        return sorted[^1] + 1;
    }
}

/// <summary>Differs per process, so that nobody can prepare lists whose values all collide. Results do not depend on it.</summary>
internal static class HashSeed
{
    public static readonly ulong Value = (ulong)Random.Shared.NextInt64();
}
