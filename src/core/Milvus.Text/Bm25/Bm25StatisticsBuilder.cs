using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Milvus.Text.Bm25;

/// <summary>
/// Statistics that follow rows as they come and go: a growing segment's, or a sum over segments. Safe for any number of threads; each
/// call takes one short lock.
/// </summary>
public sealed class Bm25StatisticsBuilder : IBm25Statistics
{
    private readonly Lock _gate = new();
    private readonly Dictionary<uint, long> _frequencies = [];
    private long _documents;
    private long _tokens;

    public long DocumentCount => Volatile.Read(ref _documents);

    public long TokenCount => Volatile.Read(ref _tokens);

    /// <summary>Counts one row in.</summary>
    /// <param name="row">A valid sparse row of term frequencies.</param>
    public void Add(ReadOnlySpan<byte> row)
    {
        lock (_gate)
            Count(row, 1);
    }

    /// <summary>Takes out a row that was counted in before.</summary>
    public void Remove(ReadOnlySpan<byte> row)
    {
        lock (_gate)
            Count(row, -1);
    }

    /// <summary>Counts in all rows of another part.</summary>
    public void Add(Bm25Statistics part) => Merge(part, 1);

    /// <summary>Takes out all rows of a part that was counted in before.</summary>
    public void Remove(Bm25Statistics part) => Merge(part, -1);

    public void AddTo(ReadOnlySpan<uint> terms, Span<long> documentFrequencies, ref long documents, ref long tokens)
    {
        lock (_gate)
        {
            documents += _documents;
            tokens += _tokens;
            for (int i = 0; i < terms.Length; i++)
                documentFrequencies[i] += _frequencies.GetValueOrDefault(terms[i]);
        }
    }

    /// <summary>The numbers as they are now.</summary>
    public Bm25Statistics Build()
    {
        lock (_gate)
        {
            uint[] terms = [.. _frequencies.Keys];
            long[] frequencies = [.. _frequencies.Values];
            Array.Sort(terms, frequencies);
            return new Bm25Statistics(_documents, _tokens, terms, frequencies);
        }
    }

    private void Merge(Bm25Statistics part, int sign)
    {
        lock (_gate)
        {
            _documents += sign * part.DocumentCount;
            _tokens += sign * part.TokenCount;
            for (int i = 0; i < part.Terms.Length; i++)
                AddFrequency(part.Terms[i], sign * part.Frequencies[i]);
        }
    }

    private void Count(ReadOnlySpan<byte> row, int sign)
    {
        double tokens = 0;
        for (int at = 0; at + 8 <= row.Length; at += 8)
        {
            tokens += BinaryPrimitives.ReadSingleLittleEndian(row[(at + 4)..]);
            AddFrequency(BinaryPrimitives.ReadUInt32LittleEndian(row[at..]), sign);
        }
        _documents += sign;
        _tokens += sign * (long)tokens;
    }

    private void AddFrequency(uint term, long change)
    {
        ref long frequency = ref CollectionsMarshal.GetValueRefOrAddDefault(_frequencies, term, out _);
        frequency += change;
        if (frequency == 0)
            _frequencies.Remove(term);
    }
}
