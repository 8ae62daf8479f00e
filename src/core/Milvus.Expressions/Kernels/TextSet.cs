using System.Buffers.Binary;
using System.Numerics;

namespace Milvus.Expressions.Kernels;

/// <summary>An immutable set of byte strings with open addressing; the slot keeps the hash, so most misses compare no bytes.</summary>
internal sealed class TextSet
{
    private readonly (uint Hash, int Entry)[] _slots;

    public TextSet(IEnumerable<byte[]> values)
    {
        Sorted = [.. values];
        Array.Sort(Sorted, static (a, b) => a.AsSpan().SequenceCompareTo(b));
        var n = 0;
        foreach (var v in Sorted)
            if (n == 0 || !Sorted[n - 1].AsSpan().SequenceEqual(v)) Sorted[n++] = v;
        Sorted = Sorted[..n];
        _slots = new (uint, int)[BitOperations.RoundUpToPowerOf2((uint)Math.Max(4, n * 2))];
        for (var i = 0; i < n; i++)
        {
            var hash = Hash(Sorted[i]);
            var at = hash & (uint)(_slots.Length - 1);
            while (_slots[at].Entry != 0) at = (at + 1) & (uint)(_slots.Length - 1);
            _slots[at] = (hash, i + 1);
        }
    }

    /// <summary>The values, ascending in byte order and distinct.</summary>
    public byte[][] Sorted { get; }

    public bool Contains(ReadOnlySpan<byte> value)
    {
        var slots = _slots;
        var hash = Hash(value);
        for (var at = hash & (uint)(slots.Length - 1); ; at = (at + 1) & (uint)(slots.Length - 1))
        {
            var (h, entry) = slots[at];
            if (entry == 0) return false;
            if (h == hash && value.SequenceEqual(Sorted[entry - 1])) return true;
        }
    }

    /// <summary>Some value lies within the bounds, either of which may be absent.</summary>
    public bool Intersects(byte[]? low, byte[]? high)
    {
        var at = 0;
        if (low is not null)
        {
            at = Array.BinarySearch(Sorted, low, ByteOrder.Instance);
            if (at < 0) at = ~at;
        }
        return at < Sorted.Length && (high is null || Sorted[at].AsSpan().SequenceCompareTo(high) <= 0);
    }

    private static uint Hash(ReadOnlySpan<byte> value)
    {
        var h = HashSeed.Value ^ ((ulong)value.Length * 0x9E3779B97F4A7C15UL);
        while (value.Length >= 8)
        {
            h = Mix(h ^ BinaryPrimitives.ReadUInt64LittleEndian(value));
            value = value[8..];
        }
        if (value.Length >= 4)
        {
            h = Mix(h ^ BinaryPrimitives.ReadUInt32LittleEndian(value));
            value = value[4..];
        }
        foreach (var b in value) h = Mix(h ^ b);
        return (uint)(h ^ (h >> 32));
    }

    private static ulong Mix(ulong h)
    {
        h *= 0xFF51AFD7ED558CCDUL;
        return h ^ (h >> 32);
    }

    private sealed class ByteOrder : IComparer<byte[]>
    {
        public static readonly ByteOrder Instance = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}
