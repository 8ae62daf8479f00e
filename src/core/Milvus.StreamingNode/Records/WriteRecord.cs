using System.Buffers;
using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.StreamingNode;

/// <summary>Rows bound for one growing segment.</summary>
public readonly record struct SegmentRows(long PartitionId, long SegmentId, ColumnBatch Rows);

/// <summary>
/// What a shard channel logs for one <see cref="ShardWrite"/>: everything that applying needs, decided beforehand — the timestamp, and the
/// segment each row goes to. Applying the same record twice, or after a restart, gives the same state.
/// </summary>
public sealed record WriteRecord
{
    public required Timestamp Timestamp { get; init; }

    /// <summary>Keys whose rows inserted before <see cref="Timestamp"/> end here.</summary>
    public PrimaryKeys? Deletes { get; init; }

    /// <summary>Partitions in which the deletes apply; empty means all.</summary>
    public ImmutableArray<long> DeletePartitions { get; init; } = [];

    public ImmutableArray<SegmentRows> Inserts { get; init; } = [];
}

/// <summary>
/// The binary form of channel records. First byte: the format's version, frozen per version; second byte: the record kind. Checksums and
/// sequence numbers belong to the log that carries the records.
/// </summary>
public static class ChannelRecordCodec
{
    private const byte Version = 1;
    private const byte WriteKind = 1;

    public static ReadOnlyMemory<byte> Encode(WriteRecord record)
    {
        var output = new ArrayBufferWriter<byte>((int)Math.Min(EstimateSize(record), Array.MaxLength));
        Encode(record, output);
        return output.WrittenMemory;
    }

    /// <summary>Bytes that <see cref="Encode(WriteRecord, IBufferWriter{byte})"/> needs at most, for sizing buffers.</summary>
    public static long EstimateSize(WriteRecord record)
    {
        long size = 64;
        if (record.Deletes is { } keys) size += ColumnCodec.EstimateSize(keys.Column) + (record.DeletePartitions.Length * sizeof(long));
        foreach (var i in record.Inserts) size += 32 + ColumnCodec.EstimateSize(i.Rows);
        return size;
    }

    public static void Encode(WriteRecord record, IBufferWriter<byte> output)
    {
        output.GetSpan(2)[0] = Version;
        output.GetSpan(2)[1] = WriteKind;
        output.Advance(2);
        ColumnCodec.WriteInt64(output, (long)record.Timestamp.Value);
        ColumnCodec.WriteInt32(output, record.Deletes is null ? 0 : 1);
        if (record.Deletes is { } deletes)
        {
            ColumnCodec.Write(output, deletes.Column);
            ColumnCodec.WriteInt32(output, record.DeletePartitions.Length);
            foreach (var p in record.DeletePartitions) ColumnCodec.WriteInt64(output, p);
        }
        ColumnCodec.WriteInt32(output, record.Inserts.Length);
        foreach (var i in record.Inserts)
        {
            ColumnCodec.WriteInt64(output, i.PartitionId);
            ColumnCodec.WriteInt64(output, i.SegmentId);
            ColumnCodec.Write(output, i.Rows);
        }
    }

    /// <param name="payload">One record's bytes; vector columns of the result refer to them.</param>
    /// <param name="source">Named by the error: the channel and the record's sequence.</param>
    /// <exception cref="IntegrityException">The bytes are not a record of a known version.</exception>
    public static WriteRecord Decode(ReadOnlyMemory<byte> payload, string source)
    {
        var input = new ColumnReader(payload, source);
        var version = input.ReadByte();
        if (version != Version) throw input.Damaged($"record version {version} is not known to this server");
        var kind = input.ReadByte();
        if (kind != WriteKind) throw input.Damaged($"record kind {kind} is not known to this server");
        var timestamp = new Timestamp((ulong)input.ReadInt64());
        PrimaryKeys? deletes = null;
        ImmutableArray<long> deletePartitions = [];
        if (input.ReadInt32() != 0)
        {
            var column = ColumnCodec.Read(ref input);
            if (column.Type is not (DataType.Int64 or DataType.VarChar)) throw input.Damaged($"keys of type {column.Type}");
            deletes = new PrimaryKeys(column);
            var partitions = ImmutableArray.CreateBuilder<long>();
            for (int i = 0, n = input.ReadInt32(); i < n; i++) partitions.Add(input.ReadInt64());
            deletePartitions = partitions.ToImmutable();
        }
        var inserts = ImmutableArray.CreateBuilder<SegmentRows>();
        for (int i = 0, n = input.ReadInt32(); i < n; i++)
        {
            var partition = input.ReadInt64();
            var segment = input.ReadInt64();
            inserts.Add(new SegmentRows(partition, segment, ColumnCodec.ReadBatch(ref input)));
        }
        if (!input.AtEnd) throw input.Damaged("bytes after the end of the record");
        return new WriteRecord { Timestamp = timestamp, Deletes = deletes, DeletePartitions = deletePartitions, Inserts = inserts.ToImmutable() };
    }
}
