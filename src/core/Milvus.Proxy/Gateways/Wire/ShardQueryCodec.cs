using System.Buffers;
using System.Collections.Immutable;
using Milvus.Expressions;
using Milvus.Model;

namespace Milvus.Proxy.Wire;

/// <summary>The binary form of <see cref="ShardQuery"/>; the filter travels as its source.</summary>
public static class ShardQueryCodec
{
    public static ReadOnlyMemory<byte> Encode(ShardQuery query)
    {
        var output = WireFormat.Begin(WireKind.Query, 128);
        Write(output, query);
        return WireFormat.End(output);
    }

    /// <summary>The query inside of another message.</summary>
    internal static void Write(IBufferWriter<byte> output, ShardQuery query)
    {
        WireFormat.WriteIds(output, query.PartitionIds);
        ColumnCodec.WriteInt64(output, (long)query.ExpireBefore.Value);
        WireFormat.WriteFlag(output, query.IgnoreGrowing);
        WireFormat.WriteFlag(output, query.Limit is not null);
        if (query.Limit is { } limit) ColumnCodec.WriteInt32(output, limit);
        ColumnCodec.WriteInt32(output, query.Order.Length);
        foreach (var key in query.Order)
        {
            ColumnCodec.WriteInt64(output, key.Field.Id);
            WireFormat.WriteFlag(output, key.Descending);
            WireFormat.WriteFlag(output, key.NullsFirst);
        }
        WireFormat.WriteFlag(output, query.Filter is not null);
        if (query.Filter is { } filter) FilterSourceCodec.Write(output, filter.Source);
    }

    /// <param name="schema">The collection's schema as the receiver knows it.</param>
    /// <param name="compile">Makes the plan of a filter again for the receiver's schema; <see cref="FilterPlanCache"/> remembers them.</param>
    /// <exception cref="IntegrityException">Not a query, or damaged.</exception>
    /// <exception cref="MilvusException">The receiver's schema lacks a field, or the filter does not fit it.</exception>
    public static ShardQuery Decode(ReadOnlyMemory<byte> message, CollectionSchema schema, Func<FilterSource, FilterPlan> compile)
    {
        var input = WireFormat.Open(message, WireKind.Query);
        var query = Read(ref input, schema, compile);
        WireFormat.Close(input);
        return query;
    }

    internal static ShardQuery Read(ref ColumnReader input, CollectionSchema schema, Func<FilterSource, FilterPlan> compile)
    {
        var partitions = WireFormat.ReadIds(ref input);
        var expireBefore = new Timestamp((ulong)input.ReadInt64());
        var ignoreGrowing = input.ReadFlag();
        int? limit = input.ReadFlag() ? input.ReadInt32() : null;
        if (limit < 0) throw input.Damaged($"a limit of {limit}");
        var order = ImmutableArray.CreateBuilder<SortKey>(input.ReadCount(itemBytes: 10));
        for (var i = 0; i < order.Capacity; i++) order.Add(new SortKey(WireFormat.ReadField(ref input, schema), input.ReadFlag(), input.ReadFlag()));
        var source = input.ReadFlag() ? FilterSourceCodec.Read(ref input) : null;
        return new ShardQuery
        {
            Filter = source is null ? null : compile(source),
            PartitionIds = partitions,
            ExpireBefore = expireBefore,
            IgnoreGrowing = ignoreGrowing,
            Limit = limit,
            Order = order.MoveToImmutable(),
        };
    }
}

/// <summary>The binary form of <see cref="ShardRows"/>.</summary>
public static class ShardRowsCodec
{
    public static ReadOnlyMemory<byte> Encode(ShardRows rows)
    {
        var output = WireFormat.Begin(WireKind.Rows, (rows.Rows.Length * 16L) + ColumnCodec.EstimateSize(rows.Ids.Column));
        WireFormat.WriteItems<RowReference>(output, rows.Rows);
        WireFormat.WriteItems<Timestamp>(output, rows.Timestamps);
        ColumnCodec.Write(output, rows.Ids.Column);
        WireFormat.WriteColumns(output, rows.OrderValues);
        return WireFormat.End(output);
    }

    /// <exception cref="IntegrityException">Not rows, or damaged.</exception>
    public static ShardRows Decode(ReadOnlyMemory<byte> message)
    {
        var input = WireFormat.Open(message, WireKind.Rows);
        var rows = WireFormat.ReadItems<RowReference>(ref input);
        var timestamps = WireFormat.ReadItems<Timestamp>(ref input);
        var ids = WireFormat.ReadKeys(ref input);
        var values = WireFormat.ReadColumns(ref input, rows.Length);
        WireFormat.Close(input);
        if (timestamps.Length != rows.Length || ids.Count != rows.Length) throw input.Damaged($"lists of different lengths for {rows.Length} rows");
        return new ShardRows { Rows = rows, Timestamps = timestamps, Ids = ids, OrderValues = values };
    }
}
