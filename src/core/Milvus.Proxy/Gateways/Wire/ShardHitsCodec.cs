using Milvus.Model;

namespace Milvus.Proxy.Wire;

/// <summary>The binary form of <see cref="ShardHits"/>.</summary>
public static class ShardHitsCodec
{
    public static ReadOnlyMemory<byte> Encode(ShardHits hits)
    {
        var size = (hits.Counts.Length * 4L) + (hits.Scores.Length * 24L) + ColumnCodec.EstimateSize(hits.Ids.Column);
        foreach (var values in hits.GroupValues) size += ColumnCodec.EstimateSize(values);
        var output = WireFormat.Begin(WireKind.Hits, size);
        WireFormat.WriteItems<int>(output, hits.Counts);
        WireFormat.WriteItems<float>(output, hits.Scores);
        WireFormat.WriteItems<RowReference>(output, hits.Rows);
        WireFormat.WriteItems<Timestamp>(output, hits.Timestamps);
        ColumnCodec.Write(output, hits.Ids.Column);
        WireFormat.WriteColumns(output, hits.GroupValues);
        ColumnCodec.WriteInt64(output, hits.Examined);
        // Behind everything else, so that nodes that do not know of elements read what has none.
        if (hits.Elements.Length > 0) WireFormat.WriteItems<int>(output, hits.Elements);
        return WireFormat.End(output);
    }

    /// <exception cref="IntegrityException">Not hits, or damaged.</exception>
    public static ShardHits Decode(ReadOnlyMemory<byte> message)
    {
        var input = WireFormat.Open(message, WireKind.Hits);
        var counts = WireFormat.ReadItems<int>(ref input);
        var scores = WireFormat.ReadItems<float>(ref input);
        var rows = WireFormat.ReadItems<RowReference>(ref input);
        var timestamps = WireFormat.ReadItems<Timestamp>(ref input);
        var ids = WireFormat.ReadKeys(ref input);
        var groups = WireFormat.ReadColumns(ref input, scores.Length);
        var examined = input.ReadInt64();
        int[] elements = input.AtEnd ? [] : WireFormat.ReadItems<int>(ref input);
        WireFormat.Close(input);
        long total = 0;
        foreach (var count in counts)
        {
            if (count < 0) throw input.Damaged($"{count} hits of a query");
            total += count;
        }
        if (total != scores.Length || rows.Length != scores.Length || timestamps.Length != scores.Length || ids.Count != scores.Length)
            throw input.Damaged($"lists of different lengths for {total} hits");
        if (elements.Length > 0 && elements.Length != scores.Length) throw input.Damaged($"{elements.Length} elements for {total} hits");
        return new ShardHits { Counts = counts, Scores = scores, Rows = rows, Timestamps = timestamps, Ids = ids, GroupValues = groups, Elements = elements, Examined = examined };
    }
}
