using System.Buffers;
using System.Collections.Immutable;
using Milvus.Expressions;
using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Proxy.Wire;

/// <summary>
/// The binary form of <see cref="ShardSearch"/>. Fields travel as ids and the filter as its source: the receiver makes them whole from its
/// own schema.
/// </summary>
public static class ShardSearchCodec
{
    public static ReadOnlyMemory<byte> Encode(ShardSearch search)
    {
        long size = 256;
        foreach (var row in search.Queries.Rows) size += 4 + row.Length;
        var output = WireFormat.Begin(WireKind.Search, size);
        ColumnCodec.WriteInt64(output, search.Field.Id);
        ColumnCodec.WriteByte(output, (byte)search.Metric);
        ColumnCodec.WriteInt32(output, search.K);
        WireFormat.WriteOptional(output, search.Radius);
        WireFormat.WriteOptional(output, search.RangeFilter);
        WireFormat.WriteIds(output, search.PartitionIds);
        WireFormat.WriteFlag(output, search.IgnoreGrowing);
        ColumnCodec.WriteInt64(output, (long)search.ExpireBefore.Value);
        GroupTargetsCodec.Write(output, search.GroupBy, search.OnlyGroups);
        ColumnCodec.WriteInt32(output, search.GroupSize);
        WireFormat.WriteFlag(output, search.StrictGroupSize);
        WireFormat.WriteFlag(output, search.Exhaustive);
        ColumnCodec.WriteInt32(output, search.IndexParams.Count);
        foreach (var (key, value) in search.IndexParams.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            ColumnCodec.WriteText(output, key);
            ColumnCodec.WriteText(output, value);
        }
        QueryVectorsCodec.Write(output, search.Queries);
        WireFormat.WriteFlag(output, search.Bm25 is not null);
        if (search.Bm25 is { } scoring) Bm25Codec.Write(output, scoring, search.Queries);
        WireFormat.WriteFlag(output, search.Filter is not null);
        if (search.Filter is { } filter) FilterSourceCodec.Write(output, filter.Source);
        return WireFormat.End(output);
    }

    /// <param name="message">The query vectors of the result refer to these bytes.</param>
    /// <param name="schema">The collection's schema as the receiver knows it.</param>
    /// <param name="compile">Makes the plan of a filter again; <see cref="FilterPlanCache"/> remembers them.</param>
    /// <exception cref="IntegrityException">Not a search, or damaged.</exception>
    /// <exception cref="MilvusException">The receiver's schema lacks a field, or the filter does not fit it.</exception>
    public static ShardSearch Decode(ReadOnlyMemory<byte> message, CollectionSchema schema, Func<FilterSource, FilterPlan> compile)
    {
        var input = WireFormat.Open(message, WireKind.Search);
        var field = WireFormat.ReadField(ref input, schema);
        var metric = input.ReadByte();
        if (metric > (byte)MetricType.MaxSimJaccard) throw input.Damaged($"metric {metric}");
        var k = input.ReadInt32();
        var radius = WireFormat.ReadOptional(ref input);
        var rangeFilter = WireFormat.ReadOptional(ref input);
        var partitions = WireFormat.ReadIds(ref input);
        var ignoreGrowing = input.ReadFlag();
        var expireBefore = new Timestamp((ulong)input.ReadInt64());
        var (groupBy, onlyGroups) = GroupTargetsCodec.Read(ref input, schema);
        var groupSize = input.ReadInt32();
        var strict = input.ReadFlag();
        var exhaustive = input.ReadFlag();
        if (k < 0 || groupSize < 1) throw input.Damaged($"{k} hits in groups of {groupSize}");
        var indexParams = ImmutableDictionary.CreateBuilder<string, string>();
        for (int i = 0, n = input.ReadCount(itemBytes: 8); i < n; i++)
        {
            var key = input.ReadText();
            indexParams[key] = input.ReadText();
        }
        var queries = QueryVectorsCodec.Read(ref input);
        var bm25 = input.ReadFlag() ? Bm25Codec.Read(ref input) : null;
        var source = input.ReadFlag() ? FilterSourceCodec.Read(ref input) : null;
        WireFormat.Close(input);
        return new ShardSearch
        {
            Field = field,
            Metric = (MetricType)metric,
            Queries = queries,
            K = k,
            IndexParams = indexParams.ToImmutable(),
            Radius = radius,
            RangeFilter = rangeFilter,
            Filter = source is null ? null : compile(source),
            PartitionIds = partitions,
            IgnoreGrowing = ignoreGrowing,
            ExpireBefore = expireBefore,
            GroupBy = groupBy,
            OnlyGroups = onlyGroups,
            GroupSize = groupSize,
            StrictGroupSize = strict,
            Bm25 = bm25,
            Exhaustive = exhaustive,
        };
    }
}

/// <summary>Query vectors inside a search.</summary>
internal static class QueryVectorsCodec
{
    // Lists of vectors travel under the type of their vectors plus this, as clients send them too.
    private const int Lists = 200;

    public static void Write(IBufferWriter<byte> output, QueryVectors queries)
    {
        ColumnCodec.WriteInt32(output, (int)queries.Type + (queries.AreLists ? Lists : 0));
        ColumnCodec.WriteInt32(output, queries.Rows.Length);
        foreach (var row in queries.Rows)
        {
            ColumnCodec.WriteInt32(output, row.Length);
            output.Write(row.Span);
        }
    }

    public static QueryVectors Read(ref ColumnReader input)
    {
        var kind = input.ReadInt32();
        var areLists = kind >= Lists + (int)DataType.BinaryVector;
        var type = (DataType)(areLists ? kind - Lists : kind);
        if (areLists && !type.IsDenseVector()) throw input.Damaged($"lists of type {(int)type}");
        if (!type.IsDenseVector() && type != DataType.SparseFloatVector) throw input.Damaged($"queries of type {(int)type}");
        var rows = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>(input.ReadCount(itemBytes: 4));
        for (var i = 0; i < rows.Capacity; i++)
        {
            var row = input.ReadBytes(input.ReadInt32());
            // Dense rows are laid one behind the other and sparse ones read as pairs, so neither may be ragged.
            var isRagged = type == DataType.SparseFloatVector ? row.Length % SparseRow.ElementBytes != 0 : i > 0 && !areLists && row.Length != rows[0].Length;
            if (isRagged) throw input.Damaged($"a query of {row.Length} bytes");
            rows.Add(row);
        }
        return new QueryVectors(type, rows.MoveToImmutable()) { AreLists = areLists };
    }
}
