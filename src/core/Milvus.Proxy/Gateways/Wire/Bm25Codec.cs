using System.Buffers;
using Milvus.Model;
using Milvus.Text.Bm25;
using Milvus.Vectors;

namespace Milvus.Proxy.Wire;

/// <summary>The binary form of what a shard knows about the terms of a BM25 query.</summary>
public static class Bm25QueryStatisticsCodec
{
    public static ReadOnlyMemory<byte> Encode(Bm25QueryStatistics statistics)
    {
        var output = WireFormat.Begin(WireKind.TermStatistics, 16 + (statistics.Terms.Length * 12L));
        ColumnCodec.WriteInt64(output, statistics.DocumentCount);
        ColumnCodec.WriteInt64(output, statistics.TokenCount);
        WireFormat.WriteItems<uint>(output, statistics.Terms);
        WireFormat.WriteItems<long>(output, statistics.DocumentFrequencies);
        return WireFormat.End(output);
    }

    /// <exception cref="IntegrityException">Not such statistics, or damaged.</exception>
    public static Bm25QueryStatistics Decode(ReadOnlyMemory<byte> message)
    {
        var input = WireFormat.Open(message, WireKind.TermStatistics);
        var documents = input.ReadInt64();
        var tokens = input.ReadInt64();
        var terms = WireFormat.ReadItems<uint>(ref input);
        var frequencies = WireFormat.ReadItems<long>(ref input);
        if (terms.Length != frequencies.Length) throw input.Damaged($"{terms.Length} terms and {frequencies.Length} frequencies");
        WireFormat.Close(input);
        return new Bm25QueryStatistics(documents, tokens, terms, frequencies);
    }
}

/// <summary>Scoring inside a search: the function from terms to frequencies becomes a table of the terms that its queries have.</summary>
internal static class Bm25Codec
{
    public static void Write(IBufferWriter<byte> output, Bm25Scoring scoring, QueryVectors queries)
    {
        var terms = new SortedSet<uint>();
        foreach (var row in queries.Rows)
            foreach (var element in SparseRow.Elements(row.Span)) terms.Add(element.Index);
        ColumnCodec.WriteInt64(output, scoring.DocumentCount);
        WireFormat.WriteDouble(output, scoring.AverageLength);
        WireFormat.WriteDouble(output, scoring.K1);
        WireFormat.WriteDouble(output, scoring.B);
        WireFormat.WriteItems<uint>(output, terms.ToArray());
        WireFormat.WriteItems<long>(output, terms.Select(scoring.DocumentFrequency).ToArray());
    }

    public static Bm25Scoring Read(ref ColumnReader input)
    {
        var documents = input.ReadInt64();
        var length = WireFormat.ReadDouble(ref input);
        var k1 = WireFormat.ReadDouble(ref input);
        var b = WireFormat.ReadDouble(ref input);
        var terms = WireFormat.ReadItems<uint>(ref input);
        var frequencies = WireFormat.ReadItems<long>(ref input);
        if (terms.Length != frequencies.Length) throw input.Damaged($"{terms.Length} terms and {frequencies.Length} frequencies");
        var statistics = new Bm25QueryStatistics(documents, 0, terms, frequencies);
        return new Bm25Scoring(documents, length, statistics.DocumentFrequency) { K1 = (float)k1, B = (float)b };
    }
}
