using System.Buffers.Binary;

namespace Milvus.Text.Bm25;

/// <summary>
/// The statistics of a whole collection as far as one query needs them: small enough to travel to every segment, so that scores do not
/// depend on how rows are spread over segments and shards.
/// </summary>
/// <param name="DocumentCount">Rows of the collection.</param>
/// <param name="TokenCount">Tokens of all rows.</param>
/// <param name="Terms">The query's term hashes, ascending.</param>
/// <param name="DocumentFrequencies">Rows that contain each term.</param>
public sealed record Bm25QueryStatistics(long DocumentCount, long TokenCount, uint[] Terms, long[] DocumentFrequencies)
{
    /// <summary>Mean tokens per row; 1 when there are none, so that no formula divides by zero.</summary>
    public double AverageLength => DocumentCount > 0 && TokenCount > 0 ? (double)TokenCount / DocumentCount : 1;

    /// <summary>Reads the numbers of a query's terms from every part of a collection or shard.</summary>
    /// <param name="queryRow">The query as a valid sparse row.</param>
    public static Bm25QueryStatistics Collect(ReadOnlySpan<byte> queryRow, IEnumerable<IBm25Statistics> parts)
    {
        var terms = new uint[queryRow.Length / 8];
        for (int i = 0; i < terms.Length; i++)
            terms[i] = BinaryPrimitives.ReadUInt32LittleEndian(queryRow[(8 * i)..]);
        var frequencies = new long[terms.Length];
        long documents = 0, tokens = 0;
        foreach (IBm25Statistics part in parts)
            part.AddTo(terms, frequencies, ref documents, ref tokens);
        return new Bm25QueryStatistics(documents, tokens, terms, frequencies);
    }

    /// <summary>Adds up what several shards collected for the same query.</summary>
    /// <exception cref="ArgumentException">The parts are not about the same terms.</exception>
    public static Bm25QueryStatistics Merge(IReadOnlyList<Bm25QueryStatistics> parts)
    {
        if (parts.Count == 0)
            return new Bm25QueryStatistics(0, 0, [], []);
        var frequencies = new long[parts[0].Terms.Length];
        foreach (Bm25QueryStatistics part in parts)
        {
            if (!part.Terms.AsSpan().SequenceEqual(parts[0].Terms))
                throw new ArgumentException("statistics of different queries", nameof(parts));
            for (int i = 0; i < frequencies.Length; i++)
                frequencies[i] += part.DocumentFrequencies[i];
        }
        return new Bm25QueryStatistics(parts.Sum(part => part.DocumentCount), parts.Sum(part => part.TokenCount), parts[0].Terms, frequencies);
    }

    /// <summary>Rows that contain a term of the query; 0 for other terms.</summary>
    public long DocumentFrequency(uint term) => Array.BinarySearch(Terms, term) is >= 0 and int at ? DocumentFrequencies[at] : 0;
}
