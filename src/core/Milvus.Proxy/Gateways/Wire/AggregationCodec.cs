using System.Collections.Immutable;
using Milvus.Expressions;
using Milvus.Model;
using Milvus.Segments;

namespace Milvus.Proxy.Wire;

/// <summary>The binary form of <see cref="ShardAggregation"/>; fields travel as ids and the filter as its source.</summary>
public static class ShardAggregationCodec
{
    /// <summary>Stands for no field: ids of fields are positive.</summary>
    private const long NoField = -1;

    public static ReadOnlyMemory<byte> Encode(ShardAggregation aggregation)
    {
        var output = WireFormat.Begin(WireKind.Aggregation, 256);
        WireFormat.WriteIds(output, [.. aggregation.GroupBy.Select(f => f.Id)]);
        ColumnCodec.WriteInt32(output, aggregation.Aggregates.Length);
        foreach (var (kind, field) in aggregation.Aggregates)
        {
            ColumnCodec.WriteByte(output, (byte)kind);
            ColumnCodec.WriteInt64(output, field?.Id ?? NoField);
        }
        ShardQueryCodec.Write(output, aggregation.Rows);
        return WireFormat.End(output);
    }

    /// <param name="schema">The collection's schema as the receiver knows it.</param>
    /// <param name="compile">As for <see cref="ShardQueryCodec.Decode"/>.</param>
    /// <exception cref="IntegrityException">Not an aggregation, or damaged.</exception>
    /// <exception cref="MilvusException">The receiver's schema lacks a field, or the filter does not fit it.</exception>
    public static ShardAggregation Decode(ReadOnlyMemory<byte> message, CollectionSchema schema, Func<FilterSource, FilterPlan> compile)
    {
        var input = WireFormat.Open(message, WireKind.Aggregation);
        var groups = WireFormat.ReadIds(ref input);
        var aggregates = ImmutableArray.CreateBuilder<Aggregate>(input.ReadCount(itemBytes: 9));
        for (var i = 0; i < aggregates.Capacity; i++)
        {
            var kind = (AggregateKind)input.ReadByte();
            if (kind > AggregateKind.Max) throw input.Damaged($"aggregate {(int)kind}");
            var field = input.ReadInt64();
            if (field == NoField != (kind == AggregateKind.CountRows)) throw input.Damaged($"aggregate {kind} of field {field}");
            aggregates.Add(new Aggregate(kind, field == NoField ? null : Find(schema, field)));
        }
        var rows = ShardQueryCodec.Read(ref input, schema, compile);
        WireFormat.Close(input);
        return new ShardAggregation { Rows = rows, GroupBy = [.. groups.Select(id => Find(schema, id))], Aggregates = aggregates.MoveToImmutable() };
    }

    private static FieldSchema Find(CollectionSchema schema, long id) =>
        schema.Find(id) ?? throw new MilvusException(ErrorCode.FieldNotFound, $"field not found[field={id}]");
}

/// <summary>The binary form of <see cref="GroupStates"/>.</summary>
public static class GroupStatesCodec
{
    public static ReadOnlyMemory<byte> Encode(GroupStates states)
    {
        var output = WireFormat.Begin(WireKind.GroupStates, 64 + states.Keys.Concat(states.States).Sum(ColumnCodec.EstimateSize));
        ColumnCodec.WriteInt32(output, states.GroupCount);
        WireFormat.WriteColumns(output, states.Keys);
        WireFormat.WriteColumns(output, states.States);
        return WireFormat.End(output);
    }

    /// <exception cref="IntegrityException">Not such states, or damaged.</exception>
    public static GroupStates Decode(ReadOnlyMemory<byte> message)
    {
        var input = WireFormat.Open(message, WireKind.GroupStates);
        var groups = input.ReadInt32();
        var states = new GroupStates(groups, WireFormat.ReadColumns(ref input, groups), WireFormat.ReadColumns(ref input, groups));
        WireFormat.Close(input);
        return states;
    }
}
