using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.StreamingNode.Tests;

/// <summary>A small schema, rows and writes in few words.</summary>
internal static class Given
{
    public const long Key = 100;
    public const long Stamp = 101;
    public const long Vector = 102;
    public const long PartitionA = 11;
    public const long PartitionB = 12;

    public static readonly ShardId Shard = new(7, 0);

    public static CollectionSchema Schema { get; } = new(
    [
        new FieldSchema { Id = Key, Name = "key", Type = DataType.Int64, IsPrimaryKey = true },
        new FieldSchema { Id = Stamp, Name = "stamp", Type = DataType.Int64 },
        new FieldSchema { Id = Vector, Name = "vector", Type = DataType.FloatVector, TypeParams = [new Property("dim", "2")] },
    ]);

    public static ChannelContext Context { get; } = new(Schema, [PartitionA, PartitionB], Timestamp.Zero);

    public static ShardChannel Channel(ITimestampOracle oracle, ChannelOptions? options = null, ChannelCheckpoint? checkpoint = null, ChannelContext? context = null) =>
        new(Shard, context ?? Context, oracle, options ?? ChannelOptions.Default, checkpoint);

    public static ColumnBatch Rows(params (long Key, long Stamp)[] rows)
    {
        var vectors = MemoryMarshal.AsBytes<float>(rows.SelectMany(r => new float[] { r.Stamp, -r.Stamp }).ToArray()).ToArray();
        return new ColumnBatch(rows.Length,
        [
            new FieldColumn(Key, new FixedColumn<long>(DataType.Int64, rows.Select(r => r.Key).ToArray())),
            new FieldColumn(Stamp, new FixedColumn<long>(DataType.Int64, rows.Select(r => r.Stamp).ToArray())),
            new FieldColumn(Vector, new VectorColumn(DataType.FloatVector, 2, vectors)),
        ]);
    }

    public static ShardWrite Insert(long partition, params (long Key, long Stamp)[] rows) => new() { Inserts = [new PartitionRows(partition, Rows(rows))] };

    public static ShardWrite Delete(params long[] keys) => new() { Deletes = PrimaryKeys.Of(keys) };

    public static ShardWrite DeleteIn(long partition, params long[] keys) => new() { Deletes = PrimaryKeys.Of(keys), DeletePartitions = [partition] };

    public static ShardWrite Upsert(long partition, params (long Key, long Stamp)[] rows) =>
        new() { Deletes = PrimaryKeys.Of([.. rows.Select(r => r.Key)]), Inserts = [new PartitionRows(partition, Rows(rows))] };

    /// <summary>Prepares and applies, as a driver with a perfect log would.</summary>
    public static WriteRecord Write(this ShardChannel channel, ShardWrite write)
    {
        var outcome = channel.Prepare([write])[0];
        Assert.Null(outcome.Rejection);
        channel.Apply(channel.AppliedSequence + 1, outcome.Record!);
        return outcome.Record!;
    }
}

/// <summary>Timestamps and ids that count up.</summary>
internal sealed class CountingOracle(ulong start = 1000) : ITimestampOracle
{
    private ulong _timestamp = start;
    private long _id = 100;

    public Timestamp Current => new(_timestamp);

    public Timestamp Next() => new(++_timestamp);

    public long NextIds(int count = 1)
    {
        var first = _id + 1;
        _id += count;
        return first;
    }
}
