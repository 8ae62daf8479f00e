using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy.Wire;

/// <summary>The binary form of <see cref="ShardWrite"/>, for the way from a proxy to a shard channel.</summary>
public static class ShardWriteCodec
{
    public static ReadOnlyMemory<byte> Encode(ShardWrite write)
    {
        long size = 64;
        if (write.Deletes is { } keys) size += ColumnCodec.EstimateSize(keys.Column);
        foreach (var i in write.Inserts) size += 32 + ColumnCodec.EstimateSize(i.Rows);
        var output = WireFormat.Begin(WireKind.Write, size);
        WireFormat.WriteFlag(output, write.Deletes is not null);
        if (write.Deletes is { } deletes) ColumnCodec.Write(output, deletes.Column);
        WireFormat.WriteIds(output, write.DeletePartitions);
        ColumnCodec.WriteInt32(output, write.Inserts.Length);
        foreach (var i in write.Inserts)
        {
            ColumnCodec.WriteInt64(output, i.PartitionId);
            ColumnCodec.Write(output, i.Rows);
        }
        return WireFormat.End(output);
    }

    /// <param name="message">Vector columns of the result refer to these bytes.</param>
    /// <exception cref="IntegrityException">Not a write, or damaged.</exception>
    public static ShardWrite Decode(ReadOnlyMemory<byte> message)
    {
        var input = WireFormat.Open(message, WireKind.Write);
        PrimaryKeys? deletes = input.ReadFlag() ? WireFormat.ReadKeys(ref input) : null;
        var partitions = WireFormat.ReadIds(ref input);
        var inserts = ImmutableArray.CreateBuilder<PartitionRows>(input.ReadCount(itemBytes: 16));
        for (var i = 0; i < inserts.Capacity; i++)
        {
            var partition = input.ReadInt64();
            inserts.Add(new PartitionRows(partition, ColumnCodec.ReadBatch(ref input)));
        }
        WireFormat.Close(input);
        return new ShardWrite { Deletes = deletes, DeletePartitions = partitions, Inserts = inserts.MoveToImmutable() };
    }
}
