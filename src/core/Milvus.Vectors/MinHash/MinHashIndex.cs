using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Search among MinHash signatures (Broder 1997) held as binary vectors: the similarity of two is the share of elements in which they
/// agree, an estimate of the Jaccard similarity of the sets they stand for. With bands only rows that agree in a whole band are compared
/// (locality-sensitive hashing; Indyk and Motwani 1998), so a search may find fewer rows than asked for; without, every row is.
/// </summary>
public sealed unsafe class MinHashIndex : VectorIndex
{
    private readonly PinnedBuffer[] _keys;
    private readonly PinnedBuffer[] _rows;
    private readonly int? _count;

    internal MinHashIndex(VectorStore store, MinHashParameters parameters, int? count, PinnedBuffer[] keys, PinnedBuffer[] rows)
        : base(store, MetricType.MinHashJaccard)
    {
        if (!parameters.Fits(store.Dimension))
            throw new ArgumentException($"signatures of {store.Dimension} bits do not have elements of {parameters.ElementBits} bits in {parameters.Bands} bands", nameof(parameters));
        Parameters = parameters;
        _keys = keys;
        _rows = rows;
        _count = count;
    }

    public override VectorIndexKind Kind => VectorIndexKind.MinHash;

    public override int Count => Math.Min(_count ?? int.MaxValue, Store.Count);

    public override long MemoryBytes => _keys.Sum(k => k.MemoryBytes) + _rows.Sum(r => r.MemoryBytes);

    public MinHashParameters Parameters { get; }

    /// <summary>The hashes of the rows' elements in a band, ascending.</summary>
    internal ReadOnlySpan<ulong> Keys(int band) => MemoryMarshal.Cast<byte, ulong>(_keys[band].Span);

    /// <summary>The rows in the order of <see cref="Keys"/>.</summary>
    internal ReadOnlySpan<int> Rows(int band) => MemoryMarshal.Cast<byte, int>(_rows[band].Span);

    private int ElementBytes => Parameters.ElementBits / 8;

    private int Elements => Store.Dimension / Parameters.ElementBits;

    /// <summary>Compares every row, those published since included; needs no building.</summary>
    /// <param name="count">Rows covered; null covers what the store holds at each search.</param>
    public static MinHashIndex Exact(VectorStore store, int elementBits, int? count = null) =>
        new(store, new MinHashParameters { ElementBits = elementBits, Bands = 0 }, count, [], []);

    /// <summary>Sorts the rows of a store that no longer changes into bands.</summary>
    /// <exception cref="ArgumentException">The rows are not binary, or cannot be cut so.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static MinHashIndex Build(VectorStore store, MinHashParameters parameters, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(parameters);
        if (!parameters.Fits(store.Dimension))
            throw new ArgumentException($"signatures of {store.Dimension} bits do not have elements of {parameters.ElementBits} bits in {parameters.Bands} bands", nameof(parameters));
        int rows = store.Count;
        var keys = new PinnedBuffer[parameters.Bands];
        var ordered = new PinnedBuffer[parameters.Bands];
        int bytes = store.RowBytes / Math.Max(1, parameters.Bands);
        for (int band = 0; band < parameters.Bands; band++)
        {
            cancellation.ThrowIfCancellationRequested();
            keys[band] = new PinnedBuffer((long)rows * sizeof(ulong));
            ordered[band] = new PinnedBuffer((long)rows * sizeof(int));
            Span<ulong> hashes = MemoryMarshal.Cast<byte, ulong>(keys[band].Span);
            Span<int> order = MemoryMarshal.Cast<byte, int>(ordered[band].Span);
            for (int row = 0; row < rows; row++)
            {
                hashes[row] = Hash(store.Row(row).Slice(band * bytes, bytes));
                order[row] = row;
            }

            hashes.Sort(order);
        }

        return new MinHashIndex(store, parameters, rows, keys, ordered);
    }

    public override void Search(
        ReadOnlySpan<byte> query, DataType queryType, in VectorSearchParameters parameters, RowFilter filter, TopK results)
    {
        QueryBytes(query, queryType, 1);
        if (queryType != DataType.BinaryVector)
            throw new ArgumentException($"a {Store.Type} field is not searched by a {queryType}", nameof(queryType));
        results.Reset(parameters.K, DistanceRange.FromScores(Metric, parameters.Radius, parameters.RangeFilter));
        int count = Count;
        if (Parameters.Bands == 0)
        {
            for (int row = 0; row < count; row++)
                Offer(query, row, filter, results);
        }
        else
        {
            OfferCandidates(query, filter, results, parameters.IsRangeSearch ? int.MaxValue : CandidatesFor(parameters));
        }

        results.Finish(Metric);
        GC.KeepAlive(this);
    }

    /// <summary>How many candidates are compared: those that agree with the query in the most bands.</summary>
    private static int CandidatesFor(in VectorSearchParameters parameters) => parameters.ComparesSignatures switch
    {
        true when parameters.RefineFactor is { } factor => (int)Math.Min(int.MaxValue, Math.Ceiling((double)parameters.K * factor)),
        false => parameters.K,
        _ => int.MaxValue,
    };

    private void OfferCandidates(ReadOnlySpan<byte> query, RowFilter filter, TopK results, int most)
    {
        MinHashScratch scratch = MinHashScratch.Pool.Rent();
        scratch.Begin(Count, counts: most < int.MaxValue);
        int bytes = Store.RowBytes / Parameters.Bands;
        for (int band = 0; band < _keys.Length; band++)
        {
            ulong key = Hash(query.Slice(band * bytes, bytes));
            ReadOnlySpan<ulong> keys = Keys(band);
            ReadOnlySpan<int> rows = Rows(band);
            for (int at = First(keys, key); at < keys.Length && keys[at] == key; at++)
            {
                int row = rows[at];
                if (scratch.Visit(row) && most == int.MaxValue)
                    Offer(query, row, filter, results);
            }
        }

        if (most < int.MaxValue)
        {
            foreach (int row in scratch.MostMet(most, filter))
                Offer(query, row, filter, results);
        }

        MinHashScratch.Pool.Return(scratch);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Offer(ReadOnlySpan<byte> query, int row, RowFilter filter, TopK results)
    {
        if (filter.Passes(row))
            results.Add(row, 0f - ((float)Equal(query, Store.Row(row)) / Elements));
    }

    /// <summary>Elements in which two signatures agree.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Equal(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        int equal = 0, bytes = ElementBytes;
        switch (bytes)
        {
            case 1:
                for (int i = 0; i < left.Length; i++)
                    equal += left[i] == right[i] ? 1 : 0;
                break;
            case 4:
                ReadOnlySpan<uint> ours = MemoryMarshal.Cast<byte, uint>(left);
                ReadOnlySpan<uint> theirs = MemoryMarshal.Cast<byte, uint>(right);
                for (int i = 0; i < ours.Length; i++)
                    equal += ours[i] == theirs[i] ? 1 : 0;
                break;
            default:
                for (int i = 0; i < left.Length; i += bytes)
                    equal += left.Slice(i, bytes).SequenceEqual(right.Slice(i, bytes)) ? 1 : 0;
                break;
        }

        return equal;
    }

    /// <summary>FNV-1a over words, mixed at the end: keys are persisted, so this is frozen.</summary>
    private static ulong Hash(ReadOnlySpan<byte> band)
    {
        ulong hash = 0xCBF2_9CE4_8422_2325UL;
        foreach (byte value in band)
            hash = (hash ^ value) * 0x0000_0100_0000_01B3UL;
        return hash ^ (hash >> 32);
    }

    private static int First(ReadOnlySpan<ulong> keys, ulong key)
    {
        int low = 0, high = keys.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (keys[middle] < key)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
